//! The certificates of a control plane.

use std::sync::Arc;
use std::time::SystemTime;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::RootCertStore;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, ServerConfig};

/// How long before now everything is valid already, and how long after now what does not say otherwise.
const VALID: time::Duration = time::Duration::days(2);

/// A certificate authority of its own, and what it signs.
pub struct Pki {
    authority: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key.
pub struct Pair {
    /// The certificate, as PEM.
    pub certificate: String,
    /// The key, as PEM (PKCS #8).
    pub key: String,
    der: (CertificateDer<'static>, PrivatePkcs8KeyDer<'static>),
}

impl Pki {
    /// A new authority.
    pub fn new() -> Self {
        let mut params = params("kubetest-ca");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { authority }
    }

    /// The certificate of the authority, as PEM.
    pub fn authority(&self) -> String {
        self.authority.pem()
    }

    /// A certificate for whoever listens on loopback, valid until then.
    pub fn server(&self, until: Option<SystemTime>) -> Pair {
        let names =
            ["127.0.0.1", "10.0.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];
        let mut params = params("kube-apiserver");
        let names = CertificateParams::new(names.map(str::to_owned).to_vec()).unwrap();
        params.subject_alt_names = names.subject_alt_names;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        if let Some(until) = until {
            params.not_after = until.into();
        }
        self.sign(&params)
    }

    /// A certificate for a user of a group.
    pub fn client(&self, user: &str, group: &str) -> Pair {
        let mut params = params(user);
        params.distinguished_name.push(DnType::OrganizationName, group);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(&params)
    }

    /// How to talk to whoever this authority has signed.
    pub fn to_server(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap();
        Arc::new(config.with_root_certificates(roots).with_no_client_auth())
    }

    fn sign(&self, params: &CertificateParams) -> Pair {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        let der = (certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()));
        Pair { certificate: certificate.pem(), key: key.serialize_pem(), der }
    }
}

impl Pair {
    /// How to serve with it, HTTP/1.1 only.
    pub fn to_clients(&self) -> Arc<ServerConfig> {
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let mut config = config.with_single_cert(vec![self.der.0.clone()], self.der.1.clone_key().into()).unwrap();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    let now = time::OffsetDateTime::now_utc();
    (params.not_before, params.not_after) = (now - VALID, now + VALID);
    params
}
