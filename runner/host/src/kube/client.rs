//! One client a cluster.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http_body_util::BodyExt;
use hyper::Response;
use kube::client::Body;
use runner_sdk::kube::{Cluster, Request, Resource, Selection, Verb};
use runner_sdk::{Error, Result};
use serde_json::{Value, json};

use super::config::Surroundings;
use super::{refusal, request};

/// How long an answer may take. The server itself gives up after a minute.
const ANSWER: Duration = Duration::from_secs(75);
/// How often, and how long in all, a request is put off as the server asks before that is an error.
const PUT_OFF: u32 = 5;
/// The longest that a server's wish is waited for.
const LONGEST_WISH: Duration = Duration::from_secs(30);
/// How often a list is begun anew whose pages have expired.
const LISTS: u32 = 3;

/// The clients of an engine. Cheap to make: nothing is read before a step asks for a cluster.
#[derive(Default)]
pub struct Clients {
    known: Mutex<HashMap<Key, Arc<Client>>>,
}

/// What a client is made of: when a file changes, it is another client.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    files: Vec<(PathBuf, Vec<u8>)>,
    context: Option<String>,
    proxies: Vec<Option<String>>,
}

/// One cluster.
pub(super) struct Client {
    inner: kube::Client,
    /// The namespace of objects that do not say theirs.
    pub(super) namespace: String,
    /// Where it is, for messages.
    pub(super) server: String,
    /// Whether the server no longer takes its credentials.
    refused: AtomicBool,
    /// The kinds that were asked for, as they are served.
    pub(super) kinds: Mutex<HashMap<(Option<String>, String), Resource>>,
}

