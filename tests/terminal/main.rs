//! The live view in real terminals: tmux draws what we write, and tells what stands there.

#![expect(clippy::unwrap_used, reason = "a panic of a test's helper is a failed test")]

#[expect(dead_code, reason = "each test program needs a part of it")]
#[path = "../support/mod.rs"]
mod support;

mod elsewhere;
mod pane;

use pane::Pane;

const TREE: &str = "
name: demo
steps:
  - id: first
    name: Check the tools
    uses: exec.run
    with: {argv: ['true']}
  - id: place
    foreach: \"['a', '東京']\"
    as: place
    steps:
      - id: up
        uses: exec.run
        with: {script: \"echo booting {{place}}; printf '\\\\033[2J\\\\033[31mred\\\\033[0m 10%%\\\\r20%%\\\\n'; echo '{\\\"done\\\":3,\\\"total\\\":10,\\\"message\\\":\\\"nodes\\\"}' >>$RUNNER_PROGRESS; cat gate\"}
      - {id: check, uses: exec.run, with: {argv: ['true']}}
  - {id: last, uses: exec.run, with: {argv: ['true']}}
";

/// The lines without what a clock decides.
fn timeless(screen: &str) -> Vec<String> {
    let time = regex::Regex::new(r" +\d+(\.\d)?s").unwrap();
    let spinner = regex::Regex::new("[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]").unwrap();
    let lines = screen.lines().map(|line| {
        let line = time.replace_all(line, " TIME");
        spinner.replace_all(&line, "*").trim_end().to_owned()
    });
    lines.filter(|line| !line.is_empty()).collect()
}

#[test]
fn the_tree_shows_what_runs_and_folds_what_is_done() {
    let Some(pane) = Pane::open(80, 24) else { return };
    pane.project.workflow("demo", TREE);
    pane.fifo("gate");
    pane.begin(&["run", "demo"]);
    let screen = pane.await_text("20%", 2);
    let expected = [
        "* demo  1/3 steps · TIME",
        "✓ first TIME  Check the tools",
        "▾ place TIME  ━╌ 0/2 · 2 active",
        "  ▾ a TIME  0/2",
        "    * up TIME  ━━━╌╌╌╌╌╌╌ 3/10 · nodes",
        "      │ booting a",
        "      │ 20%",
        "    · check",
        "  ▾ 東京 TIME  0/2",
        "    * up TIME  ━━━╌╌╌╌╌╌╌ 3/10 · nodes",
        "      │ booting 東京",
        "      │ 20%",
        "    · check",
        "· last",
    ];
    let shown: Vec<_> = timeless(&screen).iter().map(|line| line.replace("╌╌╌╌╌╌╌╌╌╌ 0/2", "━╌ 0/2")).collect();
    assert_eq!(shown, expected);
    let screen = pane.open_gate("gate", "exit 0");
    let expected = [
        "✓ first TIME  Check the tools",
        "✓ place TIME  2/2",
        "✓ last TIME",
        "✓ demo succeeded  3/3 steps · TIME",
        "exit 0",
    ];
    assert_eq!(timeless(&screen), expected);
}

#[test]
fn forty_columns_and_five_hundred_items_at_once_are_drawn() {
    let Some(pane) = Pane::open(40, 15) else { return };
    let keys: Vec<_> = (0..500).map(|number| format!("'item-{number}-of-many'")).collect();
    let inputs = format!("keys: {{type: array, items: string, default: [{}]}}", keys.join(", "));
    let step = "{id: many, foreach: inputs.keys, uses: exec.run, with: {argv: [cat, gate]}}";
    pane.project.workflow("demo", &format!("name: demo\ninputs:\n  {inputs}\nsteps:\n  - {step}\n"));
    pane.fifo("gate");
    pane.begin(&["run", "demo", "--parallel", "500"]);
    let screen = pane.await_text("0/500 · 500", 1);
    assert!(screen.contains("more items"), "{screen}");
    assert!(screen.starts_with(|first: char| "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏".contains(first)), "the head line stands on top: {screen}");
    pane.open_gate("gate", "exit 0");
    let expected = ["✓ many TIME  500/500", "✓ demo succeeded  1/1 step · TIME", "exit 0"];
    assert_eq!(timeless(&pane.history()), expected, "nothing of the pictures before stays");
}

#[test]
fn a_window_that_changes_its_size_leaves_nothing_behind() {
    let Some(pane) = Pane::open(80, 24) else { return };
    pane.project.workflow("demo", TREE);
    pane.fifo("gate");
    pane.begin(&["run", "demo"]);
    pane.await_text("20%", 2);
    for columns in [40, 30, 100, 50] {
        pane.resize(columns, 24);
        pane.await_settled();
    }
    // What a lower window pushes out at its top nobody can take back; but the next picture is whole.
    for lines in [12, 5] {
        pane.resize(50, lines);
        pane.await_settled();
        assert!(pane.screen().lines().count() <= lines.into());
    }
    pane.open_gate("gate", "exit 0");
    let expected = [
        "✓ first TIME  Check the tools",
        "✓ place TIME  2/2",
        "✓ last TIME",
        "✓ demo succeeded  3/3 steps · TIME",
        "exit 0",
    ];
    assert_eq!(timeless(&pane.screen()), expected[1..]);
}

#[test]
fn control_c_stops_tells_how_to_go_on_and_its_echo_does_no_harm() {
    let Some(pane) = Pane::open(80, 24) else { return };
    pane.project.workflow("demo", TREE);
    pane.fifo("gate");
    pane.begin(&["run", "demo"]);
    pane.await_text("20%", 2);
    pane.keys("C-c");
    let screen = pane.await_text("exit 130", 1);
    let run = pane.project.runs().pop().unwrap();
    assert!(screen.contains(&format!("resume: runner resume {run}")), "{screen}");
    assert!(screen.contains("⊘ demo interrupted  1/3 steps"), "{screen}");
    assert_eq!(screen.matches("demo").count(), 2, "the head line and the command: {screen}");
    let shown = pane.project.run(&["show"]);
    // Only the bar may be longer where there is more room.
    let bar = regex::Regex::new("[━╌]+").unwrap();
    let bare =
        |text: &str| text.lines().map(|line| bar.replace(line.trim_end(), "bar").into_owned()).collect::<Vec<_>>();
    let shown = bare(&shown.stdout);
    let mut drawn = bare(&screen);
    drawn.retain(|line| !line.is_empty() && line != "exit 130");
    assert_eq!(shown, drawn, "a run that is over looks as it did");
}

#[test]
fn the_time_left_is_learned_from_an_earlier_run() {
    let Some(pane) = Pane::open(80, 24) else { return };
    let script = "if [ -e slow ]; then cat gate; else sleep 1; fi";
    pane.project.workflow("demo", &format!("steps: [{{id: a, uses: exec.run, with: {{script: '{script}'}}}}]"));
    pane.project.run(&["run", "demo"]).expect(0);
    pane.fifo("gate");
    pane.project.write("slow", "");
    pane.begin(&["run", "demo"]);
    pane.await_text(" · about 1s left", 1);
    pane.open_gate("gate", "exit 0");
}

#[test]
fn where_colours_are_not_wanted_there_is_no_escape_at_all() {
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let Some(mut pane) = Pane::open(80, 24) else { return };
        pane.project.env(variable.0, variable.1);
        pane.project.workflow("demo", "steps: [{id: a, uses: exec.run, with: {argv: ['true']}}]");
        pane.begin(&["run", "demo"]);
        pane.await_text("exit 0", 1);
        let written = pane.written();
        assert!(written.contains("a: done"), "{written}");
        assert!(!written.contains('\u{1b}'), "{variable:?}: {written:?}");
    }
}

