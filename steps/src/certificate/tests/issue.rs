use runner_sdk::{ErrorKind, Step};
use serde_json::{Value, json};

use super::{DAY, Issue, World, decode, der, leaf, make_authority, make_leaf, mode, plan};
use crate::certificate::names;

async fn world() -> World {
    let world = World::new();
    make_authority(&world, json!({})).await.unwrap();
    world
}

#[tokio::test]
async fn a_certificate_is_issued_once_and_says_what_it_is() {
    let world = world().await;
    let said = plan::<Issue>(&world, leaf(&json!({}))).await.unwrap();
    assert_eq!(said, "would issue `a.crt`: `/project/a.crt` is not there");
    let made = make_leaf(&world, json!({"usage": ["client", "server"]})).await.unwrap();
    assert!(made.issued);
    assert_eq!(made.subject, "CN=a.test");
    assert_eq!(made.not_after, "2026-04-01T00:00:00Z");
    assert_eq!((made.certificate.to_str(), made.key.to_str()), (Some("/project/a.crt"), Some("/project/a.key")));
    assert_eq!(mode(&world, "/project/a.key"), 0o600);
    let (bytes, authority) = (der(&world, "/project/a.crt"), der(&world, "/project/ca.crt"));
    let (certificate, authority) = (crate::x509::decode(&bytes).unwrap(), crate::x509::decode(&authority).unwrap());
    certificate.verify_signature(Some(authority.public_key())).unwrap();
    assert!(!certificate.is_ca());
    assert_eq!(names::of(&certificate).into_iter().collect::<Vec<_>>(), ["127.0.0.1", "a.test"]);
    let usage = certificate.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.server_auth && usage.client_auth && !usage.any);
    let writes = world.files.writes();
    // Names are a set, and their case does not matter.
    let again = json!({"usage": ["server", "client"], "name": "a.test", "names": ["127.0.0.1", "A.Test", "a.test"]});
    let again = make_leaf(&world, again).await.unwrap();
    assert!(!again.issued && again.serial == made.serial && world.files.writes() == writes);
}

/// Whether a certificate made with `first` is made anew with `second`, and why.
async fn reason(world: &World, first: Value, second: Value) -> Option<String> {
    make_leaf(world, with_renew(first)).await.unwrap();
    let said = plan::<Issue>(world, leaf(&second)).await;
    let made = make_leaf(world, second.clone()).await.unwrap();
    assert_eq!(made.issued, said.is_some(), "plan tells what run does");
    if second["renew"] != json!(true) {
        assert!(!make_leaf(world, second).await.unwrap().issued, "the new one will do");
    }
    said.map(|said| said.strip_prefix("would issue `a.crt`: ").unwrap().to_owned())
}

fn with_renew(mut with: Value) -> Value {
    with["renew"] = json!(true);
    with
}

#[tokio::test]
async fn one_that_will_not_do_is_issued_anew_and_the_plan_says_why() {
    let world = world().await;
    for (second, expected) in [
        (json!({}), None),
        (json!({"valid_for": "365d"}), None),
        (json!({"names": ["a.test"]}), Some("it names `127.0.0.1`, `a.test`")),
        (json!({"name": "other"}), Some("it is for `CN=a.test`")),
        (json!({"usage": ["client"]}), Some("it is for other uses")),
        (json!({"valid_for": "365d", "renew_before": "90d"}), Some("it ends at `2026-04-01T00:00:00Z`")),
        (json!({"renew": true}), Some("`renew` asks for it")),
    ] {
        assert_eq!(reason(&world, json!({}), second.clone()).await.as_deref(), expected, "{second}");
    }
}

#[tokio::test]
async fn a_pair_that_does_not_fit_or_parse_is_replaced() {
    let world = world().await;
    let first = make_leaf(&world, json!({})).await.unwrap();
    let key = world.files.get("/project/a.key").unwrap();
    make_leaf(&world, json!({"renew": true})).await.unwrap();
    // As a kill leaves it after the key was written.
    world.files.put("/project/a.key", key);
    let said = plan::<Issue>(&world, leaf(&json!({}))).await.unwrap();
    assert_eq!(said, "would issue `a.crt`: the key does not fit the certificate");
    let second = make_leaf(&world, json!({})).await.unwrap();
    assert!(second.issued && second.serial != first.serial);
    for (path, content) in [("/project/a.key", "no key"), ("/project/a.crt", "no certificate"), ("/project/a.crt", "")]
    {
        world.files.put(path, content);
        assert!(make_leaf(&world, json!({})).await.unwrap().issued, "{path}");
        assert!(!make_leaf(&world, json!({})).await.unwrap().issued, "{path}");
    }
}

