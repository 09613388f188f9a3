//! A server of the real OpenSSH on loopback, called `machine` in the project's `ssh_config`.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};

use crate::support::Project;

/// The machine's files are this machine's, so one test at a time has it.
pub(super) struct Server(Child, #[expect(dead_code, reason = "held")] File);

impl Server {
    /// Starts it; none where there is no `sshd`.
    pub(super) fn start(project: &Project) -> Option<Self> {
        let program =
            ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].into_iter().find(|path| std::path::Path::new(path).exists())?;
        let turn = File::create(std::env::temp_dir().join("runner-test-sshd")).unwrap();
        turn.lock().unwrap();
        let folder = project.base().join("ssh");
        std::fs::create_dir(&folder).unwrap();
        for key in ["host", "user"] {
            let made =
                Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(folder.join(key)).status();
            assert!(made.unwrap().success());
        }
        // As root, sshd wants this folder, which the service's unit makes elsewhere.
        let _ = std::fs::create_dir_all("/run/sshd");
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let home = folder.display();
        let settings = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {home}/host\nPidFile none\nUsePAM no\nStrictModes no\n\
             AuthorizedKeysFile {home}/user.pub\nPasswordAuthentication no\n"
        );
        std::fs::write(folder.join("sshd_config"), settings).unwrap();
        let config = format!(
            "Host machine\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile {home}/user\n  IdentitiesOnly yes\n  \
             UserKnownHostsFile /dev/null\n  StrictHostKeyChecking no\n  LogLevel ERROR\n"
        );
        project.write("ssh_config", config);
        let mut server = Command::new(program);
        server.args(["-D", "-e", "-f"]).arg(folder.join("sshd_config")).stderr(Stdio::piped());
        let mut server = server.spawn().unwrap();
        let mut log = BufReader::new(server.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("Server listening") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "sshd ended before it listened");
        }
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Some(Self(server, turn))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
