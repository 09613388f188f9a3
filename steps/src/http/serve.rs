//! `http.serve`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use runner_sdk::world::ServeFolder;
use runner_sdk::{Ability, Captured, Command, Context, Error, Example, Exit, Finished, Place, Process, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shared::ending;

/// Serves a folder over HTTP, or over TLS with a certificate of yours.
///
/// It is meant for `service: true`: the server runs beside the steps that need it and is stopped after them. A folder is
/// served by its `index.html`; nothing outside the folder is. Each request is a line of the log. When the files of the
/// certificate change they are read anew for the next connection; while they do not fit each other the old ones stay.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Serve {
    /// The folder to serve.
    pub folder: PathBuf,
    /// The address and port to listen on; port 0 takes a free one.
    #[serde(default = "address")]
    pub address: String,
    /// The certificate and key to serve with, as PEM files; plain HTTP when not given.
    pub tls: Option<Tls>,
}

/// A certificate and its key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate's file; certificates of intermediate authorities follow it there.
    pub certificate: PathBuf,
    /// The key's file.
    pub key: PathBuf,
}

/// Where the server listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The address.
    pub address: String,
    /// The port.
    pub port: u16,
    /// The URL of the folder, with a slash at its end.
    pub url: String,
}

fn address() -> String {
    "127.0.0.1:0".to_owned()
}

impl Serve {
    fn parse_address(&self) -> Result<SocketAddr> {
        let bad = |_| {
            Error::input(format!("`address` is `{}`, which is not an address and port", self.address))
                .hint("write it like `127.0.0.1:8080`, or `0.0.0.0:8080` for every address of this machine")
        };
        self.address.parse().map_err(bad)
    }

    /// What is announced once the server listens on `address`.
    fn output(&self, address: SocketAddr) -> Output {
        // One that listens everywhere is reached here.
        let host = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}/", SocketAddr::new(host, address.port()));
        Output { address: address.ip().to_string(), port: address.port(), url }
    }
}

impl Step for Serve {
    type Output = Output;
    const NAME: &'static str = "http.serve";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Service];
    const EXAMPLES: &'static [Example] = &[
        Example::new(
            "a page and a request for it",
            "- id: page
  uses: file.write
  with: {path: site/index.html, content: '<p>hello'}
- id: server
  uses: http.serve
  service: true
  ready: output.port > 0
  with: {folder: site}
- id: get
  uses: http.request
  with: {url: '{{steps.server.outputs.url}}'}",
            "steps.get.outputs.body == '<p>hello' && steps.get.outputs.headers['content-type'].startsWith('text/html')",
        ),
        Example::new(
            "over TLS, with a certificate that is rotated while it serves",
            "- id: page
  uses: file.write
  with: {path: site/index.html, content: '<p>hello'}
- id: ca
  uses: certificate.authority
  with: {name: Example CA, certificate: ca.crt, key: ca.key}
- id: certificate
  uses: certificate.issue
  with:
    authority: {certificate: ca.crt, key: ca.key}
    names: [example.test]
    certificate: tls.crt
    key: tls.key
- id: server
  uses: http.serve
  service: true
  ready: output.port > 0
  with:
    folder: site
    tls: {certificate: tls.crt, key: tls.key}
- id: before
  uses: http.request
  with:
    url: https://example.test/
    connect_to: '127.0.0.1:{{steps.server.outputs.port}}'
    ca_file: ca.crt
- id: rotate
  uses: certificate.issue
  with:
    authority: {certificate: ca.crt, key: ca.key}
    names: [example.test]
    certificate: tls.crt
    key: tls.key
    renew: true
- id: after
  uses: http.request
  with:
    url: https://example.test/
    connect_to: '127.0.0.1:{{steps.server.outputs.port}}'
    ca_file: ca.crt",
            "steps.before.outputs.certificate.serial == steps.certificate.outputs.serial && \
             steps.after.outputs.certificate.serial == steps.rotate.outputs.serial && \
             steps.before.outputs.certificate.serial != steps.after.outputs.certificate.serial",
        ),
    ];

    fn validate(&self) -> Result<()> {
        self.parse_address().map(drop)
    }
}

impl Process for Serve {
    fn command(&self, _: &Place) -> Result<Command> {
        Ok(Command::builtin(Self::NAME).capture())
    }

    /// A server never ends well by itself.
    fn finish(&self, _: &Place, exit: Exit, captured: &Captured) -> Result<Finished<Output>> {
        Err(ending::failed("the server", exit, &captured.tail).hint("with `service: true` it runs until the run ends"))
    }

    fn started(&self, captured: &Captured) -> Option<Output> {
        let end = captured.stdout.iter().position(|byte| *byte == b'\n')?;
        serde_json::from_slice(&captured.stdout[..end]).ok()
    }
}

impl runner_sdk::Serve for Serve {
    async fn serve(&self, context: &Context) -> Result<()> {
        let tls = self.tls.as_ref().map(|tls| (context.place.path(&tls.certificate), context.place.path(&tls.key)));
        let serve = ServeFolder { folder: context.place.path(&self.folder), address: self.parse_address()?, tls };
        let listening = |address| {
            let output = self.output(address);
            context.announce(&serde_json::json!({"address": output.address, "port": output.port, "url": output.url}));
        };
        context.http.serve(serve, Box::new(listening), Box::new(|line| context.log(line))).await
    }
}
