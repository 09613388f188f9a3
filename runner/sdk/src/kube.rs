//! Kubernetes, as steps see it: objects are JSON, and what can be done with them is one list of verbs.

use std::path::PathBuf;

use serde_json::Value;

use crate::Future;
use crate::error::Result;

/// Which cluster, and as whom. Nothing said: the file that `KUBECONFIG` names, else `~/.kube/config`, else the cluster
/// in whose pod the program runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cluster {
    /// A kubeconfig file, absolute.
    pub kubeconfig: Option<PathBuf>,
    /// A context of it; `None`: the current one.
    pub context: Option<String>,
}

/// A kind of objects, as the server serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The group and version, such as `v1` or `apps/v1`.
    pub api_version: String,
    /// The kind, such as `Deployment`.
    pub kind: String,
    /// Its name in URLs, such as `deployments`.
    pub plural: String,
    /// Whether its objects stand in namespaces.
    pub namespaced: bool,
}

/// What is asked of one object, or of all of a kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The kind.
    pub resource: Resource,
    /// The namespace; `None`: all of them, or none where the kind has none.
    pub namespace: Option<String>,
    /// What is to be done.
    pub verb: Verb,
}

/// What can be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Verb {
    /// Reads an object; null where there is none.
    Get {
        /// Its name.
        name: String,
    },
    /// Reads all objects that are selected, page by page: a list with `items` and its `metadata.resourceVersion`.
    List(Selection),
    /// Server-side apply; gives the object as it is then.
    Apply {
        /// The object: all that its manager wants of it.
        object: Value,
        /// Who manages the fields that it names.
        manager: String,
        /// Whether fields are taken over from other managers; else that is a conflict.
        force: bool,
        /// Whether the server only says what would become of it.
        dry_run: bool,
    },
    /// Changes an object; gives it as it is then.
    Patch {
        /// Its name.
        name: String,
        /// How the patch is written.
        kind: PatchKind,
        /// The patch.
        patch: Value,
        /// `status` or another part that is served apart.
        subresource: Option<String>,
        /// Whether the server only says what would become of it.
        dry_run: bool,
    },
    /// Deletes an object; gives it as it is then, null where there was none.
    Delete {
        /// Its name.
        name: String,
        /// What becomes of what it owns.
        propagation: Propagation,
        /// The only object that is meant, by `metadata.uid`: another one of the same name stays.
        uid: Option<String>,
    },
}

/// Which objects of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// A selector of labels, such as `app=web,tier!=cache`; empty: all.
    pub labels: String,
    /// A selector of fields, such as `status.phase=Running`; empty: all.
    pub fields: String,
}

/// How a patch is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchKind {
    /// JSON Merge Patch (RFC 7386).
    Merge,
    /// JSON Patch (RFC 6902).
    Json,
    /// Kubernetes' own, which knows how lists of built-in kinds are merged.
    Strategic,
}

/// What becomes of what an object owns when it is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// It is deleted afterwards.
    Background,
    /// It is deleted before.
    Foreground,
    /// It stays.
    Orphan,
}

/// What a watch tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// An object is there, or is there anew, or has changed.
    Present(Value),
    /// An object is gone; this was its last state.
    Gone(Value),
    /// Nothing happened up to this `resourceVersion`, from which a later watch may go on.
    Bookmark(String),
    /// The server no longer knows what happened since the version that was asked for: the objects must be listed anew.
    Expired,
}

/// What happens to objects, as it happens.
pub trait Events: Send {
    /// The next event; `None`: the server has ended the watch, as it does every few minutes.
    fn next(&mut self) -> Future<'_, Result<Option<Event>>>;
}

/// Clusters. A client is made once for each, when it is first asked for.
///
/// What the server refuses for now (409, 429, 5xx) is transient, as are connections that fail and credentials that have expired;
/// what it refuses for good (400, 403, 422, a kind or namespace that does not exist) is permanent.
pub trait Kube: Send + Sync {
    /// The namespace of objects that do not say theirs: that of the context, else `default`.
    fn namespace<'a>(&'a self, cluster: &'a Cluster) -> Future<'a, Result<String>>;
    /// How a kind is served, by its name as in objects (`Deployment`). Without `api_version` it is looked for in all groups, and must
    /// be in one of them alone, or in the oldest (`v1`).
    fn resource<'a>(
        &'a self,
        cluster: &'a Cluster,
        api_version: Option<&'a str>,
        kind: &'a str,
    ) -> Future<'a, Result<Resource>>;
    /// Does what is asked.
    fn send<'a>(&'a self, cluster: &'a Cluster, request: Request) -> Future<'a, Result<Value>>;
    /// Tells what happens to the objects that are selected, after the `resourceVersion` of a list.
    fn watch<'a>(
        &'a self,
        cluster: &'a Cluster,
        resource: &'a Resource,
        namespace: Option<&'a str>,
        selection: &'a Selection,
        version: &'a str,
    ) -> Future<'a, Result<Box<dyn Events>>>;
}
