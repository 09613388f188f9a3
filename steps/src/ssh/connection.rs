//! Whom to reach and how, as arguments of `ssh`, and what it means when that fails.

use std::collections::BTreeMap;
use std::path::PathBuf;

use runner_sdk::unit::Duration;
use runner_sdk::{Error, Exit, Need, Place, Result};

use crate::shared::ending;
use crate::shared::word::Word;

/// What every step of the namespace needs.
pub(crate) const NEEDS: &[Need] =
    &[Need { program: "ssh", package: "openssh-client", how: "apt-get install openssh-client" }];

/// The exit code with which `ssh` says that it failed itself.
pub(crate) const SSH_FAILED: i32 = 255;

/// How long a connection may take to be made when nothing is said.
pub(crate) fn connect_timeout() -> Duration {
    Duration(std::time::Duration::from_secs(10))
}

/// The fields that the steps have in common. (They stand in each of them: a flattened struct would spoil messages.)
pub(crate) struct Connection<'a> {
    pub(crate) host: &'a str,
    pub(crate) user: Option<&'a str>,
    pub(crate) port: Option<u16>,
    pub(crate) identity_file: Option<&'a PathBuf>,
    pub(crate) config_file: Option<&'a PathBuf>,
    pub(crate) options: &'a BTreeMap<String, Word>,
    pub(crate) connect_timeout: Duration,
}

impl Connection<'_> {
    /// Refuses what `ssh` would misread.
    pub(crate) fn check(&self) -> Result<()> {
        let odd = |text: &str| {
            text.is_empty() || text.starts_with('-') || text.contains(|c: char| c.is_whitespace() || c.is_control())
        };
        if odd(self.host) {
            return Err(Error::input(format!("`{}` cannot be a host", self.host)));
        }
        if let Some(user) = self.user.filter(|user| odd(user)) {
            return Err(Error::input(format!("`{user}` cannot be a user")));
        }
        if self.port == Some(0) {
            return Err(Error::input("`port` cannot be 0"));
        }
        for (name, value) in self.options {
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                let error = Error::input(format!("`{name}` cannot be an option of `ssh`"));
                return Err(error.hint("options are those of ssh_config(5), such as `ProxyJump`"));
            }
            if value.0.contains(['\n', '\0']) {
                return Err(Error::input(format!("the option `{name}` has more than one line")));
            }
        }
        Ok(())
    }

    /// The arguments of `ssh` up to and with the host. Of options given twice `ssh` takes the first, so those of the
    /// workflow stand before ours.
    pub(crate) fn arguments(&self, place: &Place) -> Vec<String> {
        let mut words = Vec::new();
        let mut add = |flag: &str, value: String| words.extend([flag.to_owned(), value]);
        if let Some(file) = self.config_file {
            add("-F", place.path(file).display().to_string());
        }
        if let Some(user) = self.user {
            add("-l", user.to_owned());
        }
        if let Some(port) = self.port {
            add("-p", port.to_string());
        }
        for (name, value) in self.options {
            add("-o", format!("{name}={}", value.0));
        }
        if let Some(file) = self.identity_file {
            add("-i", place.path(file).display().to_string());
            // Else an agent's keys are tried first, and a server may hang up before this one's turn.
            add("-o", "IdentitiesOnly=yes".to_owned());
        }
        add("-o", "BatchMode=yes".to_owned());
        add("-o", format!("ConnectTimeout={}", self.connect_timeout.0.as_secs().max(1)));
        words.extend(["--".to_owned(), self.host.to_owned()]);
        words
    }

    /// The error of a program (`who` in messages) that ended badly on the other machine, or of the way there.
    pub(crate) fn failed(&self, who: &str, exit: Exit, tail: &str) -> Error {
        if exit != Exit::Code(SSH_FAILED) {
            return ending::failed(&format!("{who} on `{}`", self.host), exit, tail);
        }
        let message = ending::with_last_words(format!("`ssh` to `{}` failed", self.host), tail);
        let says = |words: &str| tail.contains(words);
        let error = if says("Host key verification failed") {
            Error::permanent(message).hint("check the machine's key and add it to the known hosts, or for a machine that was just made give `options: {StrictHostKeyChecking: accept-new}`")
        } else if says("Bad configuration option") || says("Bad owner or permissions") || says("bad permissions") {
            Error::permanent(message)
        } else if says("Permission denied") {
            Error::transient(message)
                .hint("is the right key given by `identity_file`, by the configuration or by an agent (`ssh-add -l`)?")
        } else {
            Error::transient(message)
        };
        error.exit_code(Some(SSH_FAILED))
    }
}

#[cfg(test)]
mod tests {
    use runner_sdk::ErrorKind;

    use super::*;
    use crate::testing::place;

    fn to<'a>(host: &'a str, options: &'a BTreeMap<String, Word>) -> Connection<'a> {
        let (user, port, identity_file, config_file) = (None, None, None, None);
        Connection { host, user, port, identity_file, config_file, options, connect_timeout: connect_timeout() }
    }

    #[test]
    fn options_of_the_workflow_stand_before_ours() {
        let options = BTreeMap::from([("ConnectTimeout".to_owned(), Word("3".to_owned()))]);
        let (key, config) = (PathBuf::from("keys/id"), PathBuf::from("/etc/config"));
        let connection = Connection {
            user: Some("root"),
            port: Some(2222),
            identity_file: Some(&key),
            config_file: Some(&config),
            ..to("machine", &options)
        };
        assert_eq!(
            connection.arguments(&place()).join(" "),
            "-F /etc/config -l root -p 2222 -o ConnectTimeout=3 -i /project/keys/id -o IdentitiesOnly=yes \
             -o BatchMode=yes -o ConnectTimeout=10 -- machine"
        );
    }

    #[test]
    fn the_way_there_fails_differently_from_the_program() {
        let options = BTreeMap::new();
        let connection = to("machine", &options);
        let error = connection.failed("`make`", Exit::Code(2), "no rule\n");
        assert_eq!(error.message, "`make` on `machine` exited with code 2: no rule");
        let refused = connection.failed(
            "`make`",
            Exit::Code(255),
            "ssh: connect to host machine port 22: Connection refused\r\n",
        );
        assert_eq!(
            (refused.message.as_str(), refused.kind),
            (
                "`ssh` to `machine` failed: ssh: connect to host machine port 22: Connection refused",
                ErrorKind::Transient
            )
        );
        let error = connection.failed("`make`", Exit::Code(255), "Host key verification failed.\r\n");
        assert!(error.kind == ErrorKind::Permanent && error.hint.unwrap().contains("accept-new"));
        let error = connection.failed("`make`", Exit::Code(255), "me@machine: Permission denied (publickey).\r\n");
        assert!(error.kind == ErrorKind::Transient && error.hint.unwrap().contains("identity_file"));
    }

    #[test]
    fn what_ssh_would_misread_is_refused() {
        let none = BTreeMap::new();
        for host in ["", "-oProxyCommand=x", "a b", "a\n"] {
            assert!(to(host, &none).check().is_err(), "{host}");
        }
        assert!(to("user@[::1]", &none).check().is_ok());
        for (name, value) in [("", "x"), ("A B", "x"), ("A=B", "x"), ("Port", "1\nProxyCommand x")] {
            let options = BTreeMap::from([(name.to_owned(), Word(value.to_owned()))]);
            assert!(to("machine", &options).check().is_err(), "{name}");
        }
    }
}
