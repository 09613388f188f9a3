//! As much HTTP over TLS as a control plane and its proxy need: one request a connection.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::{ClientConfig, ClientConnection, StreamOwned};

/// A connection to a server.
pub type ToServer = StreamOwned<ClientConnection, TcpStream>;

/// Connects.
pub fn connect(server: SocketAddr, tls: &Arc<ClientConfig>) -> io::Result<ToServer> {
    let stream = TcpStream::connect(server)?;
    stream.set_nodelay(true)?;
    let tls = ClientConnection::new(Arc::clone(tls), server.ip().into()).map_err(io::Error::other)?;
    Ok(StreamOwned::new(tls, stream))
}

/// Asks, and gives status and body.
pub fn get(server: SocketAddr, tls: &Arc<ClientConfig>, token: &str, path: &str) -> io::Result<(u16, String)> {
    let mut server = connect(server, tls)?;
    write!(
        server,
        "GET {path} HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nAccept: application/json\r\n\r\n"
    )?;
    let mut bytes = Vec::new();
    server.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").ok_or(io::ErrorKind::InvalidData)?;
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    Ok((status, body.to_owned()))
}

/// A request as it was read.
pub struct Request {
    /// Method, path and query: `GET /api/v1/pods?watch=true`.
    pub line: String,
    /// Head and body, to be sent on: it asks that the connection be closed after the answer.
    pub bytes: Vec<u8>,
}

impl Request {
    /// Reads one. Only bodies whose length is told are understood.
    pub fn read(from: &mut impl Read) -> io::Result<Self> {
        let (head, mut body) = read_head(from)?;
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let line = first.trim_end_matches(" HTTP/1.1").to_owned();
        let mut sent_on = format!("{first}\r\nConnection: close\r\n");
        let mut length = 0;
        for line in lines {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            match name.to_ascii_lowercase().as_str() {
                "connection" => continue,
                "content-length" => length = value.trim().parse().map_err(io::Error::other)?,
                "transfer-encoding" => return Err(io::Error::other("a body of unknown length")),
                _ => {}
            }
            sent_on.push_str(line);
            sent_on.push_str("\r\n");
        }
        let read = body.len();
        body.resize(length.max(read), 0);
        from.read_exact(&mut body[read..])?;
        let bytes = [sent_on.as_bytes(), b"\r\n", &body].concat();
        Ok(Self { line, bytes })
    }
}

/// Reads until the end of a head; gives it, without its last line breaks, and what of the body came with it.
pub fn read_head(from: &mut impl Read) -> io::Result<(String, Vec<u8>)> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 16 * 1024]);
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let body = bytes.split_off(end + 4);
            bytes.truncate(end);
            return Ok((String::from_utf8_lossy(&bytes).into_owned(), body));
        }
        match from.read(&mut chunk)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => bytes.extend(&chunk[..read]),
        }
    }
}
