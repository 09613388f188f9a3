//! `ssh.copy`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use runner_sdk::unit::Duration;
use runner_sdk::{Captured, Command, Error, Example, Exit, Finished, Need, Place, Process, Publish, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::connection::{self, Connection, connect_timeout};
use crate::shared::mode::Mode;
use crate::shared::shell;
use crate::shared::word::Word;

/// Which way a file goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From this machine to the other.
    #[default]
    Upload,
    /// From the other machine to this one.
    Download,
}

/// Copies a file to another machine, or from there.
///
/// It goes through the system's `ssh`, so that your configuration, agent, known hosts and jump hosts work. Missing folders
/// are made. The file appears whole or not at all: it is written beside, compared with the original (`cksum`) and then
/// renamed. The user's shell there has to be a POSIX one.
///
/// A folder goes best as an archive: `tar` it with `exec.run`, copy it, and unpack it with `ssh.run`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Copy {
    /// The machine: a name of the configuration, a host name or an address.
    pub host: String,
    /// The user to log in as.
    pub user: Option<String>,
    /// The port of the SSH server.
    pub port: Option<u16>,
    /// The private key to use, beside those that the configuration names for the host; an agent's others are not tried.
    pub identity_file: Option<PathBuf>,
    /// A configuration file to use instead of the user's and the system's.
    pub config_file: Option<PathBuf>,
    /// More options of `ssh_config(5)`, such as `ProxyJump`.
    #[serde(default)]
    pub options: BTreeMap<String, Word>,
    /// How long making the connection may take.
    #[serde(default = "connect_timeout")]
    pub connect_timeout: Duration,
    /// Which way.
    #[serde(default)]
    pub direction: Direction,
    /// The file to copy. On the other machine, a relative path begins at the user's home.
    pub from: PathBuf,
    /// The copy. On the other machine, a relative path begins at the user's home.
    pub to: PathBuf,
    /// Permissions of the copy in octal, in quotes; by default 0644 as the umask allows.
    pub mode: Option<Mode>,
}

/// Where the copy is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// Its path on the machine it was copied to.
    pub path: String,
}

/// What happens here on the way up: `$1` is the file, `$2` the line for the other shell up to the checksum, and the rest
/// is the `ssh` to start.
const SEND: &str = r#"from=$1 line=$2; shift 2; sum=$(cksum < "$from"); exec "$@" "$line '$sum'" < "$from""#;

/// What happens over there: `$1` is the file to write, `$2` its folder, `$3` its mode or nothing, `$4` the checksum.
const RECEIVE: &str = r#"mkdir -p "$2"
part=$2/.${1##*/}.runner-part
if [ -d "$1" ]; then echo "$1 is a folder" >&2; exit 1; fi
if [ -n "$3" ]; then umask 077; fi
cat > "$part"
if [ "$(cksum < "$part")" != "$4" ]; then rm -f "$part"; echo "the copy differs from the original" >&2; exit 1; fi
if [ -n "$3" ]; then chmod "$3" "$part"; fi
sync "$part" 2>/dev/null || sync
mv -f "$part" "$1"
sync "$2" 2>/dev/null || sync"#;

impl Copy {
    fn connection(&self) -> Connection<'_> {
        Connection {
            host: &self.host,
            user: self.user.as_deref(),
            port: self.port,
            identity_file: self.identity_file.as_ref(),
            config_file: self.config_file.as_ref(),
            options: &self.options,
            connect_timeout: self.connect_timeout,
        }
    }

    fn ssh(&self, place: &Place) -> Vec<String> {
        ["ssh", "-T"].map(str::to_owned).into_iter().chain(self.connection().arguments(place)).collect()
    }
}

/// A path on the other machine that no program takes for an option. `~` is not known to all of them, and relative paths
/// begin at the home anyway.
fn remote(path: &std::path::Path) -> String {
    let path = path.strip_prefix("~").unwrap_or(path);
    if path.is_absolute() { path.display().to_string() } else { format!("./{}", path.display()) }
}

