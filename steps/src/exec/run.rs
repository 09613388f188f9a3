//! `exec.run`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use runner_sdk::{Ability, Captured, Command, Error, Example, Exit, Finished, Place, Process, Result, Step};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::shared::capture::{Capture, Output};
use crate::shared::ending;
use crate::shared::program::{Program, shell, success_codes};
use crate::shared::word::{Word, Words};

/// Runs a program, or a script in a shell of your choice.
///
/// Give either `argv`, the program and its arguments, which no shell reads; or `script`, which `shell` runs. What the
/// program prints is its log; with `capture`, standard output becomes an output of the step instead. Any exit code outside
/// `success_codes` fails the step, and so does a signal.
///
/// Nothing is known about what the program does, so an interrupted attempt is not repeated on its own: say
/// `interrupted: repeat` where that is safe, or give a `check:`.
///
/// With `service: true` the program is kept running; `ready:` sees what it has printed so far when it captures.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The program and its arguments, each one word. The program is a path or is found on `PATH`.
    #[serde(default)]
    pub argv: Words,
    /// A script for `shell`.
    pub script: Option<String>,
    /// The shell: a program and arguments after which the script is put as one more.
    #[serde(default = "shell")]
    pub shell: Words,
    /// What the program reads on its standard input; nothing when not given.
    pub stdin: Option<String>,
    /// Environment variables beside those of the step, which they override; null removes one.
    #[serde(default)]
    pub env: BTreeMap<String, Option<Word>>,
    /// The folder to run in, relative to that of the step.
    pub dir: Option<PathBuf>,
    /// Keeps standard output as an output of the step.
    pub capture: Option<Capture>,
    /// Whether what is captured is secret: it is sealed before it is written down, and masked in all that is printed later.
    #[serde(default)]
    #[schemars(extend("x-seals" = ["stdout", "json", "lines"]))]
    pub secret: bool,
    /// The exit codes that count as success.
    #[serde(default = "success_codes")]
    pub success_codes: Vec<u8>,
    /// Runs the program on a terminal of its own, for programs that behave differently without one.
    #[serde(default)]
    pub pty: bool,
    /// Files and folders that the program writes; they are on disk before the step counts as finished. Relative to `dir`.
    #[serde(default)]
    pub publishes: Vec<PathBuf>,
}

impl Run {
    fn program(&self) -> Program<'_> {
        let (script, success_codes) = (self.script.as_deref(), self.success_codes.as_slice());
        Program { argv: &self.argv, script, shell: &self.shell, success_codes }
    }

    /// The program as messages call it.
    fn who(&self) -> String {
        match (&self.script, self.argv.program(), self.shell.program()) {
            (None, Some(program), _) => format!("`{program}`"),
            (_, _, shell) => format!("the script (`{}`)", shell.unwrap_or_default()),
        }
    }

    fn check_words(&self) -> Result<()> {
        for (at, word) in self.argv.iter().enumerate() {
            Word::check(&format!("`argv[{at}]`"), word)?;
        }
        for (name, value) in &self.env {
            if name.is_empty() || name.contains(['=', '\0']) {
                return Err(Error::input(format!("`{name}` cannot be the name of an environment variable")));
            }
            Word::check(&format!("the environment variable `{name}`"), value.as_ref().map_or("", |word| &word.0))?;
        }
        Word::check("`script`", self.script.as_deref().unwrap_or_default())
    }
}

