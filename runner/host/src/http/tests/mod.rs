mod client;
mod server;
mod tls;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use runner_sdk::world::{Http, HttpRequest, HttpResponse, ServeFolder};
use tokio::sync::oneshot;

use super::RealHttp;

fn get(url: impl Into<String>) -> HttpRequest {
    HttpRequest {
        method: "GET".into(),
        url: url.into(),
        headers: Vec::new(),
        body: Vec::new(),
        authorities: Vec::new(),
        only_authorities: false,
        connect_to: None,
        follow_redirects: false,
        timeout: Some(Duration::from_secs(20)),
        max_body: 1 << 20,
    }
}

fn header<'a>(response: &'a HttpResponse, name: &str) -> &'a str {
    response.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Writes `tls.crt` and `tls.key` for `name` into the folder, and gives the serial number.
fn issue(authority: &Authority, name: &str, folder: &Path, serial: u8) {
    let mut params = CertificateParams::new(vec![name.to_owned(), "127.0.0.1".to_owned()]).unwrap();
    params.serial_number = Some(vec![serial].into());
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    std::fs::write(folder.join("tls.key"), key.serialize_pem()).unwrap();
    std::fs::write(folder.join("tls.crt"), certificate.pem()).unwrap();
}

fn serial(response: &HttpResponse) -> Vec<u8> {
    let der = response.certificate.as_ref().unwrap();
    x509_parser::parse_x509_certificate(der).unwrap().1.raw_serial().to_vec()
}

/// A folder with a page, served until dropped.
struct Server {
    folder: tempfile::TempDir,
    address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    async fn start(prepare: impl FnOnce(&Path) -> bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("www")).unwrap();
        std::fs::write(folder.path().join("www/index.html"), "<p>hello").unwrap();
        let tls = prepare(folder.path()).then(|| (folder.path().join("tls.crt"), folder.path().join("tls.key")));
        let serve = ServeFolder { folder: folder.path().join("www"), address: "127.0.0.1:0".parse().unwrap(), tls };
        let (tell, told) = oneshot::channel();
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&log);
        let task = tokio::spawn(async move {
            let listening = Box::new(move |address| tell.send(address).unwrap());
            let log = Box::new(move |line: &str| lines.lock().unwrap().push(line.to_owned()));
            RealHttp::new().serve(serve, listening, log).await.unwrap();
        });
        Self { folder, address: told.await.unwrap(), log, task }
    }

    async fn plain() -> Self {
        Self::start(|_| false).await
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.path().join("www").join(name), bytes).unwrap();
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits until a line with `text` was logged: that happens beside the answer.
    async fn logged(&self, text: &str) {
        let limit = std::time::Instant::now() + Duration::from_secs(10);
        while !self.log.lock().unwrap().iter().any(|line| line.contains(text)) {
            assert!(std::time::Instant::now() < limit, "no `{text}` in {:?}", self.log.lock().unwrap());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// A request over TLS for the name `a.test`.
    fn secure(&self, authority: &Authority) -> HttpRequest {
        HttpRequest {
            authorities: authority.pem().into_bytes(),
            only_authorities: true,
            connect_to: Some(self.address),
            ..get("https://a.test/")
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
