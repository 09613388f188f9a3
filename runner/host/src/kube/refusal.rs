//! Why something was refused, in words, and whether another try can help.

use std::error::Error as StdError;

use runner_sdk::{Error, ErrorKind};
use rustls::CertificateError;
use serde_json::{Value, json};

use crate::cause;

/// What a server answered instead of what it was asked for, or what came in between.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The HTTP status; 0 where there was no answer.
    pub(super) status: u16,
    /// What it says: a Kubernetes `Status`.
    said: Value,
    /// After how many seconds it wants to be asked again.
    after: Option<u64>,
    server: String,
    /// What came in between.
    broken: Option<Error>,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { status: 0, said: Value::Null, after: None, server: String::new(), broken: Some(error) }
    }
}

/// An answer that is not the one that was asked for.
pub(super) fn of(status: u16, body: &[u8], server: &str, after: Option<u64>) -> Refusal {
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let said = if said["kind"] == "Status" {
        said
    } else {
        // A proxy in between, or a path that is not there.
        let text: String = String::from_utf8_lossy(body).chars().take(200).collect();
        json!({ "message": text.trim() })
    };
    Refusal { status, said, after, server: server.to_owned(), broken: None }
}

impl Refusal {
    /// A `Status` in the midst of a watch.
    pub(super) fn of_status(said: Value, server: &str, after: Option<u64>) -> Self {
        let status = said["code"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(500);
        Self { status, said, after, server: server.to_owned(), broken: None }
    }

    /// Whether the object is not there, while its kind is.
    pub(super) fn is_no_object(&self) -> bool {
        self.status == 404 && self.said["details"]["name"].is_string()
    }

    /// Whether the kind itself is not there.
    pub(super) fn is_no_kind(&self) -> bool {
        self.status == 404 && !self.is_no_object()
    }

    /// The step's error about objects of `kind`.
    pub(super) fn told(self, kind: &str) -> Error {
        if let Some(error) = self.broken {
            return error;
        }
        let said = self.said["message"].as_str().unwrap_or_default().trim().to_owned();
        let reason = self.said["reason"].as_str().unwrap_or_default();
        let causes = self.said["details"]["causes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let has = |reason: &str| causes.iter().any(|cause| cause["reason"] == reason);
        let server = &self.server;
        match self.status {
            400 => permanent(format!("the server refuses it: {said}"), "what was asked is not what the API takes"),
            401 => transient(
                format!("`{server}` does not know who asks"),
                "the credentials of the kubeconfig have expired or are not of this cluster",
            ),
            403 if has("NamespaceTerminating") => transient(said, "the namespace is being deleted"),
            403 if said.contains("admission webhook") || said.contains("ValidatingAdmissionPolicy") => {
                permanent(said, "a rule of the cluster forbids it")
            }
            403 if said.contains("exceeded quota") => permanent(said, "the namespace's quota is used up"),
            403 => permanent(said, "`kubectl auth can-i` tells what these credentials may do"),
            404 if self.is_no_object() && self.said["details"]["kind"] == "namespaces" => {
                permanent(said, "create the namespace first")
            }
            404 if self.is_no_object() => permanent(said, "it must be there before"),
            404 => permanent(
                format!("the kind `{kind}` is not served here"),
                "is what defines it installed there, in a version that has it?",
            ),
            409 if has("FieldManagerConflict") => {
                let conflicts: Vec<_> = causes.iter().map(conflict).collect();
                transient(
                    format!("fields of the {kind} belong to others: {}", conflicts.join(", ")),
                    "leave these fields out, or take them over with `force: true`",
                )
            }
            409 => transient(said, "somebody else has changed or made it meanwhile"),
            410 => transient(said, "what was asked for is too old"),
            422 => permanent(said, "the object breaks a rule of its kind"),
            429 => {
                let hint = match self.after {
                    Some(after) => format!("the server asks to try again after {after} seconds"),
                    None => "the server has too much to do".to_owned(),
                };
                transient(if said.is_empty() { format!("`{server}` puts it off") } else { said }, &hint)
            }
            500.. if said.contains("failed calling webhook") => {
                transient(said, "the program behind the webhook does not answer; is it running?")
            }
            500.. => transient(format!("`{server}` failed ({}): {said}", self.status), "it may pass"),
            other => permanent(
                format!(
                    "`{server}` answered {other}{}",
                    if reason.is_empty() { String::new() } else { format!(" ({reason})") }
                ),
                &said,
            ),
        }
    }
}

/// `kubectl` owns `.spec.replicas`.
fn conflict(cause: &Value) -> String {
    let message = cause["message"].as_str().unwrap_or_default();
    // The server names the owner in quotation marks within its sentence.
    let owner = message.split('"').nth(1).unwrap_or(message);
    format!("`{}` owns `{}`", owner, cause["field"].as_str().unwrap_or_default())
}

fn transient(message: String, hint: &str) -> Error {
    Error::new(ErrorKind::Transient, message).hint(hint)
}

fn permanent(message: String, hint: &str) -> Error {
    Error::new(ErrorKind::Permanent, message).hint(hint)
}

/// A connection that broke off in the midst of an answer.
pub(super) fn broken(error: &(dyn StdError + 'static), server: &str) -> Refusal {
    Error::transient(format!("the exchange with `{server}` broke off: {}", cause::innermost(error))).into()
}

/// No answer at all.
pub(super) fn failed(error: &kube::Error, server: &str) -> Error {
    if let Some(auth) = cause::find::<kube::client::AuthError>(error) {
        return plugin(auth);
    }
    if let Some(tls) = cause::find::<rustls::Error>(error) {
        let error = Error::transient(format!("no TLS connection with `{server}`: {tls}"));
        return match tls {
            rustls::Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
                error.hint("its certificate has expired, or one of the clocks is wrong")
            }
            rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            ) => error.hint("its certificate is for other names: is the kubeconfig's `server` right?"),
            rustls::Error::InvalidCertificate(_) => {
                error.hint("the kubeconfig's authority did not sign its certificate: is it of this cluster?")
            }
            rustls::Error::AlertReceived(_) => {
                error.hint("it refuses the client certificate of the kubeconfig, which may have expired")
            }
            _ => error,
        };
    }
    let why = cause::innermost(error);
    Error::transient(format!("cannot reach `{server}`: {why}"))
        .hint("is the cluster up, and does the way there lead through a proxy or a VPN?")
}

/// Credentials that cannot be had. What a plugin has printed may be one, so only what it says of its failure is shown.
fn plugin(error: &kube::client::AuthError) -> Error {
    use kube::client::AuthError as Auth;
    match error {
        Auth::AuthExecRun { cmd, out } => {
            let program = cmd.trim_matches('"').split(['"', ' ']).next().unwrap_or_default();
            let said = String::from_utf8_lossy(&out.stderr);
            let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it says nothing");
            Error::transient(format!("the kubeconfig's plugin `{program}` failed: {}", last.trim()))
                .hint("log in again with the tool that it belongs to; it cannot ask in the midst of a run")
        }
        Auth::AuthExecStart(why) => Error::input(format!("the kubeconfig's plugin cannot be started: {why}"))
            .hint("is it installed and on `PATH`?"),
        other => Error::transient(format!("the kubeconfig's credentials cannot be used: {other}")),
    }
}
