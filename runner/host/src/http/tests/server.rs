use std::path::Path;

use runner_sdk::ErrorKind;
use runner_sdk::world::{Http, HttpRequest, ServeFolder};

use super::{RealHttp, Server, get, header};

#[tokio::test]
async fn a_folder_is_served_with_its_types_and_logged() {
    let (server, http) = (Server::plain().await, RealHttp::new());
    server.write("data.json", b"{}");
    let page = http.request(get(server.url("/"))).await.unwrap();
    assert_eq!((page.status, page.body.as_slice()), (200, b"<p>hello".as_slice()));
    assert_eq!(header(&page, "content-type"), "text/html; charset=utf-8");
    assert_eq!(page.certificate, None);
    let data = http.request(get(server.url("/data.json?x=1"))).await.unwrap();
    assert_eq!(header(&data, "content-type"), "application/json");
    let head = http.request(HttpRequest { method: "HEAD".into(), ..get(server.url("/")) }).await.unwrap();
    assert_eq!((head.status, head.body.len(), header(&head, "content-length")), (200, 0, "8"));
    let post = http.request(HttpRequest { method: "POST".into(), ..get(server.url("/")) }).await.unwrap();
    assert_eq!((post.status, header(&post, "allow")), (405, "GET, HEAD"));
    assert_eq!(http.request(get(server.url("/none"))).await.unwrap().status, 404);
    for line in ["GET / 200 8", "GET /data.json 200 2", "HEAD / 200 8", "POST / 405 ", "GET /none 404 "] {
        server.logged(line).await;
    }
}

#[tokio::test]
async fn a_large_file_arrives_whole_and_an_empty_one_empty() {
    let (server, http) = (Server::plain().await, RealHttp::new());
    let bytes: Vec<u8> = (0..5_000_000_u32).map(|i| (i % 251) as u8).collect();
    server.write("large", &bytes);
    server.write("empty", b"");
    let large = http.request(HttpRequest { max_body: bytes.len(), ..get(server.url("/large")) }).await.unwrap();
    assert_eq!(large.body, bytes);
    assert_eq!(http.request(get(server.url("/empty"))).await.unwrap().body, b"");
    let refused = http.request(HttpRequest { max_body: 4 << 20, ..get(server.url("/large")) }).await.unwrap_err();
    assert_eq!((refused.kind, refused.message.as_str()), (ErrorKind::Permanent, "the answer is larger than `4Mi`"));
}

#[tokio::test]
async fn a_folder_without_its_slash_redirects_there() {
    let (server, http) = (Server::plain().await, RealHttp::new());
    std::fs::create_dir(server.folder.path().join("www/sub")).unwrap();
    server.write("sub/index.html", b"sub");
    let moved = http.request(get(server.url("/sub"))).await.unwrap();
    assert_eq!((moved.status, header(&moved, "location")), (301, "./sub/"));
    let followed = http.request(HttpRequest { follow_redirects: true, ..get(server.url("/sub")) }).await.unwrap();
    assert_eq!((followed.status, followed.body.as_slice()), (200, b"sub".as_slice()));
}

/// Sends bytes as they are, since the client cleans paths up, and gives the first line of the answer.
async fn raw(server: &Server, path: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn nothing_outside_the_folder_is_served() {
    let server = Server::plain().await;
    std::fs::write(server.folder.path().join("secret"), "secret").unwrap();
    std::os::unix::fs::symlink("../secret", server.folder.path().join("www/link")).unwrap();
    for path in ["/../secret", "/%2e%2e/secret", "/..%2fsecret", "/x/../../secret"] {
        assert_eq!(raw(&server, path).await, "HTTP/1.1 400 Bad Request", "{path}");
    }
    assert_eq!(raw(&server, "/link").await, "HTTP/1.1 404 Not Found");
    assert_eq!(raw(&server, "/").await, "HTTP/1.1 200 OK");
}

#[tokio::test]
async fn a_server_says_why_it_cannot_listen() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let serve = |folder: &Path, tls| {
        let serve = ServeFolder { folder: folder.to_owned(), address: taken.local_addr().unwrap(), tls };
        async move { RealHttp::new().serve(serve, Box::new(|_| panic!("it listens")), Box::new(|_| {})).await.unwrap_err() }
    };
    let error = serve(folder.path(), None).await;
    assert_eq!(error.kind, ErrorKind::Transient);
    assert!(error.message.ends_with("another process does"), "{error}");
    let error = serve(&folder.path().join("none"), None).await;
    assert!(error.message.starts_with("there is no folder `"), "{error}");
    let error = serve(folder.path(), Some((folder.path().join("a"), folder.path().join("b")))).await;
    assert!(error.message.starts_with("cannot read `"), "{error}");
}
