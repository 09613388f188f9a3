//! A server of one folder.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http_body_util::{Either, Full};
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use runner_sdk::world::ServeFolder;
use runner_sdk::{Error, Result};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::page::{self, Page};
use super::pair::Pair;

/// How long a client may take for its handshake, and for the head of each request.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long nothing is accepted after accepting failed, which it does when this process has too many files open.
const PAUSE: Duration = Duration::from_millis(100);
/// How much of a file is read at once.
const CHUNK: usize = 64 * 1024;

type Answer = Response<Either<Full<Bytes>, FileBody>>;

/// Serves until dropped, which ends every connection.
pub(super) async fn serve(
    serve: ServeFolder,
    listening: Box<dyn FnOnce(SocketAddr) + Send + '_>,
    log: Box<dyn Fn(&str) + Send + Sync + '_>,
) -> Result<()> {
    if !serve.folder.is_dir() {
        return Err(Error::permanent(format!("there is no folder `{}` to serve", serve.folder.display())));
    }
    let mut pair = serve.tls.map(|(certificate, key)| Pair::read(certificate, key)).transpose()?;
    let listener = TcpListener::bind(serve.address).await.map_err(|error| refused(serve.address, &error))?;
    listening(listener.local_addr().map_err(|error| refused(serve.address, &error))?);
    let root: Arc<Path> = serve.folder.into();
    // Connections are tasks of their own; what they have to say comes back here.
    let (say, mut said) = unbounded_channel();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let tls = pair.as_mut().map(|pair| TlsAcceptor::from(pair.current(&log)));
                    connections.spawn(connection(stream, peer, tls, Arc::clone(&root), say.clone()));
                }
                Err(error) => {
                    log(&format!("cannot accept a connection: {error}"));
                    tokio::time::sleep(PAUSE).await;
                }
            },
            Some(line) = said.recv() => log(&line),
            Some(_) = connections.join_next() => {}
        }
    }
}

fn refused(address: SocketAddr, error: &io::Error) -> Error {
    let what = format!("cannot listen on `{address}`");
    match error.kind() {
        // Whoever has it may be about to end.
        io::ErrorKind::AddrInUse => {
            Error::transient(format!("{what}: another process does")).hint("port `0` takes a free one")
        }
        io::ErrorKind::PermissionDenied => {
            Error::permanent(format!("{what}: permission denied")).hint("ports below 1024 belong to root")
        }
        io::ErrorKind::AddrNotAvailable => Error::permanent(format!("{what}: this machine does not have the address")),
        _ => Error::permanent(format!("{what}: {error}")),
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    root: Arc<Path>,
    say: UnboundedSender<String>,
) {
    let Some(tls) = tls else {
        return requests(stream, peer, root, say).await;
    };
    match tokio::time::timeout(PATIENCE, tls.accept(stream)).await {
        Ok(Ok(stream)) => requests(stream, peer, root, say).await,
        // Whoever only asks whether the port is open.
        Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {}
        Ok(Err(error)) => {
            let _ = say.send(format!("{peer} no TLS handshake: {error}"));
        }
        Err(_) => {
            let _ = say.send(format!("{peer} no TLS handshake in time"));
        }
    }
}

async fn requests(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: SocketAddr,
    root: Arc<Path>,
    say: UnboundedSender<String>,
) {
    let service = service_fn(|request: Request<hyper::body::Incoming>| {
        let (root, say) = (Arc::clone(&root), say.clone());
        async move {
            let (method, path) = (request.method().clone(), request.uri().path().to_owned());
            let (answer, size) = answer(&method, &path, root.to_path_buf()).await;
            let _ = say.send(format!("{peer} {method} {} {} {size}", path.escape_debug(), answer.status().as_u16()));
            Ok::<_, Infallible>(answer)
        }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    // A client that goes away in the middle is its own affair.
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

/// The answer to a request, and the size of its body in bytes.
async fn answer(method: &Method, path: &str, root: PathBuf) -> (Answer, u64) {
    if !matches!(*method, Method::GET | Method::HEAD) {
        let (mut answer, size) = short(StatusCode::METHOD_NOT_ALLOWED);
        answer.headers_mut().insert(ALLOW, hyper::header::HeaderValue::from_static("GET, HEAD"));
        return (answer, size);
    }
    let asked = path.to_owned();
    let found = tokio::task::spawn_blocking(move || page::find(&root, &asked)).await;
    match found.unwrap_or(Page::Missing) {
        Page::File { file, size, content_type } => {
            let body = FileBody { file: file.into(), left: size, chunk: vec![0; CHUNK] };
            let mut answer = Response::new(Either::Right(body));
            answer.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(content_type));
            answer.headers_mut().insert(CONTENT_LENGTH, size.into());
            (answer, size)
        }
        Page::Folder => {
            let (mut answer, size) = short(StatusCode::MOVED_PERMANENTLY);
            // Relative to the folder's parent, so that no path is taken for a host's name.
            let name = path.rsplit('/').next().unwrap_or_default();
            if let Ok(location) = hyper::header::HeaderValue::from_str(&format!("./{name}/")) {
                answer.headers_mut().insert(LOCATION, location);
            }
            (answer, size)
        }
        Page::Missing => short(StatusCode::NOT_FOUND),
        Page::Forbidden => short(StatusCode::FORBIDDEN),
        Page::Malformed => short(StatusCode::BAD_REQUEST),
    }
}

/// An answer that says nothing but its status.
fn short(status: StatusCode) -> (Answer, u64) {
    let text = format!("{status}\n");
    let size = text.len() as u64;
    let mut answer = Response::new(Either::Left(Full::new(Bytes::from(text))));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("text/plain; charset=utf-8"));
    (answer, size)
}

/// A file as a body, as long as it was when it was opened.
struct FileBody {
    file: tokio::fs::File,
    left: u64,
    chunk: Vec<u8>,
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, poll: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let this = &mut *self;
        let room = usize::try_from(this.left).unwrap_or(CHUNK).min(CHUNK);
        let mut chunk = ReadBuf::new(&mut this.chunk[..room]);
        ready!(Pin::new(&mut this.file).poll_read(poll, &mut chunk))?;
        let read = chunk.filled();
        if read.is_empty() {
            // Cut meanwhile: the client sees that the answer is not whole.
            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
        }
        this.left -= read.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(Bytes::copy_from_slice(read)))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
