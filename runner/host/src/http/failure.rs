//! Why a request failed: the cause in words, and whether another try can help.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use reqwest::Url;
use runner_sdk::{Error, unit};
use rustls::CertificateError;

/// The step's error for a failed request to `url`.
pub(super) fn of(error: &reqwest::Error, url: &Url, timeout: Option<Duration>) -> Error {
    let place = place(url);
    if error.is_timeout() {
        let within = timeout.map(|timeout| format!(" within {}", unit::Duration(timeout))).unwrap_or_default();
        return Error::transient(format!("no answer from `{place}`{within}"));
    }
    if let Some(error) = find::<rustls::Error>(error) {
        return tls(error, &place);
    }
    let cause = cause(error);
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

/// The innermost cause, in the words people know.
fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &(dyn StdError + 'static) = error;
    while let Some(inner) = within(innermost) {
        innermost = inner;
    }
    let text = innermost.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    std::iter::successors(Some(error), |error| within(*error)).find_map(|error| error.downcast_ref())
}

/// The error behind an error. An I/O error hides the one it wraps from `source`.
fn within<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    wrapped.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| error.source())
}
