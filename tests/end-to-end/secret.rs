//! Secrets: whatever prints them, they are nowhere in clear.

use std::path::Path;

use crate::project;
use crate::support::Project;

/// Characters that every encoding writes differently.
pub(crate) const SECRET: &str = "hunter2 &\"'\\%/+ü$(x)";
const LINES: &str = "-----BEGIN KEY-----\nMIIabcdefghijklmno+/pq\nrstuvwxyz0123456789==\n-----END KEY-----\n";

const PRINTS: &str = r#"
secrets:
  word: {env: WORD}
  key: {file: key.pem}
  made: {command: "cat made"}
inputs:
  given: {type: secret}
steps:
  - id: raw
    uses: exec.run
    env: {S: "{{secrets.word}}", K: "{{secrets.key}}", M: "{{secrets.made}}", G: "{{inputs.given}}"}
    with: {argv: [sh, print.sh]}
  - id: split
    uses: exec.run
    env: {M: "{{secrets.made}}", G: "{{inputs.given}}"}
    with: {script: 'for part in made- by-a- command; do printf %s "$part"; sleep 0.05; done; printf "\n%s" "${G%????}"; sleep 0.05; printf "%s\n" "${G#?????????????}"'}
  - id: progress
    uses: exec.run
    with: {script: 'echo "{\"done\":1,\"total\":2,\"message\":\"$M\"}" >>"$RUNNER_PROGRESS"', env: {M: "{{secrets.made}}"}}
  - {id: said, uses: log.print, with: {message: "the word is {{secrets.word}} and {{secrets.made}}"}}
  - id: fails
    uses: exec.run
    on_error: ignore
    with: {script: 'echo "$M" >&2; exit 3', env: {M: "{{secrets.made}}"}}
  - {id: asserted, uses: assert.that, on_error: ignore, with: {that: 'secrets.made == "x"', message: "not {{secrets.made}}"}}
"#;

/// Every way in which a program may print them. Not in the workflow's text, which is recorded as it is.
const SCRIPT: &str = r#"
printf '%s\n' "$S" "$K" "$M" "$G"
printf '%s\n' "$S" "$K" "$M" "$G" >&2
printf '%s' "$S" | base64 -w0; echo
printf 'x%s' "$S" | base64 -w0; echo
printf 'xy%s' "$S" | base64 -w0; echo
printf '%s' "$K" | base64; echo
printf '%s' "$M" | tr a-z A-Z; echo
printf '%s\n' 'json: "hunter2 &\"'"'"'\\%/+ü$(x)"'
printf '%s\n' 'url: hunter2%20%26%22%27%5C%25%2F%2B%C3%BC%24%28x%29'
printf '%s\n' "shell: 'hunter2 &\"'\\''\\%/+ü\$(x)'"
printf '%s' "$K" | while read -r line; do echo "a line: $line"; done
"#;

fn secretive(workflow: &str) -> Project {
    let mut project = project(workflow);
    project.env("WORD", SECRET);
    project.write("key.pem", LINES);
    project.write("given", "given-by-a-person").write("made", "made-by-a-command").write("print.sh", SCRIPT);
    project
}

/// Every file that a run left, and where it says the secret.
pub(crate) fn places(folder: &Path, needle: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            places(&path, needle, found);
        } else if path.is_file() && String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).contains(needle)
        {
            found.push(path.display().to_string());
        }
    }
}

/// The secret stands neither in what was printed nor in any file that runs left, in any encoding.
pub(crate) fn nowhere(project: &Project, output: &str) {
    nowhere_of(project, output, SECRET);
}

/// As [`nowhere`], of another word.
pub(crate) fn nowhere_of(project: &Project, output: &str, word: &str) {
    let encoded = |text: &str| {
        use std::io::Write;
        let mut child = std::process::Command::new("base64")
            .arg("-w0")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    };
    let mut needles = vec![
        word.to_owned(),
        serde_json::to_string(word).unwrap().trim_matches('"').to_owned(),
        "hunter2".to_owned(),
        "hunter2%20".to_owned(),
        "made-by-a-command".to_owned(),
        "given-by-a-person".to_owned(),
        encoded(word),
        encoded(LINES),
        encoded("made-by-a-command"),
    ];
    needles.extend(LINES.lines().filter(|line| !line.starts_with('-')).map(str::to_owned));
    for needle in needles {
        assert!(!output.contains(&needle), "printed: `{needle}`\n{output}");
        let mut found = Vec::new();
        places(&project.path().join(".runner"), &needle, &mut found);
        places(&project.base().join("state"), &needle, &mut found);
        assert!(found.is_empty(), "`{needle}` stands in {found:?}");
    }
}

