//! A server's certificate and key, read anew when their files change.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;

use runner_sdk::{Error, Result};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::trust;

/// The files, what was last read of them, and the TLS side of a server that shows it.
pub(super) struct Pair {
    certificate: PathBuf,
    key: PathBuf,
    seen: Seen,
    config: Arc<ServerConfig>,
}

/// By what a changed file is told from the same one: inode, size, and time of change with its nanoseconds.
type Mark = (u64, u64, i64, i64);
/// The marks of both files; `None` for one that is not there.
type Seen = [Option<Mark>; 2];

impl Pair {
    /// Reads both files.
    pub(super) fn read(certificate: PathBuf, key: PathBuf) -> Result<Self> {
        let seen = look(&certificate, &key);
        let config = load(&certificate, &key)?;
        Ok(Self { certificate, key, seen, config })
    }

    /// The TLS side to use now. After a change the files are read once: what does not parse or fit is logged, and the
    /// old pair stays until the next change.
    pub(super) fn current(&mut self, log: impl Fn(&str)) -> Arc<ServerConfig> {
        let now = look(&self.certificate, &self.key);
        if now != self.seen {
            // Looked at before reading, so that a change meanwhile is seen the next time.
            self.seen = now;
            match load(&self.certificate, &self.key) {
                Ok(config) => {
                    self.config = config;
                    log("the certificate was read anew");
                }
                Err(error) => log(&format!("the old certificate stays: {error}")),
            }
        }
        Arc::clone(&self.config)
    }
}

fn look(certificate: &PathBuf, key: &PathBuf) -> Seen {
    let mark = |metadata: Metadata| (metadata.ino(), metadata.size(), metadata.mtime(), metadata.mtime_nsec());
    [certificate, key].map(|path| std::fs::metadata(path).ok().map(mark))
}

fn load(certificate: &PathBuf, key: &PathBuf) -> Result<Arc<ServerConfig>> {
    let read = |path: &PathBuf| std::fs::read(path).map_err(|error| Error::io("read", path, &error));
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&read(certificate)?)
        .collect::<Result<_, _>>()
        .map_err(|error| Error::permanent(format!("`{}` is not valid PEM: {error}", certificate.display())))?;
    if chain.is_empty() {
        return Err(Error::permanent(format!("`{}` holds no certificate", certificate.display())));
    }
    let private = PrivateKeyDer::from_pem_slice(&read(key)?)
        .map_err(|error| Error::permanent(format!("`{}` holds no private key: {error}", key.display())))?;
    let mut config = ServerConfig::builder_with_provider(trust::provider())
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private))
        .map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                Error::permanent(format!("the key `{}` does not fit `{}`", key.display(), certificate.display()))
            }
            other => Error::permanent(format!("`{}` cannot be used: {other}", certificate.display())),
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
