//! `http.request`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use runner_sdk::unit::{Duration, Size};
use runner_sdk::world::{HttpRequest, HttpResponse};
use runner_sdk::{Context, Error, Example, InProcess, Result, Step};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::response::{self, Output, Read};
use super::status::{self, Statuses};
use crate::shared::word::Word;

/// How much of an unexpected answer is logged, in characters.
const EXCERPT: usize = 2000;

/// Sends an HTTP request and reads the answer.
///
/// An answer whose status is not expected fails the step: 408, 425, 429 and 5xx may pass and are retried, others are not.
/// So are refused connections, unknown names and timeouts; a certificate that is not trusted is not.
///
/// Nothing is known about what the request does on the server, so an interrupted attempt is not repeated on its own: say
/// `interrupted: repeat` where that is safe, as it is when you only read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The method.
    #[serde(default = "get")]
    pub method: String,
    /// The whole URL, `http://…` or `https://…`.
    pub url: String,
    /// Headers.
    #[serde(default)]
    pub headers: BTreeMap<String, Word>,
    /// The body, as text.
    pub body: Option<String>,
    /// A value to send as JSON.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<Value>")]
    pub json: Option<Value>,
    /// Fields to send as a web form does.
    pub form: Option<BTreeMap<String, Word>>,
    /// The expected status: a code, a class such as `2xx`, a range such as `200-204`, or a list of these.
    #[serde(default = "Statuses::success")]
    pub status: Statuses,
    /// How the body of the answer is read.
    #[serde(default)]
    pub response: Read,
    /// A PEM file of the authorities to trust, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// Connects to this address and port, whatever the URL's name resolves to; the name still counts for TLS.
    pub connect_to: Option<String>,
    /// Whether redirects are followed, at most 10.
    #[serde(default = "yes")]
    pub follow_redirects: bool,
    /// How long the whole exchange may take.
    #[serde(default = "timeout")]
    pub timeout: Duration,
    /// The largest body of an answer; a larger one fails the step.
    #[serde(default = "max_body")]
    pub max_body: Size,
    /// Whether the answer is secret, such as a token: it is sealed before it is written down, and masked in all that is
    /// printed later.
    #[serde(default)]
    #[schemars(extend("x-seals" = ["headers", "body", "body_base64", "json"]))]
    pub secret: bool,
}

/// A value that was given, be it null.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn get() -> String {
    "GET".to_owned()
}

fn yes() -> bool {
    true
}

fn timeout() -> Duration {
    Duration(std::time::Duration::from_secs(30))
}

fn max_body() -> Size {
    Size(4 << 20)
}

impl Request {
    fn connect_to(&self) -> Result<Option<SocketAddr>> {
        let Some(text) = &self.connect_to else { return Ok(None) };
        let bad = |_| {
            Error::input(format!("`connect_to` is `{text}`, which is not an address and port"))
                .hint("write it like `127.0.0.1:8443`")
        };
        text.parse().map(Some).map_err(bad)
    }

    /// The body, and the type that it has where `headers` does not say.
    fn body(&self) -> (Vec<u8>, Option<&'static str>) {
        match (&self.body, &self.json, &self.form) {
            (Some(text), _, _) => (text.clone().into_bytes(), None),
            (_, Some(value), _) => (value.to_string().into_bytes(), Some("application/json")),
            (_, _, Some(form)) => (encode(form).into_bytes(), Some("application/x-www-form-urlencoded")),
            _ => (Vec::new(), None),
        }
    }

    fn request(&self, context: &Context) -> Result<HttpRequest> {
        let authorities = match &self.ca_file {
            Some(path) => {
                let path = context.place.path(path);
                context.files.read(&path).map_err(|error| Error::io("read", &path, &error))?
            }
            None => Vec::new(),
        };
        let (body, kind) = self.body();
        let mut headers: Vec<_> = self.headers.iter().map(|(name, value)| (name.clone(), value.0.clone())).collect();
        if let Some(kind) = kind
            && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        {
            headers.push(("content-type".to_owned(), kind.to_owned()));
        }
        Ok(HttpRequest {
            method: self.method.clone(),
            url: self.url.clone(),
            headers,
            body,
            authorities,
            only_authorities: self.ca_file.is_some(),
            connect_to: self.connect_to()?,
            follow_redirects: self.follow_redirects,
            timeout: Some(self.timeout.0),
            max_body: usize::try_from(self.max_body.0).unwrap_or(usize::MAX),
        })
    }

