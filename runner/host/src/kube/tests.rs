//! What servers say, and what steps are told.

use runner_sdk::ErrorKind::{self, Permanent, Transient};
use serde_json::json;

use super::refusal;

fn told(status: u16, said: &serde_json::Value) -> (ErrorKind, String, String) {
    let error = refusal::of(status, said.to_string().as_bytes(), "https://c:6443", None).told("Deployment");
    (error.kind, error.message, error.hint.unwrap_or_default())
}

#[test]
fn the_status_decides_whether_another_try_can_help() {
    for (status, kind) in [
        (400, Permanent),
        (401, Transient),
        (403, Permanent),
        (404, Permanent),
        (409, Transient),
        (422, Permanent),
        (429, Transient),
        (500, Transient),
        (502, Transient),
        (503, Transient),
        (504, Transient),
    ] {
        let (told, message, hint) = told(status, &json!({"kind": "Status", "message": "m"}));
        assert_eq!(told, kind, "{status}");
        assert!(!message.is_empty() && !hint.is_empty(), "{status}");
    }
}

#[test]
fn a_conflict_names_owner_and_field() {
    let cause = |owner: &str, field: &str| json!({"reason": "FieldManagerConflict", "field": field, "message": format!("conflict with \"{owner}\" using apps/v1")});
    let causes = [cause("kubectl-edit", ".spec.replicas"), cause("scaler", ".spec.paused")];
    let (kind, message, hint) = told(409, &json!({"kind": "Status", "message": "m", "details": {"causes": causes}}));
    assert_eq!(
        (kind, message.as_str()),
        (
            Transient,
            "fields of the Deployment belong to others: `kubectl-edit` owns `.spec.replicas`, `scaler` owns `.spec.paused`"
        )
    );
    assert!(hint.contains("force: true"));
}

#[test]
fn what_is_missing_is_told_apart() {
    let details = json!({"name": "a", "kind": "namespaces"});
    let (_, message, hint) =
        told(404, &json!({"kind": "Status", "message": "namespaces \"a\" not found", "details": details}));
    assert!(message.contains("not found") && hint.contains("namespace"), "{message}");
    let (_, message, _) = told(404, &json!("404 page not found"));
    assert_eq!(message, "the kind `Deployment` is not served here");
}

#[test]
fn a_namespace_that_ends_and_a_webhook_that_is_down_may_pass() {
    let causes = json!([{"reason": "NamespaceTerminating"}]);
    assert_eq!(told(403, &json!({"kind": "Status", "message": "m", "details": {"causes": causes}})).0, Transient);
    let (_, _, hint) = told(500, &json!({"kind": "Status", "message": "failed calling webhook \"w\": refused"}));
    assert!(hint.contains("webhook"));
}
