//! What a failure of `helm` means, and what can be done about it.

use runner_sdk::{Error, ErrorKind, Exit};

use crate::shared::ending;

/// Words of `helm` that say more than that something failed.
struct Known {
    says: &'static str,
    kind: ErrorKind,
    /// What can be done; may be empty.
    hint: &'static str,
}

const fn known(says: &'static str, kind: ErrorKind, hint: &'static str) -> Known {
    Known { says, kind, hint }
}

/// Words in small letters as Helm 3.22 and 4.3 say them, and the API server and the network behind them; the first that is found
/// counts, so what is certain stands before what only may be.
#[rustfmt::skip]
const KNOWN: &[Known] = {
    use ErrorKind::{Input, Permanent, Transient};
    &[
        known("another operation (install/upgrade/rollback) is in progress", Transient, "a `helm` is at work on this release, or one that was killed left it so: `pending: mend` mends that"),
        known("field is immutable", Permanent, "the object cannot be changed so: uninstall the release first, or give the object another name"),
        known("values don't meet the specifications of the schema", Input, "correct `values` as the chart's `values.schema.json` asks"),
        known("cannot be imported into the current release", Permanent, "the object belongs to somebody else: delete it, or label it as the message says"),
        known("ensure crds are installed first", Permanent, "a kind is not served here: install its definitions in a step before this one"),
        known("has no deployed releases", Permanent, "there is no such release: `helm.install` installs it"),
        known("chart.yaml file is missing", Input, "`chart` is a folder without a Chart.yaml"),
        known("unable to detect chart", Input, "`chart` is a folder without a Chart.yaml"),
        known("is a valid chart path", Input, "is the path of `chart` right? it is relative to the step's folder"),
        known("non-absolute urls should be in form of", Input, "`chart` is no path: a chart of a repository needs `repo`, one of a registry begins with `oci://`"),
        known("parse error at", Input, "a template of the chart is not valid"),
        known("execution error at", Input, "the chart refuses these values"),
        known("error calling", Input, "a template of the chart fails with these values"),
        known("nil pointer evaluating", Input, "a template of the chart needs a value that is not given"),
        known("yaml parse error on", Input, "what a template of the chart gives is not YAML"),
        known("found in chart.yaml, but missing in charts/", Input, "`helm dependency build` brings the chart's dependencies"),
        known("chart requires kubeversion", Permanent, "the cluster is too old or too new for this chart"),
        known("could not locate a version matching", Input, "the registry has no such version of the chart"),
        known("repository name not known to registry", Input, "the registry has no such chart"),
        known("response status code 404", Input, "the registry has no such chart, or no such version of it"),
        known("response status code 429", Transient, ""),
        known("response status code 5", Transient, ""),
        known("improper constraint", Input, "`version` is no version, and no range such as `^1.2`"),
        known("no chart version found", Input, "the repository has no such version of the chart"),
        known("no chart name found", Input, "the repository has no such chart"),
        known("not found in http", Input, "the repository has no such chart, or no such version of it"),
        known("invalid_reference", Input, ""),
        known("backofflimitexceeded", Transient, "a hook of the chart has failed: `kubectl logs` of its Job may tell why"),
        known("message: job failed", Transient, "a hook of the chart has failed: `kubectl logs` of its Job may tell why"),
        known("release has no ", Input, "`helm history` lists the revisions that are still there"),
        known("certificate signed by unknown authority", Permanent, "give the authority's certificate: in the kubeconfig, or as `ca_file` for a chart's server"),
        known("context canceled", Transient, ""),
        known("server gave http response to https client", Input, "the registry does not speak TLS: `plain_http: true`"),
        known("connection refused", Transient, "nobody listens there: does the server run, and is its address right?"),
        known("no such host", Transient, "the host's name is not known here: is it right, and does DNS work?"),
        known("connection reset", Transient, ""),
        known("broken pipe", Transient, ""),
        known("i/o timeout", Transient, ""),
        known("tls handshake timeout", Transient, ""),
        known("client.timeout exceeded", Transient, ""),
        known("unexpected eof", Transient, ""),
        known("client connection lost", Transient, ""),
        known("context deadline exceeded", Transient, "what was waited for did not come within `timeout`: `kubectl get events` may tell why"),
        known("timed out waiting for the condition", Transient, "what was waited for did not come within `timeout`: `kubectl get events` may tell why"),
        known("provide credentials", Transient, "the cluster does not know who asks: has a token in the kubeconfig expired?"),
        known("unauthorized", Transient, "the server does not know who asks: has a token expired?"),
        known("too many requests", Transient, ""),
        known("currently unable to handle the request", Transient, ""),
        known("the object has been modified", Transient, ""),
        known("etcdserver:", Transient, ""),
        known("internal error occurred", Transient, "a webhook or the server itself failed"),
        known("502 bad gateway", Transient, ""),
        known("503 service unavailable", Transient, ""),
        known("504 gateway timeout", Transient, ""),
        known("500 internal server error", Transient, ""),
        known("404 not found", Input, "the server has nothing there: is the URL right?"),
        known("is forbidden", Permanent, "who is logged in may not do this: ask for the right (RBAC), or use another `context`"),
        known("is being terminated", Transient, "the namespace is on its way out: wait until it is gone"),
        known("invalid value", Permanent, "the cluster refuses an object of the chart"),
        known("admission webhook", Permanent, "a webhook of the cluster refuses an object of the chart"),
        known("namespaces \"", Permanent, "the namespace is not there: `create_namespace: true` makes it"),
        known("does not exist", Input, "`context` or `kubeconfig` names what is not there"),
        known("no such file or directory", Input, "is the path right? it is relative to the step's folder"),
        known("path \"", Input, "is the path of `chart` right? it is relative to the step's folder"),
    ]
};

