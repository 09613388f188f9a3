//! Kubeconfigs.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::pki::Pki;

/// How the administrator shows who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// By a token.
    Token,
    /// By a certificate.
    Certificate,
}

/// A kubeconfig that needs no other file.
pub fn text(pki: &Pki, server: SocketAddr, login: Login) -> String {
    let user = match login {
        Login::Token => json!({"token": super::TOKEN}),
        Login::Certificate => {
            let pair = pki.client("admin", "system:masters");
            json!({"client-certificate-data": data(&pair.certificate), "client-key-data": data(&pair.key)})
        }
    };
    let cluster = json!({"server": format!("https://{server}"), "certificate-authority-data": data(&pki.authority())});
    let config: Value = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "admin", "user": user}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
        "current-context": "test",
    });
    serde_yaml::to_string(&config).unwrap()
}

fn data(pem: &str) -> String {
    STANDARD.encode(pem)
}
