//! What an answer leaves for later steps.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use runner_sdk::world::HttpResponse;
use runner_sdk::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::x509;

/// How the body is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Read {
    /// As JSON where the server says that it is.
    #[default]
    Auto,
    /// As JSON; anything else fails the step.
    Json,
    /// As text alone.
    Text,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The status code.
    pub status: u16,
    /// Headers by their names in lower case; values of one that came several times are joined by a comma.
    pub headers: BTreeMap<String, String>,
    /// The body as text; empty where it is not UTF-8.
    pub body: String,
    /// The body in base64 where it is not UTF-8.
    pub body_base64: Option<String>,
    /// The value that the body holds as JSON.
    pub json: Option<Value>,
    /// The server's certificate, over TLS.
    pub certificate: Option<Certificate>,
}

/// A server's certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Certificate {
    /// The serial number in lower-case hexadecimal.
    pub serial: String,
    /// Whom it is for, such as `CN=example.test`.
    pub subject: String,
    /// From when it is valid, as RFC 3339.
    pub not_before: String,
    /// Until when it is valid, as RFC 3339.
    pub not_after: String,
}

impl Certificate {
    fn of(der: &[u8]) -> Result<Self> {
        let certificate = x509::decode(der)?;
        Ok(Self {
            serial: x509::serial(&certificate),
            subject: x509::subject(&certificate),
            not_before: x509::rfc3339(certificate.validity().not_before.timestamp()),
            not_after: x509::rfc3339(certificate.validity().not_after.timestamp()),
        })
    }
}

/// The value of a header.
pub(super) fn header<'a>(response: &'a HttpResponse, name: &str) -> Option<&'a str> {
    response.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The outputs for an answer.
pub(super) fn output(response: HttpResponse, read: Read) -> Result<Output> {
    let json = match read {
        Read::Text => None,
        Read::Auto if !says_json(&response) || response.body.is_empty() => None,
        Read::Auto | Read::Json => Some(decode(&response)?),
    };
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in response.headers {
        let joined = headers.remove(&name).map(|first| format!("{first}, {value}"));
        headers.insert(name, joined.unwrap_or(value));
    }
    let (body, body_base64) = match String::from_utf8(response.body) {
        Ok(text) => (text, None),
        Err(error) => (String::new(), Some(BASE64_STANDARD.encode(error.as_bytes()))),
    };
    let certificate = response.certificate.as_deref().map(Certificate::of).transpose()?;
    Ok(Output { status: response.status, headers, body, body_base64, json, certificate })
}

fn says_json(response: &HttpResponse) -> bool {
    let kind = header(response, "content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn decode(response: &HttpResponse) -> Result<Value> {
    serde_json::from_slice(&response.body).map_err(|error| {
        let said = header(response, "content-type").map(|kind| format!("; the server says it is `{kind}`"));
        Error::permanent(format!("the answer is not JSON: {error}{}", said.unwrap_or_default()))
            .hint("`response: text` reads any answer")
    })
}
