//! What a failure of Vagrant means, and what can be done about it.

use runner_sdk::{Error, ErrorKind, Exit};

use super::record::{self, Record};
use crate::shared::ending;

/// An error of Vagrant that says more than that something failed.
struct Known {
    /// The name of its class under `Vagrant::Errors`.
    class: &'static str,
    /// Words of its English message, for when only those are there.
    says: &'static str,
    kind: ErrorKind,
    /// What can be done; may be empty.
    hint: &'static str,
}

const fn known(class: &'static str, says: &'static str, kind: ErrorKind, hint: &'static str) -> Known {
    Known { class, says, kind, hint }
}

/// Classes and words are those of Vagrant 2.3.4 (`lib/vagrant/errors.rb`, `templates/locales/en.yml`).
#[rustfmt::skip]
const KNOWN: &[Known] = {
    use ErrorKind::{Input, Permanent, Transient};
    &[
        known("MachineNotFound", "The machine with the name", Input, "`vagrant status` lists the machines of the Vagrantfile"),
        known("NoEnvironmentError", "A Vagrant environment or target machine is required", Input, "set `dir` to the folder of a Vagrantfile"),
        known("VagrantfileSyntaxError", "There is a syntax error in the following Vagrantfile", Input, ""),
        known("VagrantfileLoadError", "There was an error loading a Vagrantfile", Input, ""),
        known("VagrantfileNameError", "There was an error loading a Vagrantfile", Input, ""),
        known("ConfigInvalid", "There are errors in the configuration of this machine", Input, ""),
        known("NoDefaultProvider", "No usable default provider could be found", Permanent, "install a provider, for example with `apt-get install vagrant-libvirt`"),
        known("ProviderNotFound", "could not be found, but was requested to back the machine", Permanent, "`vagrant plugin list` shows the plugins that are installed"),
        known("ProviderNotUsable", "is reporting that it isn't usable on this system", Permanent, ""),
        known("UnimplementedProviderAction", "but this provider doesn't support this action", Permanent, ""),
        known("ActiveMachineWithDifferentProvider", "An active machine was found with a different provider", Permanent, "destroy the machine first, or use the provider that it has"),
        known("VagrantVersionBad", "it requires the Vagrant version to satisfy", Permanent, ""),
        known("CommandUnavailable", "Vagrant is trying to run was not found in the PATH", Permanent, "`runner doctor` tells which programs are missing"),
        known("BoxAddShortNotFound", "could not be found or could not be accessed in the remote catalog", Permanent, "check the box's name, or add it from a file with `vagrant box add`"),
        known("SSHAuthenticationFailed", "SSH authentication failed!", Permanent, "check `config.ssh.username` and `config.ssh.private_key_path`"),
        known("UIExpectsTTY", "interface with the UI in a way that requires a TTY", Permanent, "Vagrant wants to ask something: run the command once by hand"),
        known("MachineActionLockedError", "another process is already executing an action on the machine", Transient, "another `vagrant` is at work on it: wait for it with `retry`"),
        known("EnvironmentLockedError", "this lock is being held by another instance of Vagrant", Transient, "another `vagrant` is at work: wait for it with `retry`"),
        known("MachineLocked", "use the requested machine because it is locked", Transient, "another `vagrant` is at work on it: wait for it with `retry`"),
        known("VMBootTimeout", "Timed out while waiting for the machine to boot", Transient, "a slow machine needs a longer `config.vm.boot_timeout`"),
        known("VMBootBadState", "entered an invalid state while waiting for it to boot", Transient, ""),
        known("SSHNotReady", "is reporting that it is not yet ready for SSH", Transient, "bring the machine up first, with `vagrant.up`"),
        known("DownloaderError", "An error occurred while downloading the remote file", Transient, ""),
        known("VagrantInterrupt", "Vagrant exited after cleanup due to external interrupt", Transient, ""),
    ]
};

