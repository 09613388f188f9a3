//! Secrets planted wherever a run can have them, and looked for wherever it can leave them, in every encoding.

use std::path::Path;

use super::project;
use crate::support::{Project, await_that};

/// Where each comes from, and what it is. Each begins with a word that no encoding but base64 writes differently.
const SECRETS: &[(&str, &str)] = &[
    ("environment", "zqword4711 &\"'\\%/+ü$(x)"),
    ("file", "zqfirst815\nzqsecond816 +/\n"),
    ("command", "zqmade-07f3"),
    ("input", "zqgiven9 of a person"),
    ("literal", "zqliteral5 typed by a person"),
    ("output", "zqproduced66/of+a=step"),
    ("inside", "zqinside77-of-an-object"),
    ("answer", "zqanswer88-of-a-server"),
];

const WORKFLOW: &str = r#"
secrets:
  word: {env: WORD}
  key: {file: key.pem}
  made: {command: "cat made"}
inputs:
  given: {type: secret}
  literal: {type: secret}
defaults: {on_error: ignore, env: {S: "{{secrets.word}}"}}
steps:
  - {id: makes, uses: exec.run, with: {argv: [cat, produced], capture: text, secret: true}}
  - {id: object, uses: file.read, with: {path: produced.json, format: json, secret: true}}
  - id: server
    uses: http.serve
    service: true
    ready: output.port > 0
    with: {folder: site}
  - {id: answers, uses: http.request, with: {url: '{{steps.server.outputs.url}}answer.json', secret: true}}
  - id: prints
    uses: exec.run
    env: &all
      K: "{{secrets.key}}"
      M: "{{secrets.made}}"
      G: "{{inputs.given}}"
      L: "{{inputs.literal}}"
      P: "{{steps.makes.outputs.stdout}}"
      O: "{{steps.object.outputs.json.token}}"
      A: "{{steps.answers.outputs.json.token}}"
    with: {argv: [sh, print.sh]}
  - {id: captures, uses: exec.run, env: *all, with: {argv: [sh, print.sh], capture: lines}}
  - {id: terminal, uses: exec.run, env: *all, with: {argv: [sh, print.sh], pty: true}}
  - {id: waits, interrupted: repeat, uses: exec.run, env: *all, with: {script: 'echo x >>begun; printf zqpro; while [ ! -e go ]; do sleep 0.02; done; printf "duced66/of+a=step\n"; echo "$P"; sh print.sh'}}
  - {id: again, uses: log.print, with: {message: "{{json steps.captures.outputs.lines}}"}}
  - {id: fails, uses: exec.run, env: *all, with: {script: 'sh print.sh; sh print.sh >&2; exit 3'}}
  - {id: garbage, uses: exec.run, env: *all, with: {argv: [sh, print.sh], capture: json}}
  - {id: late, uses: exec.run, timeout: 1s, grace: 100ms, env: *all, with: {script: 'sh print.sh; exec sleep 30', capture: text}}
  - {id: nowhere, uses: exec.run, with: {argv: ["/nowhere/{{secrets.word}}", "{{secrets.made}}"]}}
  - {id: folder, uses: exec.run, dir: "{{secrets.made}}/{{steps.makes.outputs.stdout}}", with: {argv: ["true"]}}
  - {id: asserts, uses: assert.that, with: {that: "steps.makes.outputs.stdout == 'x'", message: "not {{secrets.word}} {{steps.object.outputs.json.token}}"}}
  - {id: title, uses: exec.run, with: {script: 'cp "$(command -v sleep)" "$M"; setsid "./$M" 30 >/dev/null 2>&1 </dev/null & sleep 0.2', env: {M: "{{secrets.made}}"}}}
  - id: asks
    uses: http.request
    with:
      url: "{{steps.server.outputs.url}}{{url_encode steps.makes.outputs.stdout}}?token={{url_encode secrets.word}}"
      headers: {authorization: "Bearer {{secrets.made}}", x-token: "{{base64 inputs.given}}"}
  - {id: header, uses: http.request, with: {url: "{{steps.server.outputs.url}}", headers: {x-key: "{{secrets.key}}"}}}
  - {id: refused, uses: http.request, with: {url: "http://{{secrets.made}}:{{inputs.literal}}@127.0.0.1:1/{{secrets.made}}"}}
  - {id: scheme, uses: http.request, with: {url: "ftp://{{steps.makes.outputs.stdout}}"}}
  - {id: reads, uses: file.read, with: {path: "no-{{secrets.made}}"}}
  - {id: writes, uses: file.write, with: {path: "/proc/{{secrets.made}}/{{inputs.given}}", content: "{{secrets.word}}"}}
  - {id: value, uses: state.set, with: {key: a, value: {deep: ["{{steps.makes.outputs.stdout}}"]}}}
  - {id: name, uses: state.set, with: {key: "b.{{secrets.made}}", value: 1}}
  - {id: each, foreach: '[steps.makes.outputs.stdout]', uses: log.print, with: {message: "{{item}}"}}
  - {id: call, run: ./inner.yaml, with: {t: "{{steps.makes.outputs.stdout}} {{secrets.word}}"}}
  - {id: group, steps: [{id: one, uses: exec.run, with: {argv: [echo, "{{secrets.made}}"], capture: text}}], outputs: {one: "{{steps.one.outputs.stdout}}", all: "{{json steps.object.outputs}}"}}
