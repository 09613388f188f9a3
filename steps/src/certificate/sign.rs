//! What both kinds of certificates have in common when they are made.

use std::time::SystemTime;

use rcgen::{CertificateParams, KeyPair, PublicKeyData, SerialNumber};
use runner_sdk::unit::Duration;
use runner_sdk::{Error, Result};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

/// How many seconds before its issue a certificate begins to be valid, for machines whose clocks are behind.
const BACKDATE: i64 = 300;
/// Length of a serial number in bytes. RFC 5280, 4.1.2.2 allows 20.
const SERIAL: usize = 16;
/// The latest end that a certificate can have: RFC 5280, 4.1.2.5.
const LAST: i64 = 253_402_300_799;

/// A new key: ECDSA over P-256.
pub(super) fn key() -> Result<KeyPair> {
    KeyPair::generate().map_err(|error| failed(&error))
}

/// Sets validity and serial number, and that the key's identifier stands in the certificate.
pub(super) fn complete(
    params: &mut CertificateParams,
    key: &KeyPair,
    now: SystemTime,
    valid_for: Duration,
) -> Result<()> {
    let late = || Error::input(format!("a certificate cannot be valid for `{valid_for}`"));
    params.not_before = OffsetDateTime::from_unix_timestamp(seconds(now) - BACKDATE).map_err(|_| late())?;
    let end = seconds(now).saturating_add(i64::try_from(valid_for.0.as_secs()).map_err(|_| late())?);
    params.not_after = OffsetDateTime::from_unix_timestamp(end.min(LAST)).map_err(|_| late())?;
    params.serial_number = Some(serial(key, now));
    params.use_authority_key_identifier_extension = true;
    Ok(())
}

/// As random as the key that is hashed, and another one each time an authority renews its certificate for the same key.
fn serial(key: &KeyPair, now: SystemTime) -> SerialNumber {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let hash = Sha256::new().chain_update(key.der_bytes()).chain_update(since.to_be_bytes()).finalize();
    let mut bytes = hash[..SERIAL].to_vec();
    // Positive, and of full length.
    bytes[0] = bytes[0] & 0x7f | 0x40;
    bytes.into()
}

/// Seconds since 1970.
pub(super) fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// That making a certificate failed.
pub(super) fn failed(error: &rcgen::Error) -> Error {
    Error::permanent(format!("the certificate cannot be made: {error}"))
}
