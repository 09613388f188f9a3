//! HTTP, as a client and as a server of one folder.
//!
//! The client ([`client`]) opens a connection for each request and resumes no TLS session: a step that asks which
//! certificate a server has now must not be told of an earlier one. Whom it trusts is in [`trust`]; the system's
//! authorities are read when the first handshake needs them, so plain requests work where there are none. Why a request
//! failed, in words and as the class that decides about retries, is in [`failure`].
//!
//! The server ([`server`]) gives the files of one folder and nothing outside it ([`page`]), and reads its certificate
//! anew when the files change ([`pair`]).

mod client;
mod content_type;
mod failure;
mod page;
mod pair;
mod server;
mod trust;

use runner_sdk::world::{Http, HttpRequest, HttpResponse, ServeFolder};
use runner_sdk::{Future, Result};

pub use client::RealHttp;

impl Http for RealHttp {
    fn request(&self, request: HttpRequest) -> Future<'_, Result<HttpResponse>> {
        Box::pin(self.send(request))
    }

    fn serve<'a>(
        &'a self,
        serve: ServeFolder,
        listening: Box<dyn FnOnce(std::net::SocketAddr) + Send + 'a>,
        log: Box<dyn Fn(&str) + Send + Sync + 'a>,
    ) -> Future<'a, Result<()>> {
        Box::pin(server::serve(serve, listening, log))
    }
}

#[cfg(test)]
mod tests;
