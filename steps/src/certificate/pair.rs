//! A certificate and its key, as files.

use std::io;
use std::path::{Path, PathBuf};

use rcgen::{KeyPair, PublicKeyData};
use runner_sdk::{Context, Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use x509_parser::pem::Pem;

use crate::x509;

/// Files of a certificate and its key, in PEM.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The certificate's file.
    pub certificate: PathBuf,
    /// The key's file.
    pub key: PathBuf,
}

/// A certificate with its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Issued {
    /// The certificate's file, absolute.
    pub certificate: PathBuf,
    /// The key's file, absolute.
    pub key: PathBuf,
    /// Whom it is for, such as `CN=example.test`.
    pub subject: String,
    /// The serial number in lower-case hexadecimal.
    pub serial: String,
    /// From when it is valid, as RFC 3339.
    pub not_before: String,
    /// Until when it is valid, as RFC 3339.
    pub not_after: String,
    /// SHA-256 of the certificate in lower-case hexadecimal.
    pub fingerprint_sha256: String,
    /// Whether this attempt issued it; otherwise the one that was there was kept.
    pub issued: bool,
}

/// What stands in the two files.
pub(super) struct Standing {
    /// The first certificate in its file, in DER; the error says why there is none.
    pub(super) certificate: Result<Vec<u8>, String>,
    /// All of the certificate's file.
    pub(super) pem: Vec<u8>,
    /// The key; the error says why there is none.
    pub(super) key: Result<KeyPair, String>,
    /// Whether anything stands in the certificate's file.
    pub(super) has_certificate: bool,
    /// Whether anything stands in the key's file.
    pub(super) has_key: bool,
}

impl Pair {
    /// The pair with absolute paths.
    pub(super) fn at(&self, context: &Context) -> Self {
        Self { certificate: context.place.path(&self.certificate), key: context.place.path(&self.key) }
    }

    /// Reads what stands there.
    pub(super) fn read(&self, context: &Context) -> Result<Standing> {
        let pem = read(context, &self.certificate)?;
        let key = read(context, &self.key)?;
        let (has_certificate, has_key) = (pem.is_some(), key.is_some());
        let pem = pem.unwrap_or_default();
        Ok(Standing {
            certificate: if has_certificate {
                first(&pem).ok_or_else(|| format!("`{}` holds no certificate", self.certificate.display()))
            } else {
                Err(format!("`{}` is not there", self.certificate.display()))
            },
            key: key.map_or_else(|| Err(format!("`{}` is not there", self.key.display())), |pem| self.decode_key(&pem)),
            pem,
            has_certificate,
            has_key,
        })
    }

    fn decode_key(&self, pem: &[u8]) -> Result<KeyPair, String> {
        let key = std::str::from_utf8(pem).ok().and_then(|pem| KeyPair::from_pem(pem).ok());
        key.ok_or_else(|| format!("`{}` holds no private key in PKCS #8", self.key.display()))
    }

    /// Writes the key, for its owner alone, and then the certificate.
    pub(super) fn write(&self, context: &Context, certificate: &str, key: &KeyPair) -> Result<()> {
        let wrong = |path: &Path, error: &io::Error| Error::io("write", path, error);
        let (key_pem, files) = (key.serialize_pem(), &context.files);
        files.write(&self.key, key_pem.as_bytes(), Some(0o600)).map_err(|error| wrong(&self.key, &error))?;
        files
            .write(&self.certificate, certificate.as_bytes(), Some(0o644))
            .map_err(|error| wrong(&self.certificate, &error))
    }

    /// Closes a key that is kept to all but its owner.
    pub(super) fn protect(&self, context: &Context) -> Result<()> {
        let failed = |error| Error::io("protect", &self.key, &error);
        match context.files.stat(&self.key).map_err(failed)? {
            Some(stat) if stat.mode & 0o077 != 0 => context.files.set_mode(&self.key, 0o600).map_err(failed),
            _ => Ok(()),
        }
    }

    /// The outputs for a certificate in DER.
    pub(super) fn describe(&self, der: &[u8], issued: bool) -> Result<Issued> {
        let certificate = x509::decode(der)?;
        Ok(Issued {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            subject: x509::subject(&certificate),
            serial: x509::serial(&certificate),
            not_before: x509::rfc3339(certificate.validity().not_before.timestamp()),
            not_after: x509::rfc3339(certificate.validity().not_after.timestamp()),
            fingerprint_sha256: x509::hex(&Sha256::digest(der)),
            issued,
        })
    }
}

impl Standing {
    /// Whether the key is that of the certificate `der`.
    pub(super) fn fits(&self, der: &[u8]) -> bool {
        let (Ok(certificate), Ok(key)) = (x509::decode(der), &self.key) else { return false };
        certificate.public_key().subject_public_key.data.as_ref() == key.der_bytes()
    }
}

fn read(context: &Context, path: &Path) -> Result<Option<Vec<u8>>> {
    match context.files.read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", path, &error)),
    }
}

/// The first certificate in PEM that decodes.
fn first(pem: &[u8]) -> Option<Vec<u8>> {
    let block = Pem::iter_from_buffer(pem).filter_map(Result::ok).find(|block| block.label == "CERTIFICATE")?;
    x509::decode(&block.contents).ok()?;
    Some(block.contents)
}
