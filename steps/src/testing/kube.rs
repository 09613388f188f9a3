//! A cluster in a map.

use std::collections::BTreeMap;
use std::sync::Mutex;

use runner_sdk::kube::{Cluster, Events, Kube, Request, Resource, Selection, Verb};
use runner_sdk::{Error, Future, Result};
use serde_json::{Value, json};

/// Serves the built-in kinds that tests put there; what it is not made for is an error.
#[derive(Default)]
pub(crate) struct TestKube(Mutex<BTreeMap<(String, String, String), Value>>);

impl TestKube {
    /// Puts an object into a namespace.
    pub(crate) fn put(&self, namespace: &str, object: Value) {
        let [kind, name] = [&object["kind"], &object["metadata"]["name"]].map(|text| text.as_str().unwrap().to_owned());
        self.0.lock().unwrap().insert((kind, namespace.to_owned(), name), object);
    }

    fn answer(&self, request: Request) -> Result<Value> {
        let (kind, objects) = (request.resource.kind, self.0.lock().unwrap());
        let here = |namespace: &str| request.namespace.as_deref().is_none_or(|wanted| wanted == namespace);
        match request.verb {
            Verb::Get { name } => {
                let found = objects.iter().find(|((k, ns, n), _)| *k == kind && here(ns) && *n == name);
                Ok(found.map_or(Value::Null, |(_, object)| object.clone()))
            }
            Verb::List(_) => {
                let found = objects.iter().filter(|((k, ns, _), _)| *k == kind && here(ns));
                Ok(json!({"items": found.map(|(_, object)| object.clone()).collect::<Vec<_>>()}))
            }
            other => Err(Error::permanent(format!("the test's cluster does not do {other:?}"))),
        }
    }
}

impl Kube for TestKube {
    fn namespace<'a>(&'a self, _: &'a Cluster) -> Future<'a, Result<String>> {
        Box::pin(async { Ok("default".to_owned()) })
    }

    fn resource<'a>(
        &'a self,
        _: &'a Cluster,
        api_version: Option<&'a str>,
        kind: &'a str,
    ) -> Future<'a, Result<Resource>> {
        let (api_version, plural) = (api_version.unwrap_or("v1").to_owned(), format!("{}s", kind.to_lowercase()));
        let namespaced = kind != "Namespace";
        Box::pin(async move { Ok(Resource { api_version, kind: kind.to_owned(), plural, namespaced }) })
    }

    fn send<'a>(&'a self, _: &'a Cluster, request: Request) -> Future<'a, Result<Value>> {
        Box::pin(async move { self.answer(request) })
    }

    fn watch<'a>(
        &'a self,
        _: &'a Cluster,
        _: &'a Resource,
        _: Option<&'a str>,
        _: &'a Selection,
        _: &'a str,
    ) -> Future<'a, Result<Box<dyn Events>>> {
        Box::pin(async { Err(Error::permanent("the test's cluster cannot be watched")) })
    }
}
