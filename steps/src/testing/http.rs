//! Servers and ports that answer as a test says.

use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use runner_sdk::world::{Http, HttpRequest, HttpResponse, Net, ServeFolder};
use runner_sdk::{Error, Future, Result};

type Answer = Box<dyn FnMut(&HttpRequest) -> Result<HttpResponse> + Send>;

/// Answers requests as the test says, and keeps them.
#[derive(Default)]
pub(crate) struct TestHttp {
    answer: Mutex<Option<Answer>>,
    requests: Mutex<Vec<HttpRequest>>,
    served: Mutex<Vec<ServeFolder>>,
}

impl TestHttp {
    /// Answers every request from now on.
    pub(crate) fn answer(&self, answer: impl FnMut(&HttpRequest) -> Result<HttpResponse> + Send + 'static) {
        *self.answer.lock().unwrap() = Some(Box::new(answer));
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<HttpRequest> {
        self.requests.lock().unwrap().clone()
    }

    /// What was served so far.
    pub(crate) fn served(&self) -> Vec<ServeFolder> {
        self.served.lock().unwrap().clone()
    }
}

impl Http for TestHttp {
    fn request(&self, request: HttpRequest) -> Future<'_, Result<HttpResponse>> {
        let answer = match self.answer.lock().unwrap().as_mut() {
            Some(answer) => answer(&request),
            None => Err(Error::transient(format!("nobody answers `{}`", request.url))),
        };
        self.requests.lock().unwrap().push(request);
        Box::pin(async move { answer })
    }

    /// Tells the address asked for (port 4711 where any will do), then serves for ever.
    fn serve<'a>(
        &'a self,
        serve: ServeFolder,
        listening: Box<dyn FnOnce(SocketAddr) + Send + 'a>,
        log: Box<dyn Fn(&str) + Send + Sync + 'a>,
    ) -> Future<'a, Result<()>> {
        let port = if serve.address.port() == 0 { 4711 } else { serve.address.port() };
        let address = SocketAddr::new(serve.address.ip(), port);
        self.served.lock().unwrap().push(serve);
        Box::pin(async move {
            listening(address);
            log("GET / 200");
            std::future::pending().await
        })
    }
}

type Connect = Box<dyn FnMut(&str, u16) -> io::Result<()> + Send>;

/// Ports that are open as the test says; all are closed until it does.
#[derive(Default)]
pub(crate) struct TestNet(Mutex<Option<Connect>>);

impl TestNet {
    /// Answers every attempt to connect from now on.
    pub(crate) fn answer(&self, answer: impl FnMut(&str, u16) -> io::Result<()> + Send + 'static) {
        *self.0.lock().unwrap() = Some(Box::new(answer));
    }
}

impl Net for TestNet {
    fn connect<'a>(&'a self, host: &'a str, port: u16, _: Duration) -> Future<'a, io::Result<()>> {
        let result = match self.0.lock().unwrap().as_mut() {
            Some(answer) => answer(host, port),
            None => Err(io::ErrorKind::ConnectionRefused.into()),
        };
        Box::pin(async move { result })
    }
}
