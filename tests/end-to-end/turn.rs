//! Runs, and callees of one run, that want the same concurrency group: who waits, for whom, and in which order.

use rustix::process::Signal;

use crate::project;
use crate::support::{Journal, Life, Project, await_that};

/// A run in the group `deploy` that says who it is and goes on until `go` is there; no two are at work at the same time.
fn exclusive(rule: &str) -> Project {
    project(&format!(
        "
inputs: {{n: {{type: integer}}}}
concurrency: {{group: deploy, {rule}}}
steps:
  - id: a
    uses: exec.run
    grace: 5s
    with: {{script: 'mkdir alone || echo x >>beside; echo {{{{inputs.n}}}} >>begun; trap \"rmdir alone; exit 1\" TERM; while [ ! -e go ]; do sleep 0.02; done; rmdir alone'}}
finally: [{{id: last, uses: exec.run, with: {{script: 'echo {{{{inputs.n}}}} >>last'}}}}]
"
    ))
}

fn run(project: &Project, n: usize) -> Life {
    project.spawn(&["run", "w", "--input", &format!("n={n}")])
}

/// Those who stand in line now.
fn line(project: &Project) -> usize {
    let locks = std::fs::read_dir(project.base().join("state/runner/locks")).into_iter().flatten().flatten();
    let queues = locks.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|of| of == "queue"));
    let tickets = queues.flat_map(|queue| std::fs::read_dir(queue).into_iter().flatten().flatten());
    tickets.filter(|ticket| ticket.file_name().to_str().is_some_and(|name| name.parse::<u64>().is_ok())).count()
}

/// Ten runs: the first is at work, each of the others came when the one before it had a place in the line.
fn ten(project: &Project) -> Vec<Life> {
    let mut lives = vec![run(project, 0)];
    project.await_file("begun");
    for n in 1..10 {
        lives.push(run(project, n));
        await_that("a place in the line", || line(project) == n);
    }
    lives
}

fn in_order() -> String {
    "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n".to_owned()
}

#[test]
fn ten_runs_that_wait_are_served_in_the_order_in_which_they_came() {
    let project = exclusive("when_busy: wait");
    let lives = ten(&project);
    for reader in [&["runs"][..], &["status"], &["list"], &["logs"]] {
        project.run(reader).expect(0);
    }
    project.write("go", "");
    for life in lives {
        project.run(&["runs"]).expect(0);
        life.end().expect(0);
    }
    assert_eq!((project.read("begun"), project.read("beside")), (in_order(), String::new()));
    assert_eq!((project.read("last"), line(&project)), (in_order(), 0));
    project.await_silence();
}

#[test]
fn of_ten_runs_that_do_not_wait_one_is_served_and_the_others_are_told_by_whom() {
    let project = exclusive("when_busy: fail");
    let mut lives: Vec<_> = (0..10).map(|n| run(&project, n)).collect();
    await_that("nine refusals", || lives.iter_mut().filter_map(|life| life.is_alive().then_some(())).count() == 1);
    project.await_file("begun");
    project.write("go", "");
    let ends: Vec<_> = lives.into_iter().map(Life::end).collect();
    let refused: Vec<_> = ends.iter().filter(|ended| ended.code == 31).collect();
    assert_eq!((refused.len(), project.read("begun").lines().count()), (9, 1));
    assert!(refused.iter().all(|ended| ended.stderr.contains("held by process")), "{}", refused[0]);
    assert_eq!(project.read("beside"), "");
    project.await_silence();
}

#[test]
fn each_of_ten_runs_that_replace_asks_the_one_before_it_to_stop_and_waits_for_its_end() {
    let project = exclusive("when_busy: replace");
    let mut lives = vec![run(&project, 0)];
    project.await_file("begun");
    for n in 1..10 {
        lives.push(run(&project, n));
        await_that("its turn", || project.read("begun").lines().count() == n + 1);
    }
    project.write("go", "");
    let codes: Vec<_> = lives.into_iter().map(|life| life.end().code).collect();
    assert_eq!(codes, [vec![130; 9], vec![0]].concat());
    assert_eq!((project.read("begun"), project.read("beside")), (in_order(), String::new()));
    assert_eq!(project.read("last"), "9\n", "a run that was interrupted is not over");
    project.await_silence();
}

#[test]
fn who_waits_longer_than_within_is_busy_and_out_of_the_line() {
    let project = exclusive("when_busy: wait, within: 300ms");
    let life = run(&project, 0);
    project.await_file("begun");
    let ended = run(&project, 1).end().expect(31);
    assert!(ended.stderr.contains("after 300ms of waiting the concurrency group `deploy` is busy: held by"), "{ended}");
    assert!(ended.stderr.contains(&life.pid().to_string()), "{ended}");
    let third = run(&project, 2);
    await_that("a place in the line", || line(&project) > 0);
    project.write("go", "");
    life.end().expect(0);
    third.end().expect(0);
    assert_eq!(project.read("begun"), "0\n2\n");
}

#[test]
fn who_waits_and_dies_is_passed_over_and_who_is_interrupted_has_done_nothing() {
    let project = exclusive("when_busy: wait");
    let mut lives = ten(&project);
    lives.remove(3).kill();
    let fourth = lives.remove(3);
    fourth.signal(Signal::INT);
    fourth.end().expect(130);
    project.write("go", "");
    for life in lives {
        life.end().expect(0);
    }
    assert_eq!(project.read("begun"), "0\n1\n2\n5\n6\n7\n8\n9\n");
    assert_eq!((project.read("beside"), line(&project)), (String::new(), 0));
}

