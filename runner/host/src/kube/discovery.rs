//! How a kind is served.

use runner_sdk::kube::Resource;
use runner_sdk::{Error, Result};
use serde_json::Value;

use super::client::Client;
use super::request::{self, Call};

/// All groups with their kinds in one answer (Kubernetes 1.27 and later).
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

/// How `kind` is served, of one group and version or of whichever has it.
pub(super) async fn resource(client: &Client, api_version: Option<&str>, kind: &str) -> Result<Resource> {
    let key = (api_version.map(str::to_owned), kind.to_owned());
    if let Some(known) = client.kinds().get(&key) {
        return Ok(known.clone());
    }
    let found = match api_version {
        Some(api_version) => of_version(client, api_version, kind).await?,
        None => of_any(client, kind).await?,
    };
    // What is not served is not kept: its definition may come.
    client.kinds().insert(key, found.clone());
    Ok(found)
}

async fn of_version(client: &Client, api_version: &str, kind: &str) -> Result<Resource> {
    if api_version.split('/').count() > 2 || api_version.split('/').any(|part| part.is_empty() || part.starts_with('.'))
    {
        return Err(Error::input(format!("`{api_version}` is not an API version")).hint("it is like `v1` or `apps/v1`"));
    }
    let listed = client.call(&Call::get(request::group(api_version)), kind).await;
    let listed = match listed {
        Err(refused) if refused.status == 404 => return Err(missing(api_version, kind, &[])),
        listed => listed.map_err(|refused| refused.told(kind))?,
    };
    let all = listed["resources"].as_array().map(Vec::as_slice).unwrap_or_default();
    let whole = |entry: &&Value| !entry["name"].as_str().unwrap_or("/").contains('/');
    let names: Vec<_> = all.iter().filter(whole).filter_map(|entry| entry["kind"].as_str()).collect();
    let found = all.iter().filter(whole).find(|entry| entry["kind"] == kind);
    let Some(found) = found else { return Err(missing(api_version, kind, &names)) };
    Ok(Resource {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        plural: found["name"].as_str().unwrap_or_default().to_owned(),
        namespaced: found["namespaced"] == true,
    })
}

fn missing(api_version: &str, kind: &str, served: &[&str]) -> Error {
    let error = Error::permanent(format!("the kind `{kind}` of `{api_version}` is not served here"));
    let close =
        served.iter().find(|name| name.eq_ignore_ascii_case(kind) || format!("{name}s").eq_ignore_ascii_case(kind));
    match close {
        Some(close) => error.hint(format!("did you mean `{close}`?")),
        None => {
            error.hint("is what defines it installed there, in a version that has it? `kubectl api-resources` tells")
        }
    }
}

async fn of_any(client: &Client, kind: &str) -> Result<Resource> {
    let mut found: Vec<Resource> = Vec::new();
    for path in ["/api", "/apis"] {
        let call = Call { accept: AGGREGATED, ..Call::get(path.to_owned()) };
        let all = client.call(&call, kind).await.map_err(|refused| refused.told(kind))?;
        if all["kind"] != "APIGroupDiscoveryList" {
            return Err(Error::input(format!("the server does not tell in which group `{kind}` is"))
                .hint("say it with `api_version`"));
        }
        for group in all["items"].as_array().into_iter().flatten() {
            let versions = group["versions"].as_array().into_iter().flatten();
            // The versions stand in the order in which the server prefers them.
            let mut of_group = versions.flat_map(|version| {
                let entries = version["resources"].as_array().into_iter().flatten();
                entries.map(move |entry| (entry, version["version"].as_str().unwrap_or_default()))
            });
            let found_here = of_group.find(|(entry, _)| {
                let verbs = entry["verbs"].as_array();
                entry["responseKind"]["kind"] == kind
                    && verbs.is_some_and(|verbs| verbs.iter().any(|verb| verb == "get"))
            });
            if let Some((entry, version)) = found_here {
                found.push(of_entry(entry, group["metadata"]["name"].as_str().unwrap_or_default(), version));
            }
        }
        if path == "/api" && !found.is_empty() {
            break;
        }
    }
    match found.as_slice() {
        [] => Err(Error::permanent(format!("the kind `{kind}` is not served here"))
            .hint("is what defines it installed there? Kinds are written as in objects, such as `ConfigMap`")),
        [one] => Ok(one.clone()),
        several => {
            let versions: Vec<_> = several.iter().map(|one| format!("`{}`", one.api_version)).collect();
            Err(Error::input(format!("several groups have the kind `{kind}`: {}", versions.join(", ")))
                .hint("say which with `api_version`"))
        }
    }
}

/// A kind of a group's version. (Its own `responseKind` leaves out the version where it is this one.)
fn of_entry(entry: &Value, group: &str, version: &str) -> Resource {
    Resource {
        api_version: if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") },
        kind: entry["responseKind"]["kind"].as_str().unwrap_or_default().to_owned(),
        plural: entry["resource"].as_str().unwrap_or_default().to_owned(),
        namespaced: entry["scope"] == "Namespaced",
    }
}