/// The error of a `helm VERB` that ended with `exit`, from what it said.
pub(crate) fn failure(verb: &str, exit: Exit, stderr: &str) -> Error {
    let who = format!("`helm {verb}`");
    let Some(said) = said(stderr) else { return ending::failed(&who, exit, stderr) };
    let small = said.to_lowercase();
    let error = match KNOWN.iter().find(|known| small.contains(known.says)) {
        Some(known) if known.hint.is_empty() => Error::new(known.kind, ""),
        Some(known) => Error::new(known.kind, "").hint(known.hint),
        None => Error::transient(""),
    };
    Error { message: format!("{who} failed: {said}"), ..error }.exit_code(Some(exit.code()))
}

/// The longest message, in characters.
const LONGEST: usize = 600;

/// What stands behind the last `Error:`, in one line.
fn said(stderr: &str) -> Option<String> {
    let (_, said) =
        format!("\n{stderr}").rsplit_once("\nError: ").map(|(before, said)| (before.len(), said.to_owned()))?;
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    (!words.is_empty()).then(|| words.chars().take(LONGEST).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Helm 3.22 and 4.3 said, and what is made of it.
    const SAID: &[(&str, ErrorKind, &str)] = &[
        (
            "Kubernetes cluster unreachable: Get \"https://127.0.0.1:1/version\": dial tcp 127.0.0.1:1: connect: connection refused",
            ErrorKind::Transient,
            "listens",
        ),
        ("kubernetes cluster unreachable: context \"nope\" does not exist", ErrorKind::Input, "context"),
        ("Kubernetes cluster unreachable: stat /nope: no such file or directory", ErrorKind::Input, "path"),
        (
            "kubernetes cluster unreachable: the server has asked for the client to provide credentials",
            ErrorKind::Transient,
            "expired",
        ),
        (
            "values don't meet the specifications of the schema(s) in the following chart(s):\nc:\n- at '/n': got string, want integer\n",
            ErrorKind::Input,
            "values.schema.json",
        ),
        ("path \"./nochart\" not found", ErrorKind::Input, "path"),
        ("Chart.yaml file is missing", ErrorKind::Input, "Chart.yaml"),
        (
            "unable to detect chart at /x/empty/Chart.yaml: open /x/empty/Chart.yaml: no such file or directory",
            ErrorKind::Input,
            "Chart.yaml",
        ),
        (
            "UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress",
            ErrorKind::Transient,
            "pending",
        ),
        (
            "resource Deployment/ns/to not ready. status: InProgress, message: Available: 0/1\ncontext deadline exceeded",
            ErrorKind::Transient,
            "timeout",
        ),
        (
            "UPGRADE FAILED: server-side apply failed for object ns/w apps/v1, Kind=Deployment: Deployment.apps \"w\" is invalid: spec.selector: Invalid value: {}: field is immutable",
            ErrorKind::Permanent,
            "another name",
        ),
        (
            "unable to build kubernetes objects from release manifest: resource mapping not found for name: \"a\" namespace: \"\" from \"\": no matches for kind \"Nope\" in version \"x.y/v1\"\nensure CRDs are installed first",
            ErrorKind::Permanent,
            "definitions",
        ),
        ("execution error at (c/templates/n.yaml:1:3): need x", ErrorKind::Input, "values"),
        (
            "looks like \"http://127.0.0.1:1/\" is not a valid chart repository or cannot be reached: Get \"http://127.0.0.1:1/index.yaml\": dial tcp 127.0.0.1:1: connect: connection refused",
            ErrorKind::Transient,
            "listens",
        ),
        ("non-absolute URLs should be in form of repo_name/path_to_chart, got: foo", ErrorKind::Input, "repo"),
        ("create: failed to create: namespaces \"nonono\" not found", ErrorKind::Permanent, "create_namespace"),
    ];

    #[test]
    fn what_helm_says_has_a_class_and_a_hint() {
        for (said, kind, hint) in SAID {
            let error = failure("upgrade", Exit::Code(1), &format!("Release \"s\" does not exist.\nError: {said}\n"));
            assert_eq!(error.kind, *kind, "{said}");
            assert!(error.hint.as_ref().is_some_and(|found| found.contains(hint)), "{said}: {:?}", error.hint);
            assert!(error.message.starts_with("`helm upgrade` failed: ") && !error.message.contains('\n'));
            assert_eq!(error.exit_code, Some(1));
        }
    }

    #[test]
    fn who_says_nothing_is_told_by_how_it_ended() {
        let error = failure("upgrade", Exit::Signal(9), "level=WARN msg=\"odd\"\n");
        assert_eq!(error.message, "`helm upgrade` was ended by SIGKILL: level=WARN msg=\"odd\"");
        let error = failure("upgrade", Exit::Code(1), "Error: something new\n");
        assert_eq!(
            (error.kind, error.message.as_str()),
            (ErrorKind::Transient, "`helm upgrade` failed: something new")
        );
    }
}