#[test]
fn a_killed_run_holds_its_group_until_its_processes_end_and_its_resume_need_not_stand_in_line() {
    let project = exclusive("when_busy: wait");
    let first = run(&project, 0);
    project.await_file("begun");
    let id = project.runs()[0].clone();
    let second = run(&project, 1);
    await_that("a place in the line", || line(&project) == 1);
    first.kill();
    let resumed = project.spawn(&["resume", &id]);
    let journal = project.path().join(".runner/runs").join(&id);
    await_that("the second life", || Journal::read(&journal).of("life_started").count() == 2);
    project.write("go", "");
    resumed.end().expect(0);
    second.end().expect(0);
    assert_eq!((project.read("begun").as_str(), project.read("beside").as_str()), ("0\n1\n", ""));
    assert_eq!(project.read("last"), "0\n1\n");
}

#[test]
fn an_interrupted_run_takes_its_group_again_when_its_turn_comes_and_a_cancel_frees_it() {
    let project = exclusive("when_busy: wait");
    let first = run(&project, 0);
    project.await_file("begun");
    let id = project.runs()[0].clone();
    first.signal(Signal::INT);
    first.end().expect(130);
    let second = run(&project, 1);
    await_that("the second one's turn", || project.read("begun").lines().count() == 2);
    let resumed = project.spawn(&["resume", &id, "--repeat", "a"]);
    await_that("a place in the line", || line(&project) == 1);
    let newest = project.runs()[1].clone();
    project.run(&["cancel", &newest]).expect(0);
    second.end().expect(130);
    project.write("go", "");
    resumed.end().expect(0);
    assert_eq!((project.read("begun").as_str(), project.read("beside").as_str()), ("0\n1\n0\n", ""));
    assert_eq!(project.read("last"), "1\n0\n");
    project.await_silence();
}

/// A workflow that calls `callee` three times at once, which holds a group.
fn calling(rule: &str) -> Project {
    let project = project(
        "
steps:
  - {id: a, needs: [], run: ./callee.yaml, with: {n: 0}}
  - {id: b, needs: [], run: ./callee.yaml, with: {n: 1}}
  - {id: c, needs: [], foreach: '[2, 3]', run: ./callee.yaml, with: {n: '{{item}}'}}
",
    );
    let callee = "
inputs: {n: {type: integer}}
concurrency: {group: shared, RULE}
steps: [{id: x, uses: exec.run, with: {script: 'mkdir alone || echo x >>beside; echo {{inputs.n}} >>begun; while [ ! -e go ]; do sleep 0.02; done; rmdir alone'}}]
";
    project.workflow("callee", &callee.replace("RULE", rule));
    project
}

#[test]
fn callees_of_one_run_take_turns_at_their_group_whatever_its_rule_says_of_other_runs() {
    for rule in ["when_busy: fail", "when_busy: replace"] {
        let project = calling(rule);
        let life = project.spawn(&["run", "w"]);
        project.await_file("begun");
        // The engine may die while one is at work and others wait.
        life.kill();
        let resumed = project.spawn(&["resume"]);
        project.write("go", "");
        resumed.end().expect(0);
        assert_eq!((project.read("begun").as_str(), project.read("beside").as_str()), ("0\n1\n2\n3\n", ""));
    }
}

#[test]
fn a_callee_waits_for_the_group_of_another_run_while_the_rest_of_its_run_goes_on() {
    let holder = exclusive("when_busy: fail");
    let first = run(&holder, 0);
    holder.await_file("begun");
    let other = |rule: &str| {
        let mut other = project(
            "steps: [{id: a, run: ./callee.yaml}, {id: b, needs: [], uses: exec.run, with: {script: 'echo x >beside'}}]",
        );
        other.env("XDG_STATE_HOME", holder.base().join("state"));
        let callee = "steps: [{id: x, uses: exec.run, with: {script: 'echo x >>begun'}}]";
        other.workflow("callee", &format!("concurrency: {{group: deploy, {rule}}}\n{callee}"));
        other
    };
    for rule in ["when_busy: wait, within: 300ms", "when_busy: fail"] {
        let other = other(rule);
        let ended = other.run(&["run", "w"]).expect(20);
        assert!(ended.stderr.contains("the concurrency group `deploy` is busy"), "{ended}");
        assert_eq!(other.read("begun"), "");
    }
    let other = other("when_busy: wait");
    let second = other.spawn(&["run", "w"]);
    other.await_fact("step_finished", "b");
    await_that("a place in the line", || line(&holder) == 1);
    second.signal(Signal::INT);
    second.end().expect(130);
    let second = other.spawn(&["resume"]);
    await_that("a place in the line again", || line(&holder) == 1);
    assert_eq!(other.read("begun"), "");
    holder.write("go", "");
    first.end().expect(0);
    second.end().expect(0);
    assert_eq!(other.read("begun"), "x\n");
}

#[test]
fn callees_that_wait_for_each_other_are_told_so() {
    let project = project(
        "
steps:
  - {id: a, needs: [], run: ./one.yaml}
  - {id: b, needs: [], run: ./two.yaml}
",
    );
    // Each holds its group, and calls the other's within.
    for (name, group, other) in [("one", "g1", "two"), ("two", "g2", "one")] {
        project.workflow(name, &format!("concurrency: {{group: {group}}}\nsteps: [{{id: wait, uses: exec.run, with: {{script: 'sleep 0.3'}}}}, {{id: x, run: ./{other}-leaf.yaml}}]"));
        project.workflow(
            &format!("{name}-leaf"),
            &format!("concurrency: {{group: {group}}}\nsteps: [{{id: y, uses: exec.run, with: {{argv: ['true']}}}}]"),
        );
    }
    let ended = project.run(&["run", "w"]).expect(20);
    assert!(ended.stderr.contains("which waits for this one"), "{ended}");
    project.await_silence();
}
