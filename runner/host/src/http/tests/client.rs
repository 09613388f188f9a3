use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use runner_sdk::ErrorKind;
use runner_sdk::world::{Http, HttpRequest};

use super::{RealHttp, get};

#[tokio::test]
async fn a_refused_connection_and_an_unknown_name_may_work_later() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let http = RealHttp::new();
    let error = http.request(get(format!("http://{address}/"))).await.unwrap_err();
    let expected = format!("cannot connect to `{address}`: connection refused");
    assert_eq!((error.kind, error.message), (ErrorKind::Transient, expected));
    let error = http.request(get("http://does-not-exist.invalid/")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Transient);
    assert!(error.message.starts_with("cannot resolve `does-not-exist.invalid`: "), "{error}");
}

/// A server that reads a request, writes `answer`, and then waits for the client to go.
fn odd(answer: &'static [u8], hold: bool) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(answer);
        while hold && matches!(stream.read(&mut [0; 64]), Ok(1..)) {}
    });
    address
}

#[tokio::test]
async fn a_server_that_is_silent_or_stops_halfway_is_given_up() {
    let http = RealHttp::new();
    for answer in [b"".as_slice(), b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"] {
        let slow = odd(answer, true);
        let request = HttpRequest { timeout: Some(Duration::from_millis(100)), ..get(format!("http://{slow}/")) };
        let error = http.request(request).await.unwrap_err();
        let expected = format!("no answer from `{slow}` within 100ms");
        assert_eq!((error.kind, error.message), (ErrorKind::Transient, expected));
        let broken = odd(answer, false);
        let error = http.request(get(format!("http://{broken}/"))).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Transient);
        assert!(error.message.starts_with(&format!("the exchange with `{broken}` broke off: ")), "{error}");
    }
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&vec![b'x'; 65_536]).is_ok() {}
    });
    let error = RealHttp::new().request(get(format!("http://{address}/"))).await.unwrap_err();
    assert_eq!(error.message, "the answer is larger than `1Mi`");
}

#[tokio::test]
async fn a_redirect_circle_ends() {
    let circle = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = circle.local_addr().unwrap();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = circle.accept() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 302 Found\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let request = HttpRequest { follow_redirects: true, ..get(format!("http://{address}/")) };
    let error = RealHttp::new().request(request).await.unwrap_err();
    assert_eq!((error.kind, error.message), (ErrorKind::Permanent, format!("`{address}` redirects too often")));
}

#[tokio::test]
async fn what_cannot_be_sent_is_the_authors_mistake() {
    let http = RealHttp::new();
    let bad = [
        get("not a url"),
        get("ftp://127.0.0.1/"),
        get("http://"),
        HttpRequest { method: "GE T".into(), ..get("http://127.0.0.1:1/") },
        HttpRequest { headers: vec![("a b".into(), "c".into())], ..get("http://127.0.0.1:1/") },
        HttpRequest { headers: vec![("a".into(), "secret\n".into())], ..get("http://127.0.0.1:1/") },
        HttpRequest { authorities: b"no pem".to_vec(), ..get("https://127.0.0.1:1/") },
        HttpRequest { only_authorities: true, ..get("https://127.0.0.1:1/") },
        HttpRequest { connect_to: Some("127.0.0.2:1".parse().unwrap()), ..get("https://127.0.0.1:1/") },
    ];
    for request in bad {
        let error = http.request(request.clone()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Input, "{request:?}: {error}");
        assert!(!error.message.contains("secret"));
    }
}

#[tokio::test]
async fn headers_and_bodies_are_sent_and_the_name_stays_when_turned() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"body!") {
            stream.read_buf(&mut seen).await.unwrap();
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\nX-Two: 1\r\nx-two: 2\r\n\r\n").await.unwrap();
        String::from_utf8(seen).unwrap()
    });
    let request = HttpRequest {
        method: "PATCH".into(),
        headers: vec![("X-Own".into(), "ü".into())],
        body: b"body!".to_vec(),
        connect_to: Some(address),
        ..get("http://name.test:1234/path?q=1")
    };
    let response = RealHttp::new().request(request).await.unwrap();
    let two: Vec<_> = response.headers.iter().filter(|(name, _)| name == "x-two").map(|(_, v)| v.as_str()).collect();
    assert_eq!((response.status, two), (204, vec!["1", "2"]));
    let seen = server.await.unwrap();
    assert!(seen.starts_with("PATCH /path?q=1 HTTP/1.1\r\n"), "{seen}");
    for line in ["host: name.test:1234\r\n", "x-own: ü\r\n", "content-length: 5\r\n", "user-agent: runner/"] {
        assert!(seen.to_lowercase().contains(line), "{seen}");
    }
}

#[tokio::test]
async fn only_methods_that_carry_a_body_say_that_it_is_empty() {
    let http = RealHttp::new();
    for (method, said) in [("GET", false), ("DELETE", false), ("POST", true), ("PUT", true)] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut seen = vec![0; 4096];
            let count = stream.read(&mut seen).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
            String::from_utf8_lossy(&seen[..count]).to_lowercase()
        });
        http.request(HttpRequest { method: method.into(), ..get(url) }).await.unwrap();
        assert_eq!(server.join().unwrap().contains("content-length: 0"), said, "{method}");
    }
}
