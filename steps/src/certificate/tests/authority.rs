use runner_sdk::ErrorKind;
use serde_json::json;

use super::{Authority, DAY, World, authority, der, make_authority, make_leaf, mode, plan};

#[tokio::test]
async fn an_authority_is_made_once_and_says_what_it_is() {
    let world = World::new();
    let said = plan::<Authority>(&world, authority(&json!({}))).await;
    assert_eq!(said.as_deref(), Some("would issue `ca.crt`: `/project/ca.crt` is not there"));
    let made = make_authority(&world, json!({"organization": "Süd"})).await.unwrap();
    assert!(made.issued);
    assert_eq!(made.subject, "CN=Test CA, O=Süd");
    assert_eq!(made.not_before, "2025-12-31T23:55:00Z");
    assert_eq!(made.not_after, "2035-12-30T00:00:00Z");
    assert_eq!(made.serial.len(), 32);
    assert_eq!(made.fingerprint_sha256.len(), 64);
    assert_eq!((mode(&world, "/project/ca.key"), mode(&world, "/project/ca.crt")), (0o600, 0o644));
    let bytes = der(&world, "/project/ca.crt");
    let certificate = crate::x509::decode(&bytes).unwrap();
    let constraints = certificate.basic_constraints().unwrap().unwrap();
    assert!(constraints.critical && constraints.value.ca && constraints.value.path_len_constraint == Some(0));
    assert!(certificate.key_usage().unwrap().unwrap().value.key_cert_sign());
    certificate.verify_signature(None).unwrap();

    let writes = world.files.writes();
    let again = make_authority(&world, json!({"organization": "Süd"})).await.unwrap();
    assert!(!again.issued && again.serial == made.serial && world.files.writes() == writes);
    assert_eq!(plan::<Authority>(&world, authority(&json!({"organization": "Süd"}))).await, None);
}

#[tokio::test]
async fn the_key_is_written_before_the_certificate_and_a_kill_between_is_put_right() {
    let world = World::new();
    make_authority(&world, json!({})).await.unwrap();
    assert_eq!(
        world.files.writes().iter().map(|path| path.to_str().unwrap()).collect::<Vec<_>>(),
        ["/project/ca.key", "/project/ca.crt"]
    );
    // Killed after the key of the first attempt: the certificate is made for that key.
    let killed = World::new();
    killed.files.put("/project/ca.key", world.files.get("/project/ca.key").unwrap());
    let made = make_authority(&killed, json!({})).await.unwrap();
    assert!(made.issued);
    assert_eq!(killed.files.get("/project/ca.key"), world.files.get("/project/ca.key"));
    // Killed between key and certificate of `renew`.
    let other = World::new();
    make_authority(&other, json!({})).await.unwrap();
    killed.files.put("/project/ca.crt", other.files.get("/project/ca.crt").unwrap());
    let said = plan::<Authority>(&killed, authority(&json!({}))).await.unwrap();
    assert_eq!(said, "would issue `ca.crt`: the key does not fit the certificate");
    assert!(make_authority(&killed, json!({})).await.unwrap().issued);
    assert!(!make_authority(&killed, json!({})).await.unwrap().issued);
}

#[tokio::test]
async fn what_an_authority_signed_stays_good_when_its_certificate_is_made_anew() {
    let world = World::new();
    let first = make_authority(&world, json!({"valid_for": "100d"})).await.unwrap();
    make_leaf(&world, json!({"valid_for": "50d", "renew_before": "1d"})).await.unwrap();
    world.clock.advance(DAY * 71);
    let said = plan::<Authority>(&world, authority(&json!({"valid_for": "100d"}))).await.unwrap();
    assert_eq!(said, "would issue `ca.crt`: it ends at `2026-04-11T00:00:00Z`");
    let second = make_authority(&world, json!({"valid_for": "100d"})).await.unwrap();
    assert!(second.issued && second.serial != first.serial);
    let (leaf, authority) = (der(&world, "/project/a.crt"), der(&world, "/project/ca.crt"));
    let (leaf, authority) = (crate::x509::decode(&leaf).unwrap(), crate::x509::decode(&authority).unwrap());
    leaf.verify_signature(Some(authority.public_key())).unwrap();
    let third = make_authority(&world, json!({"valid_for": "100d", "renew": true})).await.unwrap();
    assert!(third.issued);
    let authority = der(&world, "/project/ca.crt");
    leaf.verify_signature(Some(crate::x509::decode(&authority).unwrap().public_key())).unwrap_err();
}

#[tokio::test]
async fn another_name_or_path_length_is_another_certificate() {
    let world = World::new();
    make_authority(&world, json!({})).await.unwrap();
    for more in [json!({"name": "Other"}), json!({"name": "Other", "path_length": 1})] {
        assert!(make_authority(&world, more.clone()).await.unwrap().issued);
        assert!(!make_authority(&world, more).await.unwrap().issued);
    }
}

#[tokio::test]
async fn what_may_belong_to_someone_else_is_not_overwritten() {
    let world = World::new();
    make_authority(&world, json!({})).await.unwrap();
    let certificate = world.files.get("/project/ca.crt").unwrap();
    let foreign = World::new();
    foreign.files.put("/project/ca.crt", &certificate);
    let error = make_authority(&foreign, json!({})).await.unwrap_err();
    assert_eq!(error.message, "`ca.crt` has no key beside it, and is not overwritten");
    foreign.files.put("/project/ca.key", "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n");
    let error = make_authority(&foreign, json!({})).await.unwrap_err();
    assert_eq!(error.message, "`/project/ca.key` holds no private key in PKCS #8, and is not overwritten");
    assert_eq!(error.kind, ErrorKind::Permanent);
    assert_eq!(foreign.files.writes().len(), 0);
    assert!(make_authority(&foreign, json!({"renew": true})).await.unwrap().issued);
}

#[tokio::test]
async fn a_key_that_others_can_read_is_closed() {
    let world = World::new();
    make_authority(&world, json!({})).await.unwrap();
    world.files.put("/project/ca.key", world.files.get("/project/ca.key").unwrap());
    assert_eq!(mode(&world, "/project/ca.key"), 0o644);
    assert!(!make_authority(&world, json!({})).await.unwrap().issued);
    assert_eq!(mode(&world, "/project/ca.key"), 0o600);
}

#[tokio::test]
async fn what_cannot_work_is_refused_before_anything_is_written() {
    let world = World::new();
    for more in [
        json!({"name": ""}),
        json!({"organization": "a\nb"}),
        json!({"key": "ca.crt"}),
        json!({"valid_for": "1h", "renew_before": "1h"}),
    ] {
        let error = make_authority(&world, more.clone()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Input, "{more}");
    }
    assert!(world.files.writes().is_empty());
    // As long as anyone wishes: a certificate ends with the year 9999.
    let made = make_authority(&world, json!({"valid_for": "99999999d"})).await.unwrap();
    assert_eq!(made.not_after, "9999-12-31T23:59:59Z");
}
