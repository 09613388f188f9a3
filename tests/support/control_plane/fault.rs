//! What a proxy may do instead of passing on, and when.

use std::time::Duration;

use serde_json::json;

/// How a request is answered badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not at all: the connection is closed, and the server never hears of it.
    Drop,
    /// Later.
    Delay(Duration),
    /// The server does what it is asked; its answer breaks off after so many bytes of its body. With 0, the answer is lost as a
    /// whole, its head too: nobody can know what was done.
    Cut(usize),
    /// 429, with a Retry-After of so many seconds.
    TooMany(u32),
    /// 500.
    Fail,
    /// 410: what the request goes on from is no longer kept. A watch is told so by an event, as the real server does.
    Gone,
}

/// Requests that meet a fault.
#[derive(Clone, Debug)]
pub struct Rule {
    /// A part of method, path and query.
    pub pattern: String,
    /// How many more.
    pub times: usize,
    /// What becomes of them.
    pub fault: Fault,
}

impl Fault {
    /// The whole answer to such a request, if it is answered without the server.
    pub fn answer(self, request: &str) -> Option<String> {
        let (code, reason, message, more) = match self {
            Self::TooMany(seconds) => (
                429,
                "TooManyRequests",
                "too many requests, please try again later",
                format!("Retry-After: {seconds}\r\n"),
            ),
            Self::Fail => (500, "InternalError", "an internal error of the test", String::new()),
            Self::Gone => (410, "Expired", "too old resource version", String::new()),
            Self::Drop | Self::Delay(_) | Self::Cut(_) => return None,
        };
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "code": code,
        });
        let (code, body) = match self {
            Self::Gone if request.contains("watch=") => (200, json!({"type": "ERROR", "object": status})),
            _ => (code, status),
        };
        let body = format!("{body}\n");
        let length = body.len();
        Some(format!(
            "HTTP/1.1 {code} Test\r\nContent-Type: application/json\r\n{more}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        ))
    }
}

/// What becomes of a request by the first rule that is about it and not yet used up.
pub fn take(rules: &mut [Rule], request: &str) -> Option<Fault> {
    let rule = rules.iter_mut().find(|rule| rule.times > 0 && request.contains(&rule.pattern))?;
    rule.times -= 1;
    Some(rule.fault)
}