finally:
  - {id: last, uses: log.print, with: {message: "{{steps.group.outputs.all}} {{steps.call.outputs.back}} {{base64 steps.makes.outputs.stdout}}"}}
outputs:
  plain: "{{secrets.word}}"
  made: "{{steps.makes.outputs.stdout}}"
  encoded: "x{{base64 steps.object.outputs.json.token}}"
  answer: "{{steps.answers.outputs.json}}"
"#;

const INNER: &str = r#"
inputs: {t: {type: string}}
steps:
  - {id: says, uses: log.print, with: {message: "{{inputs.t}}"}}
  - {id: fails, on_error: ignore, uses: exec.run, with: {script: 'echo "$T" >&2; exit 1', env: {T: "{{inputs.t}}"}}}
outputs: {back: "{{inputs.t}}"}
"#;

/// Prints what its environment holds, in every way in which programs do, whole and in pieces.
const PRINT: &str = r#"
for value in "$S" "$K" "$M" "$G" "$L" "$P" "$O" "$A"; do
  printf '%s\n' "$value"
  printf '%s' "$value" | while IFS= read -r line; do echo "a line: $line"; done
  for before in '' x xy; do printf '%s%s' "$before" "$value" | base64 -w0; echo; printf '%s%s' "$before" "$value" | base64; done
  printf '%s' "$value" | base64 -w0 | tr '+/' '-_' | tr -d '='; echo
  printf '%s' "$value" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g'; echo
  printf '%s' "$value" | sed "s/'/'\\\\''/g; s/^/'/; s/\$/'/"; echo
  printf '%s' "$value" | sed 's/\\/\\\\/g; s/"/\\"/g; s/^/{"token": "/; s/$/"}/'; echo
  half=$((${#value} / 2)); rest="$value"
  while [ ${#rest} -gt "$half" ]; do rest="${rest#?}"; done
  printf '%s' "${value%"$rest"}"; sleep 0.01; printf '%s\n' "$rest"
done
if [ -n "${RUNNER_PROGRESS-}" ]; then printf '{"done":1,"total":2,"message":"%s %s"}\n' "$M" "$P" >>"$RUNNER_PROGRESS"; fi
"#;

fn secret(of: &str) -> &'static str {
    SECRETS.iter().find(|(known, _)| *known == of).unwrap().1
}

fn planted() -> Project {
    let mut project = project(WORKFLOW);
    project.workflow("inner", INNER);
    project.env("WORD", secret("environment"));
    project.write("key.pem", secret("file")).write("made", secret("command")).write("given", secret("input"));
    project.write("produced", secret("output")).write("print.sh", PRINT);
    project.write("produced.json", format!("{{\"token\": \"{}\"}}", secret("inside")));
    project.write("site/answer.json", format!("{{\"token\": \"{}\"}}", secret("answer")));
    project
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |chunk: &[u8]| {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        let letters = (0..=chunk.len()).map(move |at| LETTERS[(bits >> (18 - 6 * at) & 63) as usize] as char);
        letters.collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

/// What must be found nowhere: the first word of each line of each secret, as it is and as base64 at each place in a group.
fn needles() -> Vec<String> {
    let lines = SECRETS.iter().flat_map(|(_, value)| value.lines());
    let words = lines.map(|line| line.split(|c: char| !c.is_alphanumeric()).next().unwrap());
    let of = |word: &str| {
        let encoded = (0..3).map(|shift| {
            let padded = [&b"xy"[..shift], word.as_bytes()].concat();
            let whole = base64(&padded);
            whole[(shift * 8).div_ceil(6)..padded.len() * 8 / 6].to_owned()
        });
        let hex: Vec<_> = word.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let hex = hex.concat();
        [word.to_owned(), hex].into_iter().chain(encoded).collect::<Vec<_>>()
    };
    words.flat_map(of).collect()
}

/// Every file that holds any of the needles, with those.
fn found(folder: &Path, needles: &[String], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            self::found(&path, needles, found);
        } else if kind.is_file() {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).into_owned();
            let here = needles.iter().filter(|needle| text.contains(needle.as_str()));
            found.extend(here.map(|needle| format!("`{needle}` in {}", path.display())));
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            found.extend(needles.iter().filter(|needle| name.contains(needle.as_str())).cloned());
        }
    }
}

fn nowhere(project: &Project, output: &str) {
    let needles = needles();
    for needle in &needles {
        let line = output.lines().find(|line| line.contains(needle.as_str()));
        assert_eq!(line, None, "printed: `{needle}`");
    }
    let mut places = Vec::new();
    for folder in ["state", "config", "cache", "data", "runtime", "home"] {
        found(&project.base().join(folder), &needles, &mut places);
    }
    found(&project.path().join(".runner"), &needles, &mut places);
    assert!(places.is_empty(), "{places:#?}");
}

/// Everything that tells of a run.
fn looks(project: &Project) -> String {
    let looks: &[&[&str]] = &[
        &["logs"],
        &["logs", "captures"],
        &["logs", "fails", "--attempt", "1"],
        &["events"],
        &["status"],
        &["status", "--output", "json"],
        &["show"],
        &["show", "--output", "json"],
        &["runs"],
        &["state", "list"],
        &["state", "history"],
        &["list"],
        &["graph", "w"],
        &["doctor", "w"],
    ];
    looks.iter().map(|look| project.run(look).output()).collect()
}

fn run(extra: &[&'static str]) -> Vec<&'static str> {
    [&["run", "w", "--input", "given=file:given", "--input", "literal=zqliteral5 typed by a person"], extra].concat()
}

#[test]
fn planted_secrets_are_nowhere() {
    for extra in [&[][..], &["--output", "json"]] {
        let project = planted();
        project.write("go", "");
        let ended = project.run(&run(extra)).expect(0);
        let looks = looks(&project);
        nowhere(&project, &(ended.output() + &looks));
        assert!(looks.matches("***").count() > 300, "much was printed:\n{looks}");
        let journal = project.journal();
        for (step, status) in [("waits", "succeeded"), ("fails", "failed"), ("value", "failed"), ("call", "succeeded")]
        {
            assert_eq!(journal.status(step), status, "`{step}`: {}", journal.error_of(step));
        }
    }
}

#[test]
fn planted_secrets_are_nowhere_whoever_dies_meanwhile() {
    for keeper_too in [false, true] {
        let project = planted();
        let life = project.spawn(&run(&[]));
        project.await_file("begun");
        let mut output = life.kill().output();
        if keeper_too {
            project.kill_keeper();
            await_that("the keeper is gone", || project.keeper().is_none());
        }
        output += &looks(&project);
        project.write("go", "");
        let ended = project.run(&["resume", "--input", "literal=zqliteral5 typed by a person"]).expect(0);
        nowhere(&project, &(output + &ended.output() + &looks(&project)));
    }
}