/// The error of a `vagrant VERB` that ended with `exit`, from what it printed for machines and for people.
pub(crate) fn failure(verb: &str, exit: Exit, records: &[Record], tail: &str) -> Error {
    let who = format!("`vagrant {verb}`");
    let (class, text) = record::error(records).unwrap_or(("", tail));
    let paragraphs = paragraphs(text);
    let findings = match of_machines(&paragraphs) {
        none if none.is_empty() => find(class, &paragraphs).into_iter().collect(),
        several => several,
    };
    let Some(first) = findings.first() else {
        return ending::failed(&who, exit, if text.trim().is_empty() { tail } else { text });
    };
    let hopeless = findings.iter().all(|finding| finding.kind() != ErrorKind::Transient);
    let kind = if hopeless { first.kind() } else { ErrorKind::Transient };
    let said: Vec<_> = findings.iter().map(|finding| finding.message.as_str()).collect();
    let error = Error::new(kind, format!("{who} failed: {}", said.join("; "))).exit_code(Some(exit.code()));
    match findings.iter().filter_map(|finding| finding.known).find(|known| !known.hint.is_empty()) {
        Some(known) => error.hint(known.hint),
        None => error,
    }
}

/// A sentence is cut after so many characters.
const LONGEST: usize = 400;

/// One error that Vagrant reports.
struct Finding {
    message: String,
    known: Option<&'static Known>,
}

impl Finding {
    fn kind(&self) -> ErrorKind {
        self.known.map_or(ErrorKind::Transient, |known| known.kind)
    }
}

/// The text's paragraphs, each in one line, without what is said on the way there and without Ruby's stack.
fn paragraphs(text: &str) -> Vec<String> {
    let is_log = |line: &str| {
        let detail = line.strip_prefix("    ").and_then(|line| line.split_once(": "));
        let is_name = |name: &str| !name.is_empty() && !name.contains(char::is_whitespace);
        line.starts_with("==> ")
            || line.starts_with("Bringing machine '")
            || detail.is_some_and(|(name, _)| is_name(name))
            || (line.starts_with('/') && line.contains(".rb:") && line.contains(":in "))
    };
    let text = text.replace("\r\n", "\n");
    let paragraphs = text.split("\n\n").map(|paragraph| {
        let words = paragraph.lines().filter(|line| !is_log(line)).flat_map(str::split_whitespace);
        words.collect::<Vec<_>>().join(" ")
    });
    paragraphs.filter(|paragraph| !paragraph.is_empty()).collect()
}

/// What is reported of single machines when several were worked on at once.
fn of_machines(paragraphs: &[String]) -> Vec<Finding> {
    let heads =
        ["error occurred while executing the action on the '", "error occurred when executing the action on the '"];
    let mut findings = Vec::new();
    for (at, paragraph) in paragraphs.iter().enumerate() {
        let rest = heads.iter().find_map(|head| paragraph.split_once(head)).map(|(_, rest)| rest);
        let Some(name) = rest.and_then(|rest| rest.split('\'').next()) else { continue };
        let Some(finding) = find("", &paragraphs[at + 1..paragraphs.len().min(at + 3)]) else {
            let said = paragraphs.get(at + 1).map_or("", String::as_str);
            findings.push(Finding { message: format!("`{name}`: {}", fragment(said)), known: None });
            continue;
        };
        findings.push(Finding { message: format!("`{name}`: {}", finding.message), ..finding });
    }
    findings
}

/// The known error among paragraphs: the one of that class, else the one whose words stand there.
fn find(class: &str, paragraphs: &[String]) -> Option<Finding> {
    let by_words = |known: &&Known| paragraphs.iter().any(|paragraph| paragraph.contains(known.says));
    let of_class = KNOWN.iter().find(|known| known.class == class);
    let known = of_class.or_else(|| KNOWN.iter().find(by_words).filter(|_| class.is_empty()))?;
    let at = paragraphs.iter().position(|paragraph| paragraph.contains(known.says)).unwrap_or(0);
    let paragraph = paragraphs.get(at).map_or("", String::as_str);
    let before = &paragraph[..paragraph.find(known.says).unwrap_or(0)];
    let sentence = &paragraph[before.rfind(". ").map_or(0, |end| end + 2)..];
    let sentence = fragment(sentence.split(". ").next().unwrap_or(sentence));
    // What is wrong in a Vagrantfile stands in the paragraph after the one that says that something is.
    let detailed = ["VagrantfileSyntaxError", "VagrantfileLoadError", "VagrantfileNameError", "ConfigInvalid"];
    let message = match paragraphs.get(at + 1).filter(|_| detailed.contains(&known.class)) {
        Some(detail) => format!("{sentence}: {}", detail.chars().take(LONGEST).collect::<String>()),
        None => sentence,
    };
    Some(Finding { message, known: Some(known) })
}