#[test]
fn a_secret_is_nowhere_in_clear_however_it_is_printed() {
    let project = secretive(PRINTS);
    let ended = project.run(&["run", "w", "--input", "given=file:given"]).expect(0);
    let mut output = ended.output();
    for look in [&["logs"][..], &["events"], &["status"], &["logs", "--attempt", "1"]] {
        output += &project.run(look).output();
    }
    nowhere(&project, &output);
    assert!(output.contains("***") || project.run(&["logs"]).output().contains("***"), "nothing was masked:\n{output}");
}

#[test]
fn the_stream_of_events_holds_no_secret() {
    let project = secretive(PRINTS);
    let ended = project.run(&["run", "w", "--output", "json", "--input", "given=file:given"]).expect(0);
    nowhere(&project, &ended.output());
}

#[test]
fn a_captured_secret_is_sealed_and_used_as_it_is() {
    let captured = "
secrets: {word: {env: WORD}}
steps:
  - {id: a, uses: exec.run, env: {S: '{{secrets.word}}'}, with: {script: 'printf %s \"$S\"', capture: text}}
  - {id: b, uses: exec.run, env: {T: '{{steps.a.outputs.stdout}}'}, with: {script: 'test \"$T\" = \"$WORD\"; echo \"$T\"'}}
outputs: {word: '<{{secrets.word}}>'}
";
    let project = secretive(captured);
    let ended = project.run(&["run", "w"]).expect(0);
    assert!(ended.output().contains("word: (sealed)"), "{ended}");
    let logs = project.run(&["logs"]);
    assert!(logs.stderr.contains("what `a` captured (attempt 1) is sealed and not shown: the secret `word` is in it"));
    nowhere(&project, &(ended.output() + &logs.output() + &project.run(&["events"]).output()));
}

#[test]
fn what_was_captured_beside_a_secret_is_shown_to_who_has_the_key() {
    let captured = "
secrets: {word: {env: WORD}}
steps: [{id: a, uses: exec.run, env: {S: '{{secrets.word}}'}, with: {script: 'echo harmless', capture: text}}]
outputs: {said: '{{steps.a.outputs.stdout}}'}
";
    let mut project = secretive(captured);
    let ended = project.run(&["run", "w"]).expect(0);
    assert!(ended.output().contains("said: harmless"), "{ended}");
    assert!(project.run(&["logs"]).stdout.contains("harmless"));
    let mut found = Vec::new();
    places(&project.run_folder().join("lanes"), "harmless", &mut found);
    assert!(found.is_empty(), "{found:?}");
    project.env("RUNNER_KEY_FILE", "another-key");
    let logs = project.run(&["logs"]).expect(0);
    assert!(logs.stdout.is_empty() && logs.stderr.contains("is not in `another-key`"), "{logs}");
}

#[test]
fn a_secret_is_not_kept_in_the_state() {
    let project = secretive(
        "
secrets: {word: {env: WORD}}
steps: [{id: a, uses: state.set, with: {key: k, value: '{{secrets.word}}'}}]
",
    );
    let ended = project.run(&["run", "w"]).expect(20);
    nowhere(&project, &ended.output());
}

#[test]
fn secrets_are_masked_across_engine_and_keeper_deaths() {
    let waits = "
secrets: {made: {command: 'cat made'}}
steps:
  - id: a
    uses: exec.run
    interrupted: repeat
    env: {M: '{{secrets.made}}'}
    with: {script: 'printf made-by; echo x >>begun; while [ ! -e go ]; do sleep 0.02; done; printf -- \"-a-command\\n%s\\n\" \"$M\"'}
";
    for keeper_too in [false, true] {
        let project = secretive(waits);
        let life = project.spawn(&["run", "w"]);
        project.await_file("begun");
        let mut output = life.kill().output();
        if keeper_too {
            project.kill_keeper();
        }
        project.write("go", "");
        output += &project.run(&["resume"]).expect(0).output();
        output += &project.run(&["logs"]).output();
        nowhere(&project, &output);
        assert_eq!(project.read("begun").lines().count(), if keeper_too { 2 } else { 1 });
    }
}

#[test]
fn a_secret_that_is_missing_is_said_before_anything_starts() {
    for source in ["env: NOT_THERE", "file: not-there", "command: 'exit 3'"] {
        let project = project(&format!(
            "secrets: {{s: {{{source}}}}}\nsteps: [{{id: a, uses: exec.run, env: {{S: '{{{{secrets.s}}}}'}}, with: {{script: 'echo x >a'}}}}]"
        ));
        let ended = project.run(&["run", "w"]).expect(10);
        assert!(
            ended.stderr.contains("`s`") || ended.stderr.contains("not-there") || ended.stderr.contains("NOT_THERE"),
            "{ended}"
        );
        assert!(!project.path().join(".runner/runs").exists());
    }
}