#[tokio::test]
async fn a_new_authority_signs_anew_even_under_the_same_name() {
    let world = world().await;
    make_leaf(&world, json!({})).await.unwrap();
    make_authority(&world, json!({"renew": true})).await.unwrap();
    let said = plan::<Issue>(&world, leaf(&json!({}))).await.unwrap();
    assert_eq!(said, "would issue `a.crt`: the authority has not signed it");
    assert!(make_leaf(&world, json!({})).await.unwrap().issued);
    assert!(!make_leaf(&world, json!({})).await.unwrap().issued);
}

#[tokio::test]
async fn a_certificate_is_renewed_in_time() {
    let world = world().await;
    make_leaf(&world, json!({})).await.unwrap();
    world.clock.advance(DAY * 59);
    assert!(!make_leaf(&world, json!({})).await.unwrap().issued);
    world.clock.advance(DAY);
    assert!(make_leaf(&world, json!({})).await.unwrap().issued);
}

#[tokio::test]
async fn nothing_outlives_its_authority_and_that_is_no_reason_to_issue_again() {
    let world = World::new();
    let authority = make_authority(&world, json!({"valid_for": "60d"})).await.unwrap();
    let made = make_leaf(&world, json!({})).await.unwrap();
    assert_eq!(made.not_after, authority.not_after);
    world.clock.advance(DAY * 40);
    assert!(!make_leaf(&world, json!({})).await.unwrap().issued);
    world.clock.advance(DAY * 20);
    let error = make_leaf(&world, json!({})).await.unwrap_err();
    let expected = "no authority to sign with: `/project/ca.crt` ended at `2026-03-02T00:00:00Z`";
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Permanent, expected));
}

#[tokio::test]
async fn who_signs_must_be_an_authority_with_its_key() {
    let world = World::new();
    let said = plan::<Issue>(&world, leaf(&json!({}))).await.unwrap();
    assert_eq!(said, "would issue `a.crt`: the authority is not there yet");
    let error = make_leaf(&world, json!({})).await.unwrap_err();
    assert_eq!(error.message, "no authority to sign with: `/project/ca.crt` is not there");
    make_authority(&world, json!({})).await.unwrap();
    make_leaf(&world, json!({})).await.unwrap();
    let leaf = json!({"authority": {"certificate": "a.crt", "key": "a.key"}, "certificate": "b.crt", "key": "b.key"});
    let error = make_leaf(&world, leaf).await.unwrap_err();
    assert_eq!(error.message, "no authority to sign with: `/project/a.crt` is not an authority's");
    let mixed = json!({"authority": {"certificate": "ca.crt", "key": "a.key"}, "certificate": "b.crt", "key": "b.key"});
    let error = make_leaf(&world, mixed).await.unwrap_err();
    assert!(error.message.contains("does not fit"), "{error}");
}

#[tokio::test]
async fn what_cannot_work_is_refused_before_anything_is_written() {
    let world = world().await;
    let before = world.files.writes();
    for more in [
        json!({"names": []}),
        json!({"names": ["a b"]}),
        json!({"names": ["x".repeat(63) + ".test"]}),
        json!({"usage": []}),
        json!({"key": "a.crt"}),
        json!({"key": "ca.key"}),
        json!({"valid_for": "1h"}),
    ] {
        let error = make_leaf(&world, more.clone()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Input, "{more}");
    }
    assert_eq!(world.files.writes(), before);
    let long = json!({"names": ["x".repeat(63) + ".test"], "name": "x"});
    assert!(make_leaf(&world, long).await.unwrap().issued);
}

#[test]
fn the_authoritys_certificate_is_part_of_the_definition() {
    let step: Issue = decode(leaf(&json!({}))).unwrap();
    assert_eq!(step.reads(), [std::path::PathBuf::from("ca.crt")]);
}