#[test]
fn a_secret_that_was_not_written_down_is_asked_for_and_not_shown() {
    let Some(pane) = Pane::open(80, 24) else { return };
    pane.project.workflow(
        "demo",
        "inputs: {token: {type: secret}}\nsteps: [{id: a, uses: exec.run, with: {script: 'cat gate; printf %s \"$T\" | sha256sum >seen', env: {T: '{{inputs.token}}'}}}]",
    );
    pane.project.run(&["run", "demo", "--input", "token=wrong-horse"]).expect(20);
    pane.project.write("gate", "");
    pane.begin(&["resume"]);
    pane.await_text("the secret input `token`", 1);
    pane.keys("right-horse");
    pane.keys("Enter");
    let screen = pane.await_text("exit 0", 1);
    assert!(!screen.contains("right-horse"), "{screen}");
    assert!(pane.project.read("seen").starts_with("536be6d0991a"), "{}", pane.project.read("seen"));
}

#[test]
fn a_person_is_asked_below_the_picture_while_the_rest_goes_on() {
    let Some(pane) = Pane::open(80, 24) else { return };
    pane.project.workflow(
        "demo",
        "
name: demo
steps:
  - id: release
    uses: approval.wait
    with: {message: 'Release it?', inputs: {region: {enum: [east, west]}, percent: {type: integer, default: 10}}}
  - {id: drop, confirm: 'Drop the old one?', uses: exec.run, with: {script: 'echo {{steps.release.outputs.inputs.region}} {{steps.release.outputs.inputs.percent}} >done'}}
  - {id: beside, needs: [], uses: exec.run, with: {script: 'echo beside >beside; cat gate'}}
",
    );
    pane.fifo("gate");
    pane.begin(&["run", "demo"]);
    pane.await_text("release: Release it?", 1);
    crate::support::await_that("the other step", || !pane.project.read("beside").is_empty());
    for (asked, keys) in [
        ("approve, reject, or decide later? [a/r/L]", "a"),
        ("percent=integer [10]:", ""),
        ("region=east|west:", "north"),
        ("not one of `east`, `west`", "west"),
        ("comment (may be empty):", ""),
        ("drop: Drop the old one?", "y"),
    ] {
        pane.await_text(asked, 1);
        if !keys.is_empty() {
            pane.keys(keys);
        }
        pane.keys("Enter");
    }
    crate::support::await_that("what was asked for", || pane.project.read("done") == "west 10\n");
    let screen = pane.open_gate("gate", "exit 0");
    assert!(timeless(&screen).contains(&"✓ demo succeeded  3/3 steps · TIME".to_owned()), "{screen}");
}
