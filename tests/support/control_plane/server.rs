//! An API server.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rcgen::KeyPair;

use super::etcd::Etcd;
use super::part::Part;
use super::pki::Pki;
use super::{PATIENCE, TOKEN, program, wire, write_secret};

/// How often another port is tried when somebody took the one that was free.
const PORTS: usize = 8;

/// An API server, which may be stopped for a while.
pub(super) struct Server {
    part: Option<Part>,
    port: u16,
    folder: PathBuf,
    arguments: Vec<String>,
}

impl Server {
    /// Starts one on a free port; it is ready when this returns.
    pub(super) fn start(folder: &Path, pki: &Pki, etcd: &Etcd, accounts: bool) -> Self {
        let arguments = prepare(folder, pki, etcd, accounts);
        let mut server = Self { part: None, port: 0, folder: folder.to_owned(), arguments };
        for _ in 0..PORTS {
            server.port = free_port();
            if server.try_start(pki) {
                return server;
            }
        }
        panic!("no port stays free\n{}", server.said());
    }

    /// Starts it anew where it was.
    pub(super) fn start_again(&mut self, pki: &Pki) {
        assert!(self.try_start(pki), "its port was taken meanwhile\n{}", self.said());
    }

    /// Kills it.
    pub(super) fn stop(&mut self) {
        self.part = None;
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The end of what it has said.
    pub(super) fn said(&self) -> String {
        self.part.as_ref().map(Part::said).unwrap_or_default()
    }

    /// Whether it got its port.
    fn try_start(&mut self, pki: &Pki) -> bool {
        let port = [format!("--secure-port={}", self.port)];
        let part = Part::start(&self.folder, &program("kube-apiserver"), &[&self.arguments[..], &port].concat());
        let part = self.part.insert(part);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let (tls, end) = (pki.to_server(), Instant::now() + PATIENCE);
        // Nobody tells when it is ready; another's server at this port would not be believed.
        while !matches!(wire::get(address, &tls, TOKEN, "/readyz"), Ok((200, _))) {
            if !part.is_alive() {
                let said = part.said();
                assert!(said.contains("address already in use"), "the API server has ended\n{said}");
                return false;
            }
            assert!(Instant::now() < end, "the API server does not become ready\n{}", part.said());
            std::thread::sleep(Duration::from_millis(20));
        }
        true
    }
}

/// Writes the files that it needs, and gives its arguments but for the port.
fn prepare(folder: &Path, pki: &Pki, etcd: &Etcd, accounts: bool) -> Vec<String> {
    let (pair, account) = (pki.server(None), KeyPair::generate().unwrap());
    let files = [
        ("ca.crt", pki.authority()),
        ("server.crt", pair.certificate),
        ("server.key", pair.key),
        ("sa.key", account.serialize_pem()),
        ("sa.pub", account.public_key_pem()),
        ("tokens.csv", format!("{TOKEN},admin,admin,system:masters\n")),
    ];
    for (name, text) in files {
        write_secret(&folder.join(name), &text);
    }
    let file = |flag: &str, name: &str| format!("--{flag}={}", folder.join(name).display());
    let mut arguments = vec![
        format!("--etcd-servers=unix://{}", etcd.socket().display()),
        format!("--etcd-prefix={}", etcd.prefix()),
        file("tls-cert-file", "server.crt"),
        file("tls-private-key-file", "server.key"),
        file("token-auth-file", "tokens.csv"),
        file("client-ca-file", "ca.crt"),
        file("service-account-key-file", "sa.pub"),
        file("service-account-signing-key-file", "sa.key"),
    ];
    let plain = [
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--allow-privileged",
        // A kubelet's name means nothing to the resolver.
        "--kubelet-preferred-address-types=InternalIP,Hostname",
        "--profiling=false",
        "--shutdown-delay-duration=0s",
    ];
    arguments.extend(plain.map(str::to_owned));
    if !accounts {
        arguments.push("--disable-admission-plugins=ServiceAccount".into());
    }
    arguments
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}
