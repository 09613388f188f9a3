//! What Helm renders: many objects in one text.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use similar::TextDiff;

/// What stands for the value of a Secret.
const HIDDEN: &str = "***";

/// The objects of a manifest by what they are: `kind namespace/name`, in order. What is no YAML is left out.
pub(crate) fn objects(manifest: &str) -> BTreeMap<String, Value> {
    let documents = serde_yaml::Deserializer::from_str(manifest);
    let objects = documents.map_while(|document| Value::deserialize(document).ok()).filter(Value::is_object);
    objects.map(|object| (name(&object), object)).collect()
}

/// What an object is.
fn name(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let metadata = &object["metadata"];
    match text(&metadata["namespace"]) {
        none if none.is_empty() => format!("{} {}", text(&object["kind"]), text(&metadata["name"])),
        namespace => format!("{} {namespace}/{}", text(&object["kind"]), text(&metadata["name"])),
    }
}

/// A unified diff of two manifests, object by object; Secrets' values do not appear, only that they change.
pub(crate) fn diff(before: &str, after: &str) -> String {
    let (before, after) = (objects(before), objects(after));
    let mut names: Vec<_> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let of = |name: &String| {
        let mut pair = [before.get(name).cloned(), after.get(name).cloned()];
        hide(&mut pair);
        let [old, new] = pair.map(|object| object.and_then(|object| serde_yaml::to_string(&object).ok()));
        let title = |there: bool| if there { name.as_str() } else { "/dev/null" };
        let titles = (title(old.is_some()), title(new.is_some()));
        let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
        (old != new).then(|| {
            TextDiff::from_lines(&old, &new).unified_diff().context_radius(3).header(titles.0, titles.1).to_string()
        })
    };
    names.into_iter().filter_map(of).collect()
}

/// Takes the values out of a Secret before and after.
fn hide(pair: &mut [Option<Value>; 2]) {
    for members in ["data", "stringData"] {
        let old = pair[0].as_ref().map(|object| object[members].clone()).unwrap_or_default();
        let new = pair[1].as_ref().map(|object| object[members].clone()).unwrap_or_default();
        for (object, (other, other_says)) in pair.iter_mut().zip([(&new, "before"), (&old, "after")]) {
            let secret = object.as_mut().filter(|object| object["kind"] == "Secret");
            let values = secret.and_then(|secret| secret.get_mut(members)).and_then(Value::as_object_mut);
            for (name, value) in values.into_iter().flatten() {
                let changes = other.get(name).is_some_and(|other| other != value);
                *value = Value::from(if changes { format!("{HIDDEN} ({other_says})") } else { HIDDEN.to_owned() });
            }
        }
    }
}

/// The manifest with the values of Secrets taken out.
pub(crate) fn without_secrets(manifest: &str) -> String {
    if objects(manifest).values().all(|object| object["kind"] != "Secret") {
        return manifest.to_owned();
    }
    let texts = objects(manifest).into_values().filter_map(|object| {
        let mut pair = [Some(object), None];
        hide(&mut pair);
        let [object, _] = pair;
        serde_yaml::to_string(&object?).ok()
    });
    texts.fold(String::new(), |all, text| all + "---\n" + &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "---\n# Source: c/a.yaml\nkind: ConfigMap\nmetadata: {name: a}\ndata: {n: \"1\"}\n---\nkind: Secret\nmetadata: {name: s, namespace: x}\ndata: {same: aGk=, other: b2xk}\n";
    const AFTER: &str = "---\nkind: Secret\nmetadata: {namespace: x, name: s}\ndata: {other: bmV3, same: aGk=}\n---\nkind: ConfigMap\nmetadata: {name: a}\ndata: {n: \"2\"}\n";

    #[test]
    fn objects_are_compared_by_name_and_secrets_are_not_shown() {
        let found = diff(BEFORE, AFTER);
        assert!(found.contains("--- ConfigMap a\n+++ ConfigMap a\n"), "{found}");
        assert!(found.contains("-  n: '1'\n+  n: '2'\n"), "{found}");
        assert!(found.contains("-  other: '*** (before)'\n+  other: '*** (after)'\n"), "{found}");
        assert!(found.contains("   same: '***'\n"), "{found}");
        for secret in ["aGk=", "b2xk", "bmV3"] {
            assert!(!found.contains(secret), "{found}");
        }
        assert_eq!(diff(BEFORE, BEFORE), "");
    }

    #[test]
    fn what_comes_and_goes_is_told() {
        assert!(diff("", AFTER).starts_with("--- /dev/null\n+++ ConfigMap a\n"));
        assert!(diff(BEFORE, "").contains("--- Secret x/s\n+++ /dev/null\n"));
    }

    #[test]
    fn a_manifest_is_shown_without_secrets() {
        let shown = without_secrets(BEFORE);
        assert!(shown.contains("n: '1'") && shown.contains("same: '***'") && !shown.contains("aGk="), "{shown}");
        let plain = "---\nkind: ConfigMap\n# as it stands\n";
        assert_eq!(without_secrets(plain), plain);
    }
}
