//! Which servers are believed to be who they say they are.

use std::sync::{Arc, Mutex, PoisonError};

use runner_sdk::{Error, Result};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

/// The cryptography of every connection.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The TLS side of a client that trusts the authorities in `pem`, and the system's unless `only` these.
pub(super) fn client(pem: &[u8], only: bool) -> Result<ClientConfig> {
    let verifier: Arc<dyn ServerCertVerifier> = match (authorities(pem)?, only) {
        (roots, true) if roots.is_empty() => {
            return Err(Error::input("no authority is given, and the system's are not to be trusted"));
        }
        (roots, true) => {
            let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
            verifier.map_err(|error| Error::input(format!("the authorities cannot be used: {error}")))?
        }
        (_, false) => Arc::new(System { extra: certificates(pem)?, provider: provider(), loaded: Mutex::new(None) }),
    };
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::permanent(format!("TLS is not available: {error}")))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    // A resumed session shows the certificate of the session before it.
    config.resumption = Resumption::disabled();
    Ok(config)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates =
        certificates.map_err(|error| Error::input(format!("the authorities are not valid PEM: {error}")))?;
    if certificates.is_empty() && !pem.is_empty() {
        return Err(Error::input("the authorities hold no certificate")
            .hint("a PEM file begins with `-----BEGIN CERTIFICATE-----`"));
    }
    Ok(certificates)
}

fn authorities(pem: &[u8]) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots.add(certificate).map_err(|error| Error::input(format!("an authority cannot be used: {error}")))?;
    }
    Ok(roots)
}

/// The system's authorities and some more, read when the first handshake asks. A failure to read them is not kept: they
/// may be installed meanwhile.
#[derive(Debug)]
struct System {
    extra: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
    loaded: Mutex<Option<Arc<Verifier>>>,
}

impl System {
    fn verifier(&self) -> Result<Arc<Verifier>, rustls::Error> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(verifier) = &*loaded {
            return Ok(Arc::clone(verifier));
        }
        let verifier = Verifier::new_with_extra_roots(self.extra.clone(), Arc::clone(&self.provider)).map(Arc::new)?;
        Ok(Arc::clone(loaded.insert(verifier)))
    }
}

impl ServerCertVerifier for System {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.verifier()?.verify_server_cert(leaf, intermediates, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier()?.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier()?.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
