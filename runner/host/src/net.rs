//! Plain connections.

use std::io;
use std::time::Duration;

use runner_sdk::Future;
use runner_sdk::unit;
use runner_sdk::world::Net;
use tokio::net::TcpStream;

/// Connections over the machine's network. Every address of a name is tried in turn.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealNet;

impl Net for RealNet {
    fn connect<'a>(&'a self, host: &'a str, port: u16, timeout: Duration) -> Future<'a, io::Result<()>> {
        // `[::1]` is how people write an IPv6 address next to a port; the resolver wants it bare.
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        Box::pin(async move {
            let late = |_| {
                let message = format!("no answer within {}", unit::Duration(timeout));
                io::Error::new(io::ErrorKind::TimedOut, message)
            };
            let connecting = tokio::time::timeout(timeout, TcpStream::connect((bare, port)));
            connecting.await.map_err(late)?.map(drop)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn a_listener_is_reached_and_a_closed_port_is_refused() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        RealNet.connect("127.0.0.1", port, SOON).await.unwrap();
        drop(listener);
        let refused = RealNet.connect("127.0.0.1", port, SOON).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[tokio::test]
    async fn brackets_around_an_address_are_understood() {
        let Ok(listener) = std::net::TcpListener::bind("[::1]:0") else {
            return;
        };
        let port = listener.local_addr().unwrap().port();
        RealNet.connect("[::1]", port, SOON).await.unwrap();
    }

    #[tokio::test]
    async fn an_address_that_never_answers_times_out() {
        // A listener whose queue is full drops further connection requests.
        let listener = tokio::net::TcpSocket::new_v4().unwrap();
        listener.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = listener.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let queued: Vec<_> = (0..4).map(|_| start_connecting(address)).collect();
        let late = RealNet.connect("127.0.0.1", address.port(), Duration::from_millis(50)).await.unwrap_err();
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
        assert_eq!(late.to_string(), "no answer within 50ms");
        drop(queued);
    }

    /// A connection under way that nobody waits for.
    fn start_connecting(address: std::net::SocketAddr) -> rustix::fd::OwnedFd {
        use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with};
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).unwrap();
        let _ = connect(&socket, &address);
        socket
    }
}