impl Step for Run {
    type Output = Output;
    const NAME: &'static str = "exec.run";
    const IDEMPOTENT: bool = false;
    const ABILITIES: &'static [Ability] = &[Ability::Service];
    const EXAMPLES: &'static [Example] = &[
        Example::new(
            "a program and what it prints",
            "- id: hello
  uses: exec.run
  with:
    argv: [printf, '%s %s', hello, 42]
    capture: text",
            "steps.hello.outputs.stdout == 'hello 42' && steps.hello.outputs.exit_code == 0",
        ),
        Example::new(
            "a script, its environment, and JSON that later steps read",
            "- id: versions
  uses: exec.run
  with:
    script: |
      printf '{\"region\": \"%s\"}' \"$REGION\"
    env: {REGION: eastus}
    capture: json
- id: use
  uses: exec.run
  with:
    argv: [echo, '{{steps.versions.outputs.json.region}}']
    capture: lines",
            "steps.use.outputs.lines == ['eastus']",
        ),
        Example::new(
            "standard input, another shell, and an exit code that is no failure",
            "- id: count
  uses: exec.run
  with:
    script: wc -l; exit 3
    shell: [/bin/sh, -c]
    stdin: \"one\\ntwo\\n\"
    capture: text
    success_codes: [0, 3]",
            "steps.count.outputs.exit_code == 3 && steps.count.outputs.stdout.contains('2')",
        ),
    ];

    fn validate(&self) -> Result<()> {
        self.program().check()?;
        let only = self.argv.program().filter(|_| self.argv.0.len() == 1);
        if let Some(program) = only.filter(|program| program.contains(' ') && !program.contains('/')) {
            let error = Error::input(format!("no program is called `{program}`"));
            return Err(error.hint("give each word its own item of `argv`, or use `script` for a shell"));
        }
        if self.secret && self.capture.is_none() {
            return Err(Error::input("`secret` says that what is captured is secret, and there is no `capture`"));
        }
        if self.pty && self.capture.is_some() {
            return Err(Error::input(
                "`pty` and `capture` exclude each other: a terminal has one stream for everything",
            ));
        }
        self.check_words()
    }
}

impl Process for Run {
    fn command(&self, place: &Place) -> Result<Command> {
        let mut words = self.program().words();
        let program = words.next().ok_or_else(|| Error::input("either `argv` or `script` is needed"))?;
        let mut command = Command::new(program).args(words);
        let dir = self.dir.as_ref().map(|dir| place.path(dir));
        let inside = Place { dir: dir.clone().unwrap_or_else(|| place.dir.clone()), ..place.clone() };
        command.publishes = self.publishes.iter().map(|path| inside.path(path)).collect();
        command.env = self.env.iter().map(|(name, value)| (name.clone(), value.clone().map(|word| word.0))).collect();
        command.dir = dir;
        command.stdin = self.stdin.clone().unwrap_or_default().into_bytes();
        command.capture = self.capture.is_some();
        command.pty = self.pty;
        Ok(command)
    }

    fn finish(&self, _: &Place, exit: Exit, captured: &Captured) -> Result<Finished<Output>> {
        match self.program().succeeded(exit) {
            Some(code) => Output::ended(&self.who(), self.capture, &captured.stdout, code).map(Finished::new),
            None => Err(ending::failed(&self.who(), exit, &captured.tail)),
        }
    }

    fn decided_by(&self) -> Option<Vec<i32>> {
        let plain = self.capture.is_none() && self.publishes.is_empty();
        plain.then(|| self.success_codes.iter().map(|code| i32::from(*code)).collect())
    }

    fn started(&self, captured: &Captured) -> Option<Output> {
        Output::so_far(self.capture, captured)
    }
}

#[cfg(test)]
mod tests {
    use runner_sdk::{ErrorKind, Program};
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{captured, decode, place};

    fn step(with: Value) -> Run {
        let step: Run = decode(with).unwrap();
        step.validate().unwrap();
        step
    }

    fn refusal(with: Value) -> String {
        decode::<Run>(with).unwrap().validate().unwrap_err().message
    }

    #[test]
    fn argv_is_started_as_it_stands() {
        let command = step(json!({"argv": ["echo", "a b", 5, "$HOME"]})).command(&place()).unwrap();
        assert_eq!(command, Command::new("echo").args(["a b", "5", "$HOME"]));
    }

    #[test]
    fn a_script_is_one_word_after_its_shell() {
        let command = step(json!({"script": "exit 3"})).command(&place()).unwrap();
        assert_eq!(command, Command::new("/bin/sh").args(["-eu", "-c", "exit 3"]));
        let command = step(json!({"script": "print(1)", "shell": ["python3", "-c"]})).command(&place()).unwrap();
        assert_eq!(command.program, Program::Named("python3".to_owned()));
    }

