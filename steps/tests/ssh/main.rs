//! `ssh.run` and `ssh.copy` over the real OpenSSH, against a server on loopback that ends with the test.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a panic is a failed test; a skipped one says so")]

#[path = "../shared/mod.rs"]
mod shared;

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use runner_sdk::{ErrorKind, Result};
use serde_json::{Value, json};

/// A server, its keys and a configuration that calls it `machine`.
struct Server {
    folder: tempfile::TempDir,
    sshd: Child,
}

impl Server {
    fn start() -> Option<Self> {
        let sshd = shared::program(&["/usr/sbin/sshd"])?;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        for key in ["host", "user", "stranger"] {
            let keygen =
                Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path.join(key)).status();
            assert!(keygen.unwrap().success());
        }
        // As root, sshd wants this folder, which the service's unit makes elsewhere.
        let _ = std::fs::create_dir_all("/run/sshd");
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let home = path.display();
        let settings = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {home}/host\nPidFile none\nUsePAM no\nStrictModes no\n\
             AuthorizedKeysFile {home}/user.pub\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        );
        std::fs::write(path.join("sshd_config"), settings).unwrap();
        let host_key = std::fs::read_to_string(path.join("host.pub")).unwrap();
        std::fs::write(path.join("known_hosts"), format!("[127.0.0.1]:{port} {host_key}")).unwrap();
        let config = format!(
            "Host machine\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile \"{home}/user\"\n  IdentitiesOnly yes\n  \
             UserKnownHostsFile \"{home}/known_hosts\"\n  StrictHostKeyChecking yes\n\
             Host keyless\n  HostName 127.0.0.1\n  Port {port}\n  UserKnownHostsFile \"{home}/known_hosts\"\n\
             Host stranger\n  HostName 127.0.0.1\n  Port {port}\n  UserKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n"
        );
        std::fs::write(path.join("ssh_config"), config).unwrap();
        let mut sshd = Command::new(sshd)
            .args(["-D", "-e", "-f"])
            .arg(path.join("sshd_config"))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(sshd.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("Server listening") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "sshd ended before it listened");
        }
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Some(Self { folder, sshd })
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn run(&self, name: &str, mut with: Value) -> Result<Value> {
        with["config_file"] = json!("ssh_config");
        if with["host"].is_null() {
            with["host"] = json!("machine");
        }
        shared::run(self.path(), &[], name, with)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.sshd.kill().unwrap();
        self.sshd.wait().unwrap();
    }
}

#[test]
fn every_word_reaches_the_program_over_there_as_it_stands() {
    let Some(server) = Server::start() else { return };
    let words = ["a  b", "", "it's", "$HOME", "`id`", "a\nb", "*", "\\", "ü", "-n"];
    let argv: Vec<_> = ["printf", "%s\\0"].into_iter().chain(words).collect();
    let output = server.run("ssh.run", json!({"argv": argv, "capture": "text"})).unwrap();
    assert_eq!(output["stdout"].as_str().unwrap().split_terminator('\0').collect::<Vec<_>>(), words);
    let with = json!({"script": "cat; echo \"$((1 + 2))\"; exit 4", "stdin": "in\n", "capture": "lines", "success_codes": [4]});
    let output = server.run("ssh.run", with).unwrap();
    assert_eq!(output, json!({"stdout": null, "json": null, "lines": ["in", "3"], "exit_code": 4}));
}

#[test]
fn a_program_that_fails_is_told_from_a_connection_that_fails() {
    let Some(server) = Server::start() else { return };
    let error = server.run("ssh.run", json!({"script": "echo bad >&2; exit 7"})).unwrap_err();
    assert_eq!((error.message.as_str(), error.exit_code), ("the script on `machine` exited with code 7: bad", Some(7)));
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let error = server.run("ssh.run", json!({"argv": ["true"], "port": free})).unwrap_err();
    assert_eq!((error.kind, error.exit_code), (ErrorKind::Transient, Some(255)));
    assert!(error.message.contains("Connection refused"), "{error}");
    let with = json!({"host": "keyless", "argv": ["true"], "identity_file": "user"});
    assert!(server.run("ssh.run", with).is_ok());
    let with = json!({"host": "keyless", "argv": ["true"], "identity_file": "stranger"});
    let error = server.run("ssh.run", with).unwrap_err();
    assert!(error.message.contains("Permission denied") && error.kind == ErrorKind::Transient, "{error}");
    let error = server.run("ssh.run", json!({"host": "stranger", "argv": ["true"]})).unwrap_err();
    assert!(error.message.contains("Host key verification failed") && error.kind == ErrorKind::Permanent, "{error}");
}

#[test]
fn a_file_goes_there_and_back_whole() {
    let Some(server) = Server::start() else { return };
    let there = server.path().join("there/it's a folder");
    for bytes in [Vec::new(), b"text".to_vec(), (0..=255_u8).cycle().take(3_000_000).collect()] {
        std::fs::write(server.path().join("from here"), &bytes).unwrap();
        let with = json!({"from": "from here", "to": there.join("to $there"), "mode": "0600"});
        server.run("ssh.copy", with).unwrap();
        assert_eq!(std::fs::read(there.join("to $there")).unwrap(), bytes);
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(there.join("to $there")).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        let with = json!({"direction": "download", "from": there.join("to $there"), "to": "back/again"});
        server.run("ssh.copy", with).unwrap();
        assert_eq!(std::fs::read(server.path().join("back/again")).unwrap(), bytes);
    }
    assert_eq!(std::fs::read_dir(&there).unwrap().count(), 1, "nothing is left beside the copy");
}

#[test]
fn a_copy_that_fails_leaves_nothing_under_the_real_name() {
    let Some(server) = Server::start() else { return };
    let there = server.path().join("there");
    let error = server.run("ssh.copy", json!({"from": "none", "to": there.join("file")})).unwrap_err();
    assert!(error.message.contains("none"), "{error}");
    assert!(!there.exists());
    let with = json!({"direction": "download", "from": there.join("none"), "to": "back"});
    assert!(server.run("ssh.copy", with).unwrap_err().message.contains("No such file"));
    assert!(!server.path().join("back").exists());
    std::fs::create_dir_all(there.join("folder")).unwrap();
    std::fs::write(server.path().join("from"), "x").unwrap();
    let error = server.run("ssh.copy", json!({"from": "from", "to": there.join("folder")})).unwrap_err();
    assert!(error.message.contains("is a folder"), "{error}");
}

#[test]
fn a_copy_that_breaks_off_over_there_is_not_taken_for_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("to");
    std::fs::write(&to, "what stood there").unwrap();
    let step = runner_steps::find("ssh.copy").unwrap();
    let step = step.decode(json!({"host": "machine", "from": "from", "to": to, "mode": "0600"})).unwrap();
    let command = step.command(&shared::place(folder.path())).unwrap();
    // The line for the shell over there, which the checksum of the whole file follows.
    let line = format!("{} '4038471504 75'", command.args[5]);
    let mut shell =
        Command::new("/bin/sh").args(["-c", &line]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut shell.stdin.take().unwrap(), b"only the beginn").unwrap();
    let output = shell.wait_with_output().unwrap();
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("differs from the original"));
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "what stood there");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
