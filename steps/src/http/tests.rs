use std::net::SocketAddr;
use std::sync::Arc;

use runner_sdk::world::{Http, HttpRequest, HttpResponse, ServeFolder};
use runner_sdk::{Context, Error, ErrorKind, Exit, Future, InProcess, Process, Program, Result, Serve as _, Step};
use serde_json::{Value, json};

use super::request::Request;
use super::response::Output;
use super::serve::{self, Serve};
use crate::testing::{World, captured, decode, place};

fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> HttpResponse {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    HttpResponse { status, headers, body: body.into(), certificate: None }
}

/// Sends a request with `more` beside a URL, and gets `answer`.
async fn send(world: &World, mut more: Value, answer: HttpResponse) -> Result<Output> {
    if more.get("url").is_none() {
        more["url"] = json!("https://me:secret@api.test/v1?q=1");
    }
    world.http.answer(move |_| Ok(answer.clone()));
    world.run::<Request>(more).await
}

const JSON: &[(&str, &str)] = &[("content-type", "application/json; charset=utf-8")];

#[tokio::test]
async fn what_is_asked_for_is_sent() {
    let world = World::new();
    world.files.put("/project/ca.pem", "PEM");
    let with = json!({
        "method": "PUT",
        "headers": {"X-Number": 5},
        "json": {"a": [1, null]},
        "ca_file": "ca.pem",
        "connect_to": "127.0.0.1:8443",
        "follow_redirects": false,
        "timeout": "2s",
        "max_body": "1Ki",
    });
    send(&world, with, answer(200, &[], "")).await.unwrap();
    let request = world.http.requests().remove(0);
    assert_eq!((request.method.as_str(), request.body.as_slice()), ("PUT", br#"{"a":[1,null]}"#.as_slice()));
    let headers = [("X-Number", "5"), ("content-type", "application/json")];
    assert_eq!(request.headers, headers.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!((request.authorities.as_slice(), request.only_authorities), (b"PEM".as_slice(), true));
    assert_eq!(request.connect_to, "127.0.0.1:8443".parse().ok());
    assert_eq!((request.follow_redirects, request.max_body), (false, 1024));
    assert_eq!(request.timeout, Some(std::time::Duration::from_secs(2)));
}

#[tokio::test]
async fn bodies_have_their_types_unless_headers_say_otherwise() {
    let world = World::new();
    for (with, body, kind) in [
        (json!({"json": null}), "null", Some("application/json")),
        (json!({"json": 1, "headers": {"Content-Type": "application/merge-patch+json"}}), "1", None),
        (json!({"form": {"a b": "ü&=", "n": 1}}), "a+b=%C3%BC%26%3D&n=1", Some("application/x-www-form-urlencoded")),
        (json!({"body": "text"}), "text", None),
        (json!({}), "", None),
    ] {
        send(&world, with, answer(200, &[], "")).await.unwrap();
        let request = world.http.requests().pop().unwrap();
        assert_eq!(request.body, body.as_bytes());
        let sent = request.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.as_str());
        assert_eq!(sent, kind);
    }
}

#[tokio::test]
async fn the_answer_becomes_outputs() {
    let world = World::new();
    let two = [JSON, &[("set-cookie", "a"), ("set-cookie", "b")]].concat();
    let output = send(&world, json!({}), answer(201, &two, r#"{"a":1}"#)).await.unwrap();
    assert_eq!((output.status, output.body.as_str(), output.json), (201, r#"{"a":1}"#, Some(json!({"a": 1}))));
    assert_eq!(output.headers["set-cookie"], "a, b");
    assert_eq!(world.log.lines(), ["GET https://api.test/v1?q=1: 201, 7 bytes"]);
    let problem = answer(200, &[("content-type", "application/problem+json")], "{}");
    assert_eq!(send(&world, json!({}), problem).await.unwrap().json, Some(json!({})));
    assert_eq!(send(&world, json!({}), answer(200, &[], "{}")).await.unwrap().json, None);
    assert_eq!(send(&world, json!({"response": "json"}), answer(200, &[], "{}")).await.unwrap().json, Some(json!({})));
    assert_eq!(send(&world, json!({"response": "text"}), answer(200, JSON, "{")).await.unwrap().json, None);
    assert_eq!(send(&world, json!({}), answer(204, JSON, "")).await.unwrap().json, None);
    let binary = send(&world, json!({}), answer(200, &[], vec![0xff, 0])).await.unwrap();
    assert_eq!((binary.body.as_str(), binary.body_base64.as_deref()), ("", Some("/wA=")));
}

#[tokio::test]
async fn json_that_is_none_fails_for_good() {
    let world = World::new();
    for with in [json!({}), json!({"response": "json"})] {
        let error = send(&world, with, answer(200, JSON, "<html>")).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Permanent);
        assert!(error.message.starts_with("the answer is not JSON: expected value at line 1"), "{error}");
    }
}

#[tokio::test]
async fn an_unexpected_status_fails_with_its_class_and_shows_no_password() {
    let world = World::new();
    let busy = answer(503, &[("retry-after", "120")], "try later");
    let error = send(&world, json!({"status": [200, 404]}), busy).await.unwrap_err();
    let expected = "`GET https://api.test/v1?q=1` answered `503 Service Unavailable`, not `200, 404`";
    assert_eq!(error, Error::transient(expected).hint("the server asks to try again after `120` seconds"));
    assert_eq!(world.log.lines(), ["GET https://api.test/v1?q=1: 503 Service Unavailable, 9 bytes", "try later"]);
    let date = answer(429, &[("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT")], "");
    let error = send(&world, json!({}), date).await.unwrap_err();
    let hint = "the server asks to try again after `Fri, 31 Dec 1999 23:59:59 GMT`";
    assert_eq!((error.kind, error.hint.as_deref()), (ErrorKind::Transient, Some(hint)));
    let error = send(&world, json!({}), answer(401, &[], "")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Permanent);
    let error = send(&world, json!({}), answer(302, &[("location", "/login")], "")).await.unwrap_err();
    assert_eq!(error.hint.as_deref(), Some("it redirects to `/login`"));
    let output = send(&world, json!({"status": "404"}), answer(404, &[], "")).await.unwrap();
    assert_eq!(output.status, 404);
    let error = send(&world, json!({"status": 404}), answer(200, &[], "")).await.unwrap_err();
    assert!(error.message.ends_with("answered `200`, not `404`"), "{error}");
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before_it_is() {
    let world = World::new();
    for wrong in [
        json!({"body": "a", "json": 1}),
        json!({"json": null, "form": {}}),
        json!({"url": "ftp://a"}),
        json!({"url": "a.test"}),
        json!({"method": "G T"}),
        json!({"connect_to": "localhost:1"}),
        json!({"timeout": "0s"}),
    ] {
        let error = send(&world, wrong.clone(), answer(200, &[], "")).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Input, "{wrong}");
    }
    let error = send(&world, json!({"ca_file": "none.pem"}), answer(200, &[], "")).await.unwrap_err();
    assert_eq!(error.message, "cannot read `/project/none.pem`: entity not found");
    assert!(world.http.requests().is_empty());
    let step: Request = decode(json!({"url": "http://a", "ca_file": "ca.pem"})).unwrap();
    assert_eq!(step.reads(), [std::path::PathBuf::from("ca.pem")]);
}

/// Lets work come as far as it gets, which is not its end.
async fn still_pending<T>(mut work: std::pin::Pin<&mut impl std::future::Future<Output = T>>) {
    let pending = std::future::poll_fn(|poll| std::task::Poll::Ready(work.as_mut().poll(poll).is_pending()));
    assert!(pending.await);
}

/// A server that never answers.
struct Silent;

impl Http for Silent {
    fn request(&self, _: HttpRequest) -> Future<'_, Result<HttpResponse>> {
        Box::pin(std::future::pending())
    }

    fn serve<'a>(
        &'a self,
        _: ServeFolder,
        _: Box<dyn FnOnce(SocketAddr) + Send + 'a>,
        _: Box<dyn Fn(&str) + Send + Sync + 'a>,
    ) -> Future<'a, Result<()>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_request_is_given_up_when_asked_to_stop() {
    let world = World::new();
    let context = Context { http: Arc::new(Silent), ..world.context() };
    let step: Request = decode(json!({"url": "http://a.test"})).unwrap();
    let mut run = Box::pin(step.run(&context));
    still_pending(run.as_mut()).await;
    world.cancel();
    assert_eq!(run.await.unwrap_err(), Error::cancelled());
}

fn server(with: Value) -> Serve {
    decode(with).unwrap()
}

#[test]
fn a_server_is_this_program_again_and_its_end_is_a_failure() {
    let step = server(json!({"folder": "site"}));
    let command = step.command(&place()).unwrap();
    assert_eq!((command.program, command.capture), (Program::Builtin("http.serve"), true));
    let error = step.finish(&place(), Exit::Code(1), &captured("", "cannot listen on `x`\n")).unwrap_err();
    assert_eq!(error.message, "the server exited with code 1: cannot listen on `x`");
    assert!(server(json!({"folder": "site", "address": "localhost:80"})).validate().is_err());
}

#[test]
fn a_server_has_started_once_it_said_where() {
    let step = server(json!({"folder": "site"}));
    let line = r#"{"address":"127.0.0.1","port":4711,"url":"http://127.0.0.1:4711/"}"#;
    let output = serve::Output { address: "127.0.0.1".into(), port: 4711, url: "http://127.0.0.1:4711/".into() };
    for early in ["", "{", line, "nonsense\n"] {
        assert_eq!(step.started(&captured(early, "")), None, "{early}");
    }
    assert_eq!(step.started(&captured(&format!("{line}\n"), "")), Some(output.clone()));
    assert_eq!(step.started(&captured(&format!("{line}\nmore"), "")), Some(output));
}

#[tokio::test]
async fn a_server_serves_what_it_was_told_and_says_where() {
    for (with, url) in [
        (json!({"folder": "site"}), "http://127.0.0.1:4711/"),
        (json!({"folder": "site", "address": "0.0.0.0:80"}), "http://127.0.0.1:80/"),
        (json!({"folder": "site", "address": "[::]:0"}), "http://[::1]:4711/"),
        (json!({"folder": "site", "tls": {"certificate": "c", "key": "k"}}), "https://127.0.0.1:4711/"),
    ] {
        let world = World::new();
        let (step, context) = (server(with), world.context());
        let mut serving = Box::pin(step.serve(&context));
        still_pending(serving.as_mut()).await;
        assert_eq!(step.started(&captured(&world.log.data(), "")).unwrap().url, url);
        assert_eq!(world.log.lines(), ["GET / 200"]);
        let served = world.http.served().remove(0);
        assert_eq!(served.folder.to_str(), Some("/project/site"));
        if let Some((certificate, key)) = served.tls {
            assert_eq!((certificate.to_str(), key.to_str()), (Some("/project/c"), Some("/project/k")));
        }
    }
}