    /// The method and URL, as messages show them: without a password.
    fn shown(&self) -> String {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("", &self.url));
        let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let host = rest[..authority].rfind('@').map_or(0, |at| at + 1);
        format!("{} {scheme}://{}", self.method, &rest[host..])
    }

    fn unexpected(&self, response: &HttpResponse) -> Error {
        let (status, expected) = (response.status, &self.status);
        let message = format!("`{}` answered `{}`, not `{expected}`", self.shown(), status::shown(status));
        let error = Error::new(status::kind(status), message);
        match (status, response::header(response, "retry-after"), response::header(response, "location")) {
            (_, Some(after), _) => {
                let unit = if after.bytes().all(|byte| byte.is_ascii_digit()) { " seconds" } else { "" };
                error.hint(format!("the server asks to try again after `{after}`{unit}"))
            }
            (401 | 403, ..) => error.hint("are the credentials right, and do they permit this?"),
            (300..=399, _, Some(location)) => error.hint(format!("it redirects to `{location}`")),
            _ => error,
        }
    }
}

/// Fields as a web form sends them.
fn encode(form: &BTreeMap<String, Word>) -> String {
    let pairs = form.iter().map(|(name, value)| format!("{}={}", escape(name), escape(&value.0)));
    pairs.collect::<Vec<_>>().join("&")
}

fn escape(text: &str) -> String {
    let bytes = text.bytes().map(|byte| match byte {
        b' ' => "+".to_owned(),
        b'*' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    bytes.collect()
}

impl Step for Request {
    type Output = Output;
    const NAME: &'static str = "http.request";
    const IDEMPOTENT: bool = false;
    const READS: bool = true;
    const EXAMPLES: &'static [Example] = &[
        Example::new(
            "a value read from a server",
            "- id: version
  uses: file.write
  with: {path: site/version.json, json: {version: 1.2.3}}
- id: server
  uses: http.serve
  service: true
  ready: output.port > 0
  with: {folder: site}
- id: read
  uses: http.request
  interrupted: repeat
  with: {url: '{{steps.server.outputs.url}}version.json'}",
            "steps.read.outputs.status == 200 && steps.read.outputs.json.version == '1.2.3'",
        ),
        Example::new(
            "a status that is expected to be something else",
            "- id: folder
  uses: file.directory
  with: {path: site}
- id: server
  uses: http.serve
  service: true
  ready: output.port > 0
  with: {folder: site}
- id: gone
  uses: http.request
  with:
    url: '{{steps.server.outputs.url}}gone'
    status: [404, 410]",
            "steps.gone.outputs.status == 404",
        ),
    ];

    fn validate(&self) -> Result<()> {
        let bodies = [self.body.is_some(), self.json.is_some(), self.form.is_some()];
        if bodies.iter().filter(|given| **given).count() > 1 {
            return Err(Error::input("`body`, `json` and `form` exclude each other"));
        }
        if !self.url.starts_with("http://") && !self.url.starts_with("https://") {
            return Err(Error::input(format!("`{}` is not an http or https url", self.url))
                .hint("it begins with `http://` or `https://`"));
        }
        if self.method.is_empty() || !self.method.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-') {
            return Err(Error::input(format!("`{}` is not an HTTP method", self.method)));
        }
        if self.timeout.0.is_zero() {
            return Err(Error::input("`timeout` is zero"));
        }
        self.connect_to().map(drop)
    }

    fn reads(&self) -> Vec<PathBuf> {
        self.ca_file.iter().cloned().collect()
    }
}

impl InProcess for Request {
    async fn run(&self, context: &Context) -> Result<Output> {
        let request = self.request(context)?;
        let response = context.unless_cancelled(context.http.request(request)).await?;
        let (status, size) = (status::shown(response.status), response.body.len());
        context.log(format!("{}: {status}, {size} bytes", self.shown()));
        if self.status.contains(response.status) {
            return response::output(response, self.response);
        }
        let excerpt: String = String::from_utf8_lossy(&response.body).chars().take(EXCERPT).collect();
        if !excerpt.is_empty() && !self.secret {
            context.log(excerpt);
        }
        Err(self.unexpected(&response))
    }
}