impl Clients {
    pub(super) async fn of(&self, cluster: &Cluster, surroundings: &Surroundings) -> Result<Arc<Client>> {
        let files = surroundings.files(cluster);
        let mut read = Vec::new();
        for file in &files {
            let bytes = std::fs::read(file).map_err(|error| {
                let error = Error::io("read the kubeconfig", file, &error);
                Error { kind: runner_sdk::ErrorKind::Input, ..error }
            })?;
            read.push((file.clone(), bytes));
        }
        let key = Key { files: read, context: cluster.context.clone(), proxies: surroundings.proxies() };
        if let Some(client) = self.lock().get(&key) {
            // Credentials of a plugin hold for a while.
            let valid = client.inner.valid_until().as_ref().is_none_or(|until| until.as_second() > now());
            if valid && !client.refused.load(Ordering::Relaxed) {
                return Ok(Arc::clone(client));
            }
        }
        let config = surroundings.config(cluster, &files).await?;
        let client = Arc::new(Client::new(config).await?);
        // Of a file that has changed, the client of its earlier content is of no use any more.
        let mut known = self.lock();
        let paths = |key: &Key| key.files.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>();
        known.retain(|other, _| paths(other) != paths(&key) || other.context != key.context);
        known.insert(key, Arc::clone(&client));
        Ok(client)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Arc<Client>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

impl Client {
    async fn new(config: kube::Config) -> Result<Self> {
        let server = config.cluster_url.to_string().trim_end_matches('/').to_owned();
        let namespace = config.default_namespace.clone();
        // A plugin that gives credentials may take its time, and waits on the thread.
        let made = tokio::task::spawn_blocking(move || kube::Client::try_from(config)).await;
        let inner = match made {
            Ok(Ok(inner)) => inner,
            Ok(Err(error)) => return Err(refusal::failed(&error, &server)),
            Err(_) => return Err(Error::permanent(format!("no client of `{server}` can be made"))),
        };
        Ok(Self { inner, namespace, server, refused: AtomicBool::new(false), kinds: Mutex::default() })
    }

    /// Does what is asked, unless it is a list.
    pub(super) async fn one(&self, asked: &Request) -> Result<Value> {
        let call = request::call(asked)?;
        let answer = self.call(&call, asked.resource.kind.as_str()).await;
        let may_lack = matches!(asked.verb, Verb::Get { .. } | Verb::Delete { .. });
        match answer {
            Ok(value) => Ok(value),
            Err(refused) if may_lack && refused.is_no_object() => Ok(Value::Null),
            Err(refused) => Err(self.told(refused, asked)),
        }
    }

    /// A list, page by page; its objects say their kind, which the server leaves out.
    pub(super) async fn list(&self, asked: &Request, selection: &Selection) -> Result<Value> {
        'anew: for _ in 0..LISTS {
            let (mut items, mut from) = (Vec::new(), String::new());
            loop {
                let call = request::list(&asked.resource, asked.namespace.as_deref(), selection, &from)?;
                let mut page = match self.call(&call, &asked.resource.kind).await {
                    Ok(page) => page,
                    Err(refused) if refused.status == 410 && !from.is_empty() => continue 'anew,
                    Err(refused) => return Err(self.told(refused, asked)),
                };
                if let Value::Array(objects) = page["items"].take() {
                    items.extend(objects.into_iter().map(|object| named(object, &asked.resource)));
                }
                let Some(token) = page["metadata"]["continue"].as_str().filter(|token| !token.is_empty()) else {
                    let version = page["metadata"]["resourceVersion"].take();
                    return Ok(json!({"items": items, "metadata": {"resourceVersion": version}}));
                };
                token.clone_into(&mut from);
            }
        }
        Err(Error::transient(format!("the list of `{}` expired while it was read", asked.resource.kind)))
    }

    fn told(&self, refused: refusal::Refusal, asked: &Request) -> Error {
        if refused.is_no_kind() {
            // A definition that was removed and comes again may serve it in another way.
            self.kinds().clear();
        }
        refused.told(&asked.resource.kind)
    }

    pub(super) fn kinds(&self) -> std::sync::MutexGuard<'_, HashMap<(Option<String>, String), Resource>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One request and its whole answer, put off where the server asks for it.
    pub(super) async fn call(&self, call: &request::Call, what: &str) -> Result<Value, refusal::Refusal> {
        let mut put_off = 0;
        loop {
            let exchange = async {
                let response = self.open(call).await?;
                let (head, body) = response.into_parts();
                let bytes = body.collect().await.map_err(|error| refusal::broken(&error, &self.server))?.to_bytes();
                Ok::<_, refusal::Refusal>((head, bytes))
            };
            let Ok(answer) = tokio::time::timeout(ANSWER, exchange).await else {
                let after = ANSWER.as_secs();
                return Err(Error::transient(format!("`{}` did not answer within {after} seconds", self.server)).into());
            };
            let (head, bytes) = answer?;
            if head.status.is_success() {
                return serde_json::from_slice(&bytes).map_err(|error| {
                    Error::transient(format!("the answer of `{}` about `{what}` is not JSON: {error}", self.server))
                        .into()
                });
            }
            let after = head.headers.get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
            let refusal = refusal::of(head.status.as_u16(), &bytes, &self.server, after);
            let Some(after) = after.filter(|_| matches!(refusal.status, 429 | 503) && put_off < PUT_OFF) else {
                if refusal.status == 401 {
                    self.refused.store(true, Ordering::Relaxed);
                }
                return Err(refusal);
            };
            // It was not carried out, so it may be asked again.
            tokio::time::sleep(Duration::from_secs(after).clamp(Duration::from_millis(100), LONGEST_WISH)).await;
            put_off += 1;
        }
    }

    /// One request, and its answer as it comes.
    pub(super) async fn open(&self, call: &request::Call) -> Result<Response<Body>, refusal::Refusal> {
        let asked = call.request().map_err(|error| Error::input(format!("the request cannot be sent: {error}")))?;
        self.inner.send(asked).await.map_err(|error| refusal::failed(&error, &self.server).into())
    }
}

/// An object of a list with its kind.
pub(super) fn named(mut object: Value, resource: &Resource) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.entry("apiVersion").or_insert_with(|| resource.api_version.clone().into());
        members.entry("kind").or_insert_with(|| resource.kind.clone().into());
    }
    object
}
