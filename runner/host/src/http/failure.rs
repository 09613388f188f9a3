//! Why a request failed: the cause in words, and whether another try can help.

use std::time::Duration;

use reqwest::Url;
use runner_sdk::{Error, unit};
use rustls::CertificateError;

use crate::cause;

/// The step's error for a failed request to `url`.
pub(super) fn of(error: &reqwest::Error, url: &Url, timeout: Option<Duration>) -> Error {
    let place = place(url);
    if error.is_timeout() {
        let within = timeout.map(|timeout| format!(" within {}", unit::Duration(timeout))).unwrap_or_default();
        return Error::transient(format!("no answer from `{place}`{within}"));
    }
    if let Some(error) = cause::find::<rustls::Error>(error) {
        return tls(error, &place);
    }
    let cause = cause::innermost(error);
    if error.is_builder() {
        Error::input(format!("the request cannot be sent: {cause}"))
    } else if error.is_redirect() {
        Error::permanent(format!("`{place}` redirects too often"))
    } else if error.is_dns() {
        let cause = cause.strip_prefix("failed to lookup address information: ").unwrap_or(&cause).to_lowercase();
        Error::transient(format!("cannot resolve `{}`: {cause}", url.host_str().unwrap_or_default()))
    } else if error.is_connect() {
        Error::transient(format!("cannot connect to `{place}`: {cause}"))
    } else {
        Error::transient(format!("the exchange with `{place}` broke off: {cause}"))
    }
}

fn tls(error: &rustls::Error, place: &str) -> Error {
    match error {
        rustls::Error::InvalidCertificate(why) => certificate(why, place),
        rustls::Error::InvalidMessage(_) => Error::permanent(format!("`{place}` does not speak TLS"))
            .hint("is the address right, and should the url begin with `http://`?"),
        rustls::Error::General(why) if why.contains("No CA certificates") => {
            Error::permanent(format!("`{place}` cannot be trusted: this machine has no certificate authorities"))
                .hint("install the package `ca-certificates`, or name the authority to trust")
        }
        // The other side may be starting, or be given what it lacks.
        rustls::Error::AlertReceived(_) => Error::transient(format!("`{place}` refused the TLS handshake: {error}")),
        _ => Error::permanent(format!("no TLS connection with `{place}`: {error}")),
    }
}

fn certificate(why: &CertificateError, place: &str) -> Error {
    use CertificateError as Why;
    let (reason, hint) = match why {
        // A wrong authority of the same name shows as a bad signature.
        Why::UnknownIssuer | Why::BadSignature => (
            "no trusted authority signed it".to_owned(),
            "name the authority's certificate file, or check who answers at this address",
        ),
        Why::Expired | Why::ExpiredContext { .. } => {
            ("it has expired".to_owned(), "issue a new one, or check the clocks of both machines")
        }
        Why::NotValidYet | Why::NotValidYetContext { .. } => {
            ("it is not valid yet".to_owned(), "check the clocks of both machines")
        }
        Why::NotValidForName | Why::NotValidForNameContext { .. } => (
            "it is for other names".to_owned(),
            "use a name that stands in the certificate, or issue one for this name",
        ),
        other => (other.to_string(), "issue a certificate that TLS clients accept"),
    };
    Error::permanent(format!("the certificate of `{place}` is refused: {reason}")).hint(hint)
}

/// The host and port of a URL; nothing of it that may be secret.
fn place(url: &Url) -> String {
    match (url.host_str(), url.port_or_known_default()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        _ => url.scheme().to_owned(),
    }
}
