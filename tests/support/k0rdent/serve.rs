//! The webhooks' server, on loopback, and its registration.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::admission::judge;
use super::cluster::{Cluster, WEBHOOKS};
use super::shared::Shared;
use crate::support::control_plane::pki::Pki;

/// The name of both registrations.
const NAME: &str = "kcm-webhook";
/// What is asked about, and when.
const RULES: &[(&str, &[&str])] = &[
    ("Region", &["CREATE", "UPDATE", "DELETE"]),
    ("ClusterDeployment", &["CREATE", "DELETE"]),
    ("Management", &["UPDATE", "DELETE"]),
    ("Release", &["DELETE"]),
];

pub struct Webhook {
    listener: TcpListener,
    tls: TlsAcceptor,
}

impl Webhook {
    /// Listens, and has the API server ask.
    pub async fn start(shared: &Shared) -> Self {
        let pki = Pki::new();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let authority = STANDARD.encode(pki.authority());
        let client = |path: &str| json!({"url": format!("https://{address}/{path}"), "caBundle": authority});
        let hook = |name: String, path: &str, kind: &str, operations: &[&str]| {
            let plural = format!("{}s", kind.to_lowercase());
            let rule = json!({
                "apiGroups": ["k0rdent.mirantis.com"], "apiVersions": ["v1beta1"], "resources": [plural], "operations": operations,
            });
            json!({
                "name": format!("{name}.{}.k0rdent.mirantis.com", kind.to_lowercase()), "clientConfig": client(path), "rules": [rule],
                "failurePolicy": "Fail", "sideEffects": "None", "admissionReviewVersions": ["v1"],
            })
        };
        let validating = RULES.iter().map(|(kind, operations)| hook("validation".into(), "validate", kind, operations));
        let validating: Vec<_> = validating.collect();
        let mutating = vec![hook("mutation".into(), "mutate", "ClusterDeployment", &["CREATE"])];
        for (kind, hooks) in WEBHOOKS.into_iter().zip([validating, mutating]) {
            shared.home.apply(kind, &json!({"metadata": {"name": NAME}, "webhooks": hooks})).await.unwrap();
        }
        Self { listener, tls: pki.server(None).to_clients().into() }
    }

    /// Answers, until this is dropped.
    pub async fn serve(&self, shared: &Arc<Shared>) {
        let mut connections = tokio::task::JoinSet::new();
        while let Ok((stream, _)) = self.listener.accept().await {
            connections.spawn(connection(stream, self.tls.clone(), Arc::clone(shared)));
        }
    }
}

/// Nobody is asked any more.
pub async fn withdraw(home: &Cluster) {
    for kind in WEBHOOKS {
        // The API server may have ended before.
        let _ = tokio::time::timeout(std::time::Duration::from_secs(2), home.delete(kind, None, NAME)).await;
    }
}

async fn connection(stream: TcpStream, tls: TlsAcceptor, shared: Arc<Shared>) {
    let Ok(stream) = tls.accept(stream).await else { return };
    let answer = service_fn(|request| answer(request, &shared));
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}

async fn answer(request: Request<Incoming>, shared: &Shared) -> Result<Response<Full<Bytes>>, Infallible> {
    let mutating = request.uri().path() == "/mutate";
    let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let review: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut response = json!({"uid": review["request"]["uid"], "allowed": true});
    match judge(shared, &review["request"], mutating).await {
        Ok(verdict) => {
            if let Some(why) = verdict.refused {
                response["allowed"] = false.into();
                response["status"] = json!({"code": 403, "message": why, "reason": "Forbidden"});
            }
            response["warnings"] = json!(verdict.warning.into_iter().collect::<Vec<_>>());
            if !verdict.patch.is_empty() {
                response["patchType"] = "JSONPatch".into();
                response["patch"] = STANDARD.encode(json!(verdict.patch).to_string()).into();
            }
        }
        Err(error) => {
            response["allowed"] = false.into();
            response["status"] = json!({"code": 500, "message": error.to_string()});
        }
    }
    let answer = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response});
    Ok(Response::builder()
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(answer.to_string())))
        .unwrap())
}
