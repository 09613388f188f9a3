//! A proxy before an API server that misbehaves when it is told to.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::SystemTime;

use rustls::{ClientConfig, ServerConfig, ServerConnection, StreamOwned};

use super::fault::{self, Fault, Rule};
use super::wire::{self, Request};
use super::{ControlPlane, Kubectl, Login, Pki};

/// Passes on requests to an API server, one each connection, but for those that are to meet a [`Fault`]. Users come through it by
/// their tokens, not by certificates; what needs an upgraded connection (`kubectl exec`) does not come through.
pub struct Proxy {
    pki: Arc<Pki>,
    address: SocketAddr,
    kubeconfig: PathBuf,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    server: SocketAddr,
    to_server: Arc<ClientConfig>,
    to_clients: Mutex<Arc<ServerConfig>>,
    rules: Mutex<Vec<Rule>>,
    requests: Mutex<Vec<String>>,
    // Both ends of every connection, by their number.
    open: Mutex<BTreeMap<usize, Vec<TcpStream>>>,
    over: AtomicBool,
}

type ToClient = StreamOwned<ServerConnection, TcpStream>;

impl Proxy {
    /// Before this one's API server.
    pub(super) fn before(plane: &ControlPlane) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            server: plane.address(),
            to_server: plane.pki.to_server(),
            to_clients: Mutex::new(plane.pki.server(None).to_clients()),
            rules: Mutex::default(),
            requests: Mutex::default(),
            open: Mutex::default(),
            over: AtomicBool::new(false),
        });
        let accepting = Some(std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        }));
        let kubeconfig = plane.write_kubeconfig(&format!("kubeconfig-{}", address.port()), address, Login::Token);
        Self { pki: Arc::clone(&plane.pki), address, kubeconfig, shared, accepting }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A kubeconfig that leads through it.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// `kubectl` through it.
    pub fn kubectl(&self) -> Kubectl {
        Kubectl::new(&self.kubeconfig)
    }

    /// The next so many requests whose method, path and query contain the pattern (`GET /api/v1/pods`, `watch=true`) meet a fault.
    /// Of the faults that are about a request, the first that was asked for is met first.
    pub fn fault(&self, times: usize, pattern: &str, fault: Fault) {
        self.shared.rules.lock().unwrap().push(Rule { pattern: pattern.to_owned(), times, fault });
    }

    /// Nothing meets a fault any more.
    pub fn mend(&self) {
        self.shared.rules.lock().unwrap().clear();
    }

    /// Cuts all connections that are open.
    pub fn sever(&self) {
        self.shared.sever();
    }

    /// From the next connection on, its certificate is one that ends, or has ended, then.
    pub fn expire(&self, at: SystemTime) {
        *self.shared.to_clients.lock().unwrap() = self.pki.server(Some(at)).to_clients();
    }

    /// Method, path and query of the requests so far, faults included.
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // It waits for a connection.
        let _ = TcpStream::connect(self.address);
        let _ = self.accepting.take().map(JoinHandle::join);
        self.shared.sever();
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for (number, client) in listener.incoming().enumerate() {
        if shared.over.load(Ordering::SeqCst) {
            return;
        }
        let (Ok(client), shared) = (client, Arc::clone(shared)) else { continue };
        std::thread::spawn(move || {
            // What goes wrong here the client sees as well.
            let _ = shared.serve(number, client);
            let streams = shared.open.lock().unwrap().remove(&number);
            streams.iter().flatten().for_each(end);
        });
    }
}

impl Shared {
    fn serve(&self, number: usize, client: TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        self.keep(number, &client)?;
        let tls = ServerConnection::new(Arc::clone(&self.to_clients.lock().unwrap())).map_err(io::Error::other)?;
        let mut client = StreamOwned::new(tls, client);
        let request = Request::read(&mut client)?;
        self.requests.lock().unwrap().push(request.line.clone());
        let fault = fault::take(&mut self.rules.lock().unwrap(), &request.line);
        if let Some(answer) = fault.and_then(|fault| fault.answer(&request.line)) {
            client.write_all(answer.as_bytes())?;
            return farewell(&mut client);
        }
        match fault {
            Some(Fault::Drop) => Ok(()),
            Some(Fault::Cut(length)) => self.pass(number, &mut client, &request, Some(length)),
            Some(Fault::Delay(time)) => {
                std::thread::sleep(time);
                self.pass(number, &mut client, &request, None)
            }
            _ => self.pass(number, &mut client, &request, None),
        }
    }

    /// Passes on a request, and its answer up to so many bytes of the body.
    fn pass(&self, number: usize, client: &mut ToClient, request: &Request, limit: Option<usize>) -> io::Result<()> {
        let mut server = wire::connect(self.server, &self.to_server)?;
        self.keep(number, &server.sock)?;
        server.write_all(&request.bytes)?;
        // A client that goes away, or says more than it should, ends the request at the server, too.
        let (from, to) = (client.sock.try_clone()?, server.sock.try_clone()?);
        std::thread::spawn(move || {
            let _ = from.peek(&mut [0]);
            end(&to);
        });
        let (head, mut body) = wire::read_head(&mut server)?;
        let mut left = limit.unwrap_or(usize::MAX);
        if left == 0 {
            return Ok(());
        }
        write!(client, "{head}\r\n\r\n")?;
        let mut chunk = vec![0; 16 * 1024];
        loop {
            client.write_all(&body[..body.len().min(left)])?;
            client.flush()?;
            left -= body.len().min(left);
            if left == 0 {
                return Ok(());
            }
            match server.read(&mut chunk) {
                Ok(0) => return farewell(client),
                // A server that was killed says no farewell, and so nor do we.
                Err(error) => return Err(error),
                Ok(read) => body = chunk[..read].to_vec(),
            }
        }
    }

    fn keep(&self, number: usize, stream: &TcpStream) -> io::Result<()> {
        self.open.lock().unwrap().entry(number).or_default().push(stream.try_clone()?);
        Ok(())
    }

    fn sever(&self) {
        self.open.lock().unwrap().values().flatten().for_each(end);
    }
}

/// Ends a connection, whoever else holds it.
fn end(stream: &TcpStream) {
    let _ = stream.shutdown(Shutdown::Both);
}

/// Says that nothing more comes, so that the client can tell a whole answer from a cut one.
fn farewell(client: &mut ToClient) -> io::Result<()> {
    client.conn.send_close_notify();
    client.flush()
}
