mod authority;
mod issue;

use std::time::Duration;

use runner_sdk::{Change, Result, Step};
use serde_json::{Value, json};

use super::authority::Authority;
use super::issue::Issue;
use super::pair::Issued;
use crate::testing::{World, decode};

const DAY: Duration = Duration::from_secs(86_400);

/// The fields of `base` with those of `more` over them.
fn with(mut base: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        base[name] = value.clone();
    }
    base
}

fn authority(more: &Value) -> Value {
    with(json!({"name": "Test CA", "certificate": "ca.crt", "key": "ca.key"}), more)
}

fn leaf(more: &Value) -> Value {
    let base = json!({
        "authority": {"certificate": "ca.crt", "key": "ca.key"},
        "names": ["a.test", "127.0.0.1"],
        "certificate": "a.crt",
        "key": "a.key",
    });
    with(base, more)
}

async fn make_authority(world: &World, more: Value) -> Result<Issued> {
    world.run::<Authority>(authority(&more)).await
}

async fn make_leaf(world: &World, more: Value) -> Result<Issued> {
    world.run::<Issue>(leaf(&more)).await
}

async fn plan<T: Step>(world: &World, with: Value) -> Option<String> {
    let step: T = decode(with).unwrap();
    match step.plan(&world.context()).await.unwrap().unwrap() {
        Change::Nothing => None,
        Change::Would { summary, .. } => Some(summary),
    }
}

/// The certificate in a file, decoded from PEM.
fn der(world: &World, path: &str) -> Vec<u8> {
    let pem = world.files.get(path).unwrap();
    x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap().1.contents
}

fn mode(world: &World, path: &str) -> u32 {
    let files: &dyn runner_sdk::world::Files = &*world.files;
    files.stat(path.as_ref()).unwrap().unwrap().mode
}