    #[test]
    fn everything_else_reaches_the_command() {
        let with = json!({"argv": ["make"], "dir": "sub", "env": {"A": 1, "B": null}, "stdin": "in", "capture": "text",
            "publishes": ["out", "/var/x"]});
        let command = step(with).command(&place()).unwrap();
        assert_eq!(command.dir, Some(PathBuf::from("/project/sub")));
        assert_eq!(command.env, [("A".to_owned(), Some("1".to_owned())), ("B".to_owned(), None)]);
        assert_eq!(command.publishes, [PathBuf::from("/project/sub/out"), PathBuf::from("/var/x")]);
        assert!(command.capture && !command.pty && command.stdin == b"in");
        let command = step(json!({"argv": ["top"], "pty": true, "publishes": ["x"]})).command(&place()).unwrap();
        assert!(command.pty && command.dir.is_none());
        assert_eq!(command.publishes, [PathBuf::from("/project/x")]);
    }

    #[test]
    fn an_exit_code_decides_and_a_signal_always_fails() {
        let it = step(json!({"argv": ["it"], "success_codes": [0, 3, 143]}));
        assert_eq!(it.finish(&place(), Exit::Code(3), &captured("", "")).unwrap().output.exit_code, Some(3));
        let error = it.finish(&place(), Exit::Code(1), &captured("", "one\ntwo\n")).unwrap_err();
        assert_eq!((error.message.as_str(), error.kind), ("`it` exited with code 1: one | two", ErrorKind::Transient));
        let error = it.finish(&place(), Exit::Signal(15), &captured("", "")).unwrap_err();
        assert_eq!(error.message, "`it` was ended by SIGTERM");
        let error = step(json!({"script": "x"})).finish(&place(), Exit::Code(127), &captured("", "")).unwrap_err();
        assert_eq!(error.message, "the script (`/bin/sh`) exited with code 127");
    }

    #[test]
    fn only_where_nothing_else_counts_does_the_exit_code_decide_alone() {
        assert_eq!(step(json!({"argv": ["it"], "success_codes": [0, 3]})).decided_by(), Some(vec![0, 3]));
        assert_eq!(step(json!({"argv": ["it"], "capture": "json"})).decided_by(), None);
        assert_eq!(step(json!({"argv": ["it"], "publishes": ["out"]})).decided_by(), None);
    }

    #[test]
    fn messages_hold_neither_standard_input_nor_environment() {
        let it = step(json!({"argv": ["it"], "stdin": "hunter2", "env": {"PASSWORD": "hunter2"}}));
        let error = it.finish(&place(), Exit::Code(1), &captured("hunter2", "")).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"));
        let it: Run = decode(json!({"argv": ["it"], "env": {"PASSWORD": "hunter2\0"}})).unwrap();
        assert!(!format!("{:?}", it.validate().unwrap_err()).contains("hunter2"));
    }

    #[test]
    fn a_service_that_does_not_capture_is_started_at_once() {
        let it = step(json!({"argv": ["serve"]}));
        assert_eq!(it.started(&captured("", "")), Some(Output::default()));
        let it = step(json!({"argv": ["serve"], "capture": "text"}));
        assert_eq!(it.started(&captured("listening\n", "")).unwrap().stdout.unwrap(), "listening");
    }

    #[test]
    fn what_cannot_work_is_refused_before_anything_starts() {
        assert_eq!(refusal(json!({})), "either `argv` or `script` is needed");
        assert_eq!(refusal(json!({"argv": ["a"], "script": "a"})), "`argv` and `script` exclude each other");
        assert!(refusal(json!({"argv": [""]})).contains("names the program"));
        assert_eq!(refusal(json!({"argv": ["ls -l"]})), "no program is called `ls -l`");
        assert_eq!(refusal(json!({"script": " \n"})), "`script` is empty");
        assert!(refusal(json!({"script": "x", "shell": []})).contains("`shell` is empty"));
        assert!(refusal(json!({"argv": ["a"], "success_codes": []})).contains("never succeed"));
        assert!(refusal(json!({"argv": ["a"], "secret": true})).contains("no `capture`"));
        assert!(refusal(json!({"argv": ["a"], "pty": true, "capture": "text"})).contains("one stream"));
        assert_eq!(refusal(json!({"argv": ["a", "x\0"]})), "`argv[1]` holds a NUL character");
        assert!(refusal(json!({"argv": ["a"], "env": {"A=B": "x"}})).contains("environment variable"));
        assert!(refusal(json!({"script": "x".repeat(200_000)})).contains("200000 bytes"));
    }
}