/// A sentence as a message: no capital at its start, no full stop, not too long.
fn fragment(sentence: &str) -> String {
    let sentence: String = sentence.trim_end_matches(['.', ':', '!']).chars().take(LONGEST).collect();
    let mut chars = sentence.chars();
    let second_is_small = sentence.chars().nth(1).is_some_and(|c| c.is_lowercase() || c == ' ');
    match chars.next() {
        Some(first) if second_is_small => first.to_lowercase().chain(chars).collect(),
        _ => sentence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(tail: &str) -> Error {
        failure("up", Exit::Code(1), &[], tail)
    }

    #[test]
    fn the_class_decides_where_it_is_told() {
        let stdout = b"1,,ui,error,x\n1,,error-exit,Vagrant::Errors::MachineNotFound,The machine with the name 'nope' was not found configured for\\nthis Vagrant environment.\n";
        let error = failure("status", Exit::Code(1), &record::records(stdout), "");
        assert_eq!(
            error.message,
            "`vagrant status` failed: the machine with the name 'nope' was not found configured for this Vagrant environment"
        );
        assert_eq!((error.kind, error.exit_code), (ErrorKind::Input, Some(1)));
        assert!(error.hint.unwrap().contains("vagrant status"));
    }

    #[test]
    fn words_decide_where_only_people_are_told() {
        let error = spoken(
            "==> worker-1: Booting\nTimed out while waiting for the machine to boot. This means that\nVagrant was unable\n",
        );
        assert_eq!(error.kind, ErrorKind::Transient);
        assert!(error.hint.unwrap().contains("boot_timeout"), "{}", error.message);
        let error = spoken(
            "The provider 'nope' could not be found, but was requested to\nback the machine 'worker-1'. Please use\n",
        );
        assert_eq!(error.kind, ErrorKind::Permanent);
    }

    #[test]
    fn each_machine_that_failed_is_named() {
        let error = spoken(
            "==> worker-1: An error occurred. The error will be shown after all tasks complete.\n\
             An error occurred while executing multiple actions in parallel.\nAny errors that occurred are shown below.\n\n\
             An unexpected error occurred when executing the action on the\n'control-plane-1' machine. Please report this as a bug:\n\n\
             boot, failed\n\n/x/fake.rb:16:in `call'\n/y/warden.rb:48:in `call'\n\n\
             An error occurred while executing the action on the 'worker-1'\nmachine. Please handle this error then try again:\n\n\
             Timed out while waiting for the machine to boot. This means\nthat\n\nIf you look above\n",
        );
        assert_eq!(
            error.message,
            "`vagrant up` failed: `control-plane-1`: boot, failed; `worker-1`: timed out while waiting for the machine to boot"
        );
        assert_eq!(error.kind, ErrorKind::Transient);
    }

    #[test]
    fn what_is_wrong_in_a_vagrantfile_is_told() {
        let error = spoken(
            "Vagrant failed to initialize at a very early stage:\n\nThere is a syntax error in the following Vagrantfile. The syntax error\n\
             message is reproduced below for convenience:\n\n/x/Vagrantfile:1: syntax error, unexpected end-of-input\n",
        );
        assert_eq!(
            error.message,
            "`vagrant up` failed: there is a syntax error in the following Vagrantfile: /x/Vagrantfile:1: syntax error, unexpected end-of-input"
        );
        assert_eq!(error.kind, ErrorKind::Input);
        let error = spoken(
            "There are errors in the configuration of this machine. Please fix\nthe following errors and try again:\n\n\
             vm:\n* A box must be specified.\n\n",
        );
        assert!(error.message.ends_with("configuration of this machine: vm: * A box must be specified."), "{error}");
    }

    #[test]
    fn what_is_not_known_ends_with_the_last_words_and_may_be_tried_again() {
        let error = spoken("==> a: Booting\nsomething odd\n");
        assert_eq!(error.message, "`vagrant up` exited with code 1: ==> a: Booting | something odd");
        assert_eq!(error.kind, ErrorKind::Transient);
        let records = record::records(b"1,,error-exit,Lab::ControlFailed,the lab%!(VAGRANT_COMMA) it failed\n");
        let error = failure("up", Exit::Code(1), &records, "");
        assert_eq!(error.message, "`vagrant up` exited with code 1: the lab, it failed");
        assert_eq!(failure("up", Exit::Signal(9), &[], "").message, "`vagrant up` was ended by SIGKILL");
    }
}