impl Step for Copy {
    type Output = Output;
    const NAME: &'static str = "ssh.copy";
    const IDEMPOTENT: bool = true;
    const NEEDS: &'static [Need] = connection::NEEDS;
    const EXAMPLES: &'static [Example] = &[Example::new(
        "a file there and back",
        "- id: original
  uses: file.write
  with: {path: original, content: hello}
- id: up
  uses: ssh.copy
  with: {host: machine, config_file: ssh_config, from: original, to: /tmp/runner-example/copy, mode: \"0600\"}
- id: down
  uses: ssh.copy
  with: {host: machine, config_file: ssh_config, direction: download, from: /tmp/runner-example/copy, to: back}
- id: clean
  uses: ssh.run
  with: {host: machine, config_file: ssh_config, argv: [rm, -r, /tmp/runner-example]}
- id: back
  uses: file.read
  with: {path: back}",
        "steps.back.outputs.text == 'hello'",
    )
    .with("sshd")];

    fn validate(&self) -> Result<()> {
        self.connection().check()?;
        for (key, path) in [("from", &self.from), ("to", &self.to)] {
            let text = path.as_os_str().as_encoded_bytes();
            if path.file_name().is_none() || text.ends_with(b"/") {
                return Err(Error::input(format!("`{key}` is no name of a file: `{}`", path.display())));
            }
            if text.contains(&0) {
                return Err(Error::input(format!("`{key}` holds a NUL character")));
            }
        }
        Ok(())
    }
}

impl Process for Copy {
    fn command(&self, place: &Place) -> Result<Command> {
        let ssh = self.ssh(place);
        if self.direction == Direction::Download {
            let line = shell::line(["cat", &remote(&self.from)]);
            return Ok(Command::new("ssh").args(ssh.into_iter().skip(1)).arg(line).capture());
        }
        let to = remote(&self.to);
        let folder = to.rsplit_once('/').map_or(".", |(folder, _)| if folder.is_empty() { "/" } else { folder });
        let mode = self.mode.map(|mode| mode.to_string()).unwrap_or_default();
        let line = shell::line(["/bin/sh", "-eu", "-c", RECEIVE, "sh", &to, folder, &mode]);
        let from = place.path(&self.from).display().to_string();
        Ok(Command::new("/bin/sh").args(["-eu", "-c", SEND, "sh", &from, &line]).args(ssh))
    }

    fn finish(&self, place: &Place, exit: Exit, captured: &Captured) -> Result<Finished<Output>> {
        if !exit.success() {
            let who = match self.direction {
                Direction::Upload => format!("copying to `{}`", self.to.display()),
                Direction::Download => format!("copying from `{}`", self.from.display()),
            };
            return Err(self.connection().failed(&who, exit, &captured.tail));
        }
        Ok(match self.direction {
            Direction::Upload => Finished::new(Output { path: self.to.display().to_string() }),
            Direction::Download => {
                let path = place.path(&self.to);
                let output = Output { path: path.display().to_string() };
                let mode = self.mode.map(|mode| mode.0);
                Finished { output, files: vec![Publish { path, bytes: captured.stdout.clone(), mode }] }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{captured, decode, place};

    #[test]
    fn a_download_is_published_by_the_engine() {
        let with = json!({"host": "m", "direction": "download", "from": "~/a b", "to": "x/copy", "mode": "0600"});
        let step: Copy = decode(with).unwrap();
        step.validate().unwrap();
        let command = step.command(&place()).unwrap();
        assert_eq!(command.args.last().unwrap(), "cat './a b'");
        assert!(command.capture);
        let finished = step.finish(&place(), Exit::Code(0), &captured("bytes", "")).unwrap();
        let path = PathBuf::from("/project/x/copy");
        assert_eq!(finished.files, [Publish { path, bytes: b"bytes".to_vec(), mode: Some(0o600) }]);
        assert_eq!(finished.output.path, "/project/x/copy");
        let error = step.finish(&place(), Exit::Code(1), &captured("half", "cat: ./a b: No such file\n")).unwrap_err();
        assert_eq!(error.message, "copying from `~/a b` on `m` exited with code 1: cat: ./a b: No such file");
    }

    #[test]
    fn an_upload_names_the_file_here_and_there() {
        let step: Copy = decode(json!({"host": "m", "from": "a b", "to": "/etc/it's", "mode": "0640"})).unwrap();
        let command = step.command(&place()).unwrap();
        assert_eq!(command.args[4], "/project/a b");
        assert!(command.args[5].ends_with(r"sh '/etc/it'\''s' /etc 0640"), "{}", command.args[5]);
        assert_eq!(command.args[6..8], ["ssh", "-T"]);
        let top: Copy = decode(json!({"host": "m", "from": "a", "to": "/top"})).unwrap();
        assert!(top.command(&place()).unwrap().args[5].ends_with("sh /top / ''"));
    }

    #[test]
    fn folders_and_nothing_are_refused() {
        for (from, to) in [("a/", "b"), ("a", "b/"), ("", "b"), ("a", ".."), ("a\0", "b")] {
            let step: Copy = decode(json!({"host": "m", "from": from, "to": to})).unwrap();
            assert!(step.validate().is_err(), "{from} {to}");
        }
    }
}
