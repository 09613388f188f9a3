//! What is read from a certificate, in the form in which outputs show it.

use runner_sdk::{Error, Result};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Decodes a certificate.
pub(crate) fn decode(der: &[u8]) -> Result<X509Certificate<'_>> {
    let decoded = X509Certificate::from_der(der).map(|(_, certificate)| certificate);
    decoded.map_err(|error| Error::permanent(format!("not a certificate: {error}")))
}

/// The serial number: lower-case hexadecimal, two digits a byte, without leading zero bytes.
pub(crate) fn serial(certificate: &X509Certificate<'_>) -> String {
    let bytes = certificate.raw_serial();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(bytes.len().saturating_sub(1));
    hex(&bytes[zeros..])
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// The subject, such as `CN=example.test`.
pub(crate) fn subject(certificate: &X509Certificate<'_>) -> String {
    certificate.subject().to_string()
}

/// A time in seconds since 1970 as RFC 3339, such as `2026-01-01T00:00:00Z`.
pub(crate) fn rfc3339(seconds: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp(seconds).ok().and_then(|time| time.format(&Rfc3339).ok());
    // A year past 9999 has no such form.
    time.unwrap_or_else(|| seconds.to_string())
}
