//! What is asked, as HTTP.

use std::fmt::Write as _;

use kube::client::Body;
use runner_sdk::kube::{PatchKind, Propagation, Request, Resource, Selection, Verb};
use runner_sdk::{Error, Result};
use serde_json::{Value, json};

/// How many objects a page of a list holds, as `kubectl` asks for.
const PAGE: &str = "500";

/// A request that may be sent more than once.
#[derive(Debug, PartialEq)]
pub(super) struct Call {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) body: Option<(&'static str, Value)>,
    pub(super) accept: &'static str,
}

impl Call {
    pub(super) fn get(path: String) -> Self {
        Self { method: "GET", path, body: None, accept: "application/json" }
    }

    pub(super) fn request(&self) -> Result<hyper::Request<Body>, hyper::http::Error> {
        let request = hyper::Request::builder()
            .method(self.method)
            .uri(&self.path)
            .header("accept", self.accept)
            .header("user-agent", concat!("runner/", env!("CARGO_PKG_VERSION")));
        match &self.body {
            // As YAML counts for server-side apply, and JSON is YAML.
            Some((kind, value)) => request.header("content-type", *kind).body(value.to_string().into_bytes().into()),
            None => request.body(Body::empty()),
        }
    }
}

/// What is asked of one object.
pub(super) fn call(asked: &Request) -> Result<Call> {
    let path = |name: &str, more: Option<&str>| path(&asked.resource, asked.namespace.as_deref(), Some(name), more);
    let dry = |dry_run: bool| if dry_run { vec![("dryRun", "All")] } else { Vec::new() };
    Ok(match &asked.verb {
        Verb::Get { name } => Call::get(path(name, None)?),
        Verb::List(selection) => list(&asked.resource, asked.namespace.as_deref(), selection, "")?,
        Verb::Apply { object, manager, force, dry_run } => {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            let mut pairs = vec![("fieldManager", manager.as_str()), ("force", if *force { "true" } else { "false" })];
            pairs.extend(dry(*dry_run));
            Call {
                method: "PATCH",
                path: with(path(name, None)?, &pairs),
                body: Some(("application/apply-patch+yaml", object.clone())),
                accept: "application/json",
            }
        }
        Verb::Patch { name, kind, patch, subresource, dry_run } => {
            let kind = match kind {
                PatchKind::Merge => "application/merge-patch+json",
                PatchKind::Json => "application/json-patch+json",
                PatchKind::Strategic => "application/strategic-merge-patch+json",
            };
            let path =
                with(path(name, subresource.as_deref())?, &[&[("fieldManager", "runner")], &*dry(*dry_run)].concat());
            Call { method: "PATCH", path, body: Some((kind, patch.clone())), accept: "application/json" }
        }
        Verb::Delete { name, propagation, uid } => {
            let policy = match propagation {
                Propagation::Background => "Background",
                Propagation::Foreground => "Foreground",
                Propagation::Orphan => "Orphan",
            };
            let mut options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": policy});
            if let Some(uid) = uid {
                options["preconditions"] = json!({ "uid": uid });
            }
            let body = Some(("application/json", options));
            Call { method: "DELETE", path: path(name, None)?, body, accept: "application/json" }
        }
    })
}

/// A page of a list, after what `from` was given for.
pub(super) fn list(resource: &Resource, namespace: Option<&str>, selection: &Selection, from: &str) -> Result<Call> {
    let pairs = [("limit", PAGE), ("continue", from)];
    Ok(Call::get(with(path(resource, namespace, None, None)?, &[&selected(selection)[..], &pairs].concat())))
}

/// A watch of at most `seconds`.
pub(super) fn watch(
    resource: &Resource,
    namespace: Option<&str>,
    selection: &Selection,
    version: &str,
    seconds: &str,
) -> Result<Call> {
    let pairs =
        [("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", version), ("timeoutSeconds", seconds)];
    Ok(Call::get(with(path(resource, namespace, None, None)?, &[&selected(selection)[..], &pairs].concat())))
}

fn selected(selection: &Selection) -> [(&'static str, &str); 2] {
    [("labelSelector", selection.labels.as_str()), ("fieldSelector", selection.fields.as_str())]
}

fn path(resource: &Resource, namespace: Option<&str>, name: Option<&str>, more: Option<&str>) -> Result<String> {
    let mut path = group(&resource.api_version);
    if let Some(namespace) = namespace.filter(|_| resource.namespaced) {
        let _ = write!(path, "/namespaces/{}", segment(namespace)?);
    }
    let _ = write!(path, "/{}", resource.plural);
    for part in [name, more].into_iter().flatten() {
        let _ = write!(path, "/{}", segment(part)?);
    }
    Ok(path)
}

/// The path of a group and version.
pub(super) fn group(api_version: &str) -> String {
    format!("/{}/{api_version}", if api_version.contains('/') { "apis" } else { "api" })
}

/// A name as a part of a path. Kubernetes allows in names what paths allow, but for what would part them.
fn segment(name: &str) -> Result<String> {
    if name.is_empty() || name == "." || name == ".." || name.contains(['/', '%']) {
        return Err(Error::input(format!("`{name}` cannot be an object's name")));
    }
    Ok(escaped(name))
}

fn with(mut path: String, pairs: &[(&str, &str)]) -> String {
    let mut sign = '?';
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = write!(path, "{sign}{name}={}", escaped(value));
        sign = '&';
    }
    path
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployments() -> Resource {
        let (api_version, kind, plural) = ("apps/v1".to_owned(), "Deployment".to_owned(), "deployments".to_owned());
        Resource { api_version, kind, plural, namespaced: true }
    }

    #[test]
    fn paths_are_those_of_the_api() {
        let get = |namespace: Option<&str>, name: &str| path(&deployments(), namespace, Some(name), None);
        assert_eq!(get(Some("a"), "web").unwrap(), "/apis/apps/v1/namespaces/a/deployments/web");
        assert_eq!(get(None, "system:node").unwrap(), "/apis/apps/v1/deployments/system:node");
        for odd in ["", ".", "..", "a/b", "a%2fb"] {
            assert!(get(None, odd).unwrap_err().message.contains("name"), "{odd}");
        }
        let selection = Selection { labels: "app in (a,b)".to_owned(), fields: String::new() };
        assert_eq!(
            list(&deployments(), None, &selection, "x=").unwrap().path,
            "/apis/apps/v1/deployments?labelSelector=app%20in%20%28a%2Cb%29&limit=500&continue=x%3D"
        );
    }

    #[test]
    fn an_apply_says_who_and_whether_by_force() {
        let object = json!({"metadata": {"name": "web"}});
        let verb = Verb::Apply { object, manager: "me".to_owned(), force: false, dry_run: true };
        let asked = Request { resource: deployments(), namespace: Some("a".to_owned()), verb };
        let call = call(&asked).unwrap();
        assert!(call.path.ends_with("/deployments/web?fieldManager=me&force=false&dryRun=All"), "{}", call.path);
        assert_eq!((call.method, call.body.unwrap().0), ("PATCH", "application/apply-patch+yaml"));
    }
}
