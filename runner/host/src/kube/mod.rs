//! Kubernetes: one client a cluster, made when it is first asked for.
//!
//! Which cluster is meant, and through which proxy, is in [`config`]; the clients and how long they last in [`client`]; what is asked, as
//! HTTP, in [`request`]; how a kind is served in [`discovery`]; what happens meanwhile in [`watch`]; why something was refused, and
//! whether another try can help, in [`refusal`].
//!
//! Of the crate `kube` only its connection is used: TLS, proxies, and credentials with their plugins. Objects are JSON.

mod client;
mod config;
mod discovery;
mod refusal;
mod request;
#[cfg(test)]
mod tests;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;

use runner_sdk::kube::{Cluster, Events, Kube, Request, Resource, Selection, Verb};
use runner_sdk::{Future, Result};
use serde_json::Value;

pub use client::Clients;
use config::Surroundings;

/// Clusters as one attempt sees them: through the clients of all, with its own environment.
pub struct RealKube {
    clients: Arc<Clients>,
    surroundings: Surroundings,
}

impl RealKube {
    /// For a step in `dir` whose environment differs from this process's by `env`; `None` removes a name.
    pub fn new(clients: Arc<Clients>, dir: PathBuf, env: &[(String, Option<String>)]) -> Self {
        Self { clients, surroundings: Surroundings { dir, env: env.to_vec() } }
    }
}

impl Kube for RealKube {
    fn namespace<'a>(&'a self, cluster: &'a Cluster) -> Future<'a, Result<String>> {
        Box::pin(async move { Ok(self.clients.of(cluster, &self.surroundings).await?.namespace.clone()) })
    }

    fn resource<'a>(
        &'a self,
        cluster: &'a Cluster,
        api_version: Option<&'a str>,
        kind: &'a str,
    ) -> Future<'a, Result<Resource>> {
        Box::pin(async move {
            let client = self.clients.of(cluster, &self.surroundings).await?;
            discovery::resource(&client, api_version, kind).await
        })
    }

    fn send<'a>(&'a self, cluster: &'a Cluster, request: Request) -> Future<'a, Result<Value>> {
        Box::pin(async move {
            let client = self.clients.of(cluster, &self.surroundings).await?;
            match &request.verb {
                Verb::List(selection) => client.list(&request, selection).await,
                _ => client.one(&request).await,
            }
        })
    }

    fn watch<'a>(
        &'a self,
        cluster: &'a Cluster,
        resource: &'a Resource,
        namespace: Option<&'a str>,
        selection: &'a Selection,
        version: &'a str,
    ) -> Future<'a, Result<Box<dyn Events>>> {
        Box::pin(async move {
            let client = self.clients.of(cluster, &self.surroundings).await?;
            watch::start(&client, resource, namespace, selection, version).await
        })
    }
}
