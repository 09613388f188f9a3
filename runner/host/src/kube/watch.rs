//! What happens to objects, as it happens.

use std::collections::VecDeque;
use std::time::Duration;

use http_body_util::BodyExt;
use kube::client::Body;
use runner_sdk::kube::{Event, Events, Resource, Selection};
use runner_sdk::{Error, Future, Result};
use serde_json::Value;

use super::client::{Client, named};
use super::refusal::{self, Refusal};
use super::request;

/// How long the server is asked to watch, in seconds.
const WATCH: &str = "290";
/// A server says something at least once a minute, be it a bookmark; who says nothing for so long is not there any more.
const SILENCE: Duration = Duration::from_secs(120);

pub(super) async fn start(
    client: &Client,
    resource: &Resource,
    namespace: Option<&str>,
    selection: &Selection,
    version: &str,
) -> Result<Box<dyn Events>> {
    let call = request::watch(resource, namespace, selection, version, WATCH)?;
    let Ok(answer) = tokio::time::timeout(SILENCE, client.open(&call)).await else {
        return Err(Error::transient(format!("`{}` does not answer", client.server)));
    };
    let response = answer.map_err(|refused| refused.told(&resource.kind))?;
    let (head, body) = response.into_parts();
    let mut watch = Watch {
        body,
        rest: Vec::new(),
        ready: VecDeque::new(),
        resource: resource.clone(),
        server: client.server.clone(),
    };
    if !head.status.is_success() {
        let bytes = watch.body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let refused = refusal::of(head.status.as_u16(), &bytes, &client.server, None);
        if refused.status != 410 {
            return Err(refused.told(&resource.kind));
        }
        watch.body = Body::empty();
        watch.ready.push_back(Event::Expired);
    }
    Ok(Box::new(watch))
}

struct Watch {
    body: Body,
    /// The beginning of a line whose end has not come yet.
    rest: Vec<u8>,
    ready: VecDeque<Event>,
    resource: Resource,
    server: String,
}

impl Events for Watch {
    fn next(&mut self) -> Future<'_, Result<Option<Event>>> {
        Box::pin(async move {
            loop {
                if let Some(event) = self.ready.pop_front() {
                    return Ok(Some(event));
                }
                let Ok(frame) = tokio::time::timeout(SILENCE, self.body.frame()).await else { return Ok(None) };
                let Some(frame) = frame else { return Ok(None) };
                let frame = frame.map_err(|error| refusal::broken(&error, &self.server).told(&self.resource.kind))?;
                if let Ok(bytes) = frame.into_data() {
                    self.rest.extend_from_slice(&bytes);
                    self.lines()?;
                }
            }
        })
    }
}

impl Watch {
    fn lines(&mut self) -> Result<()> {
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let mut event: Value = serde_json::from_slice(&line)
                .map_err(|error| Error::transient(format!("an event of `{}` is not JSON: {error}", self.server)))?;
            let object = event["object"].take();
            self.ready.push_back(match event["type"].as_str() {
                Some("ADDED" | "MODIFIED") => Event::Present(named(object, &self.resource)),
                Some("DELETED") => Event::Gone(named(object, &self.resource)),
                Some("BOOKMARK") => {
                    Event::Bookmark(object["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned())
                }
                _ if object["code"] == 410 => Event::Expired,
                _ => return Err(Refusal::of_status(object, &self.server, None).told(&self.resource.kind)),
            });
        }
        Ok(())
    }
}
