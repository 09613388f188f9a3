//! The client.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::tls::TlsInfo;
use reqwest::{Client, Method, Url};
use runner_sdk::world::{HttpRequest, HttpResponse};
use runner_sdk::{Error, Result, unit};

use super::{failure, trust};

/// How long a connection may take to be made. An address that swallows packets would otherwise hold a step for minutes.
const CONNECT: Duration = Duration::from_secs(30);
/// Redirects followed at most.
const REDIRECTS: usize = 10;
/// Clients kept, one for each set of options in use.
const CLIENTS: usize = 16;
/// Response bytes for which room is made before they are there.
const ROOM: u64 = 1 << 20;

/// HTTP over the machine's network. Proxies named by the environment are used as other tools do, but never for this
/// machine itself nor with `connect_to`.
#[derive(Debug, Default)]
pub struct RealHttp {
    clients: Mutex<Vec<(Options, Client)>>,
}

/// What a client is built for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Options {
    authorities: Vec<u8>,
    only_authorities: bool,
    connect_to: Option<(String, SocketAddr)>,
    follow_redirects: bool,
    direct: bool,
}

impl RealHttp {
    /// HTTP without any client yet: they are made when they are asked for.
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        let mut url = Url::parse(&request.url)
            .map_err(|error| Error::input(format!("`{}` is not a url: {error}", request.url)))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::input(format!("`{}` is not an http or https url", request.url)));
        }
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| Error::input(format!("`{}` is not an HTTP method", request.method)))?;
        let mut headers = headers(&request.headers)?;
        let connect_to = match request.connect_to {
            Some(address) => Some(turn(&mut url, &mut headers, address)?),
            None => None,
        };
        let options = Options {
            authorities: request.authorities,
            only_authorities: request.only_authorities,
            direct: connect_to.is_some() || is_this_machine(&url),
            connect_to,
            follow_redirects: request.follow_redirects,
        };
        // RFC 9110, 8.6: a method that expects a body says so when it is empty; others keep silent about it.
        if request.body.is_empty() && matches!(method, Method::POST | Method::PUT | Method::PATCH) {
            headers.entry(CONTENT_LENGTH).or_insert(HeaderValue::from_static("0"));
        }
        let mut sending = self.client(options)?.request(method, url.clone()).headers(headers);
        if !request.body.is_empty() {
            sending = sending.body(request.body);
        }
        if let Some(timeout) = request.timeout {
            sending = sending.timeout(timeout);
        }
        let failed = |error| failure::of(&error, &url, request.timeout);
        let mut response = sending.send().await.map_err(failed)?;
        let too_large =
            || Error::permanent(format!("the answer is larger than `{}`", unit::Size(request.max_body as u64)));
        let length = response.content_length().unwrap_or_default();
        if length > request.max_body as u64 {
            return Err(too_large());
        }
        let mut body = Vec::with_capacity(usize::try_from(length.min(ROOM)).unwrap_or_default());
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > request.max_body {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpResponse {
            status: response.status().as_u16(),
            headers: response.headers().iter().map(text).collect(),
            certificate: response.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate).map(Vec::from),
            body,
        })
    }

    fn client(&self, options: Options) -> Result<Client> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = clients.iter().find(|(known, _)| *known == options) {
            return Ok(client.clone());
        }
        let client = build(&options)?;
        if clients.len() == CLIENTS {
            clients.remove(0);
        }
        clients.push((options, client.clone()));
        Ok(client)
    }
}

fn build(options: &Options) -> Result<Client> {
    let mut tls = trust::client(&options.authorities, options.only_authorities)?;
    // HTTP/2 has no `host` header to say the name that `connect_to` was turned away from.
    let protocols: &[&[u8]] = if options.connect_to.is_some() { &[b"http/1.1"] } else { &[b"h2", b"http/1.1"] };
    tls.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let redirects = if options.follow_redirects { Policy::limited(REDIRECTS) } else { Policy::none() };
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .tls_info(true)
        .redirect(redirects)
        .connect_timeout(CONNECT)
        .user_agent(concat!("runner/", env!("CARGO_PKG_VERSION")))
        // A kept connection shows the certificate of when it was made.
        .pool_max_idle_per_host(0);
    if options.direct {
        builder = builder.no_proxy();
    }
    if let Some((name, address)) = &options.connect_to {
        builder = builder.resolve(name, *address);
    }
    builder.build().map_err(|error| Error::permanent(format!("no HTTP client can be made: {error}")))
}

/// Turns a URL to another address. Its name stays for TLS and the `host` header; its port goes into the header alone.
/// Gives the name to resolve and its address.
fn turn(url: &mut Url, headers: &mut HeaderMap, address: SocketAddr) -> Result<(String, SocketAddr)> {
    let host = url.host_str().unwrap_or_default().to_owned();
    let authority = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
    let whole = url.to_string();
    let bad = || Error::input(format!("`{whole}` cannot be turned to `{address}`"));
    if let Some(own) = ip(&host)
        && own != address.ip()
    {
        if url.scheme() == "https" {
            return Err(Error::input(format!("`{host}` is an address, and cannot be turned to `{address}`"))
                .hint("write the name that stands in the server's certificate in the url"));
        }
        url.set_ip_host(address.ip()).map_err(|()| bad())?;
    }
    let value = HeaderValue::from_str(&authority).map_err(|_| bad())?;
    headers.entry(HOST).or_insert(value);
    url.set_port(Some(address.port())).map_err(|()| bad())?;
    Ok((host, address))
}

fn headers(headers: &[(String, String)]) -> Result<HeaderMap> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let key = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Error::input(format!("`{name}` is not a header's name")))?;
        // The value may be secret: it is not shown.
        let value = HeaderValue::from_str(value).map_err(|_| {
            Error::input(format!("the value of header `{name}` has a character that headers cannot have"))
                .hint("a line break at its end is a common one")
        })?;
        map.append(key, value);
    }
    Ok(map)
}

fn text((name, value): (&HeaderName, &HeaderValue)) -> (String, String) {
    (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    host == "localhost" || host.ends_with(".localhost") || ip(host).is_some_and(|ip| ip.is_loopback())
}

fn ip(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}
