//! Each fault is met by `kubectl`.

use std::time::{Duration, Instant, SystemTime};

use crate::support::await_that;
use crate::support::control_plane::fault::Fault;
use crate::support::control_plane::{ControlPlane, With};
use crate::watch::Watch;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

#[test]
#[ignore = "needs the control plane"]
fn an_answer_that_is_lost_is_not_a_request_that_is_lost() {
    let plane = ControlPlane::start();
    let proxy = plane.proxy();
    let create = format!("POST {MAPS}");
    for (name, fault, there) in [("dropped", Fault::Drop, false), ("lost", Fault::Cut(0), true)] {
        proxy.fault(1, &create, fault);
        let ended = proxy.kubectl().run(&["create", "configmap", name]).expect(1);
        assert!(ended.stderr.contains("EOF"), "{ended}");
        assert_eq!(plane.kubectl().run(&["get", "configmap", name]).code == 0, there, "{name}");
    }
    // Half an answer is none.
    proxy.fault(1, &create, Fault::Cut(10));
    let ended = proxy.kubectl().run(&["create", "configmap", "half"]).expect(1);
    assert!(ended.stderr.contains("unexpected EOF"), "{ended}");
    proxy.kubectl().get(&["get", "configmap", "half"]);
}

#[test]
#[ignore = "needs the control plane"]
fn requests_are_delayed_put_off_and_refused() {
    let plane = ControlPlane::start();
    let proxy = plane.proxy();
    let get = |more: &[&str]| proxy.kubectl().run(&[&["get", "--raw", MAPS], more].concat());
    let count = || proxy.requests().iter().filter(|request| request.starts_with(&format!("GET {MAPS}"))).count();

    proxy.fault(2, MAPS, Fault::Delay(Duration::from_secs(2)));
    let began = Instant::now();
    get(&[]).expect(0);
    assert!(began.elapsed() >= Duration::from_secs(2));
    let ended = get(&["--request-timeout=1s"]).expect(1);
    assert!(ended.stderr.contains("exceeded"), "{ended}");
    assert_eq!(count(), 2);

    proxy.fault(2, MAPS, Fault::TooMany(1));
    let began = Instant::now();
    get(&[]).expect(0);
    assert!(began.elapsed() >= Duration::from_secs(2), "kubectl waits as it is told");
    assert_eq!(count(), 5, "and comes again");

    proxy.fault(usize::MAX, MAPS, Fault::Fail);
    let ended = get(&[]).expect(1);
    assert!(ended.stderr.contains("an internal error of the test"), "{ended}");
    proxy.mend();
    get(&[]).expect(0);

    proxy.fault(1, "limit=1", Fault::Gone);
    let ended = proxy.kubectl().run(&["get", "--raw", &format!("{MAPS}?limit=1")]).expect(1);
    assert!(ended.stderr.contains("too old resource version"), "{ended}");
}

#[test]
#[ignore = "needs the control plane"]
fn watches_are_cut_expired_and_outlived_by_what_they_watch() {
    let mut plane = ControlPlane::with(&[With::Controllers]);
    let (proxy, file) = (plane.proxy(), plane.folder().join("watch"));
    await_that("the first object", || plane.kubectl().run(&["get", "configmap", "kube-root-ca.crt"]).code == 0);

    let watch = Watch::start(&proxy.kubectl(), file.clone());
    proxy.kubectl().get(&["create", "configmap", "before"]);
    watch.await_name("before");
    proxy.sever();
    watch.end();

    // In the midst of its first event.
    proxy.fault(1, "watch=true", Fault::Cut(100));
    let watch = Watch::start(&proxy.kubectl(), file.clone());
    plane.kubectl().get(&["create", "configmap", "half"]);
    watch.end();
    assert!(!std::fs::read_to_string(&file).unwrap().contains("half"));

    // `kubectl get --watch` ends at it without a word; what it met is to be seen raw.
    proxy.fault(2, "watch=true", Fault::Gone);
    Watch::start(&proxy.kubectl(), file.clone()).end();
    let told = proxy.kubectl().get(&["get", "--raw", &format!("{MAPS}?watch=true")]);
    assert!(told.contains("\"ERROR\"") && told.contains("too old resource version"), "{told}");

    // The server dies and comes back: what was written is there, but it no longer knows what happened before that.
    let version = |plane: &ControlPlane| {
        let list: serde_json::Value = serde_json::from_str(&plane.get(MAPS).unwrap().1).unwrap();
        list["metadata"]["resourceVersion"].as_str().unwrap().to_owned()
    };
    let since = |plane: &ControlPlane, version: &str| {
        let path = format!("{MAPS}?watch=true&resourceVersion={version}&timeoutSeconds=1");
        plane.get(&path).unwrap().1
    };
    let watch = Watch::start(&plane.kubectl(), file);
    let before = version(&plane);
    plane.kubectl().get(&["create", "configmap", "amid"]);
    watch.await_name("amid");
    plane.restart();
    watch.end();
    let again = version(&plane);
    plane.kubectl().get(&["create", "configmap", "after"]);
    assert!(since(&plane, &before).contains("too old resource version"));
    let events = since(&plane, &again);
    assert!(events.contains("\"ADDED\"") && events.contains("\"after\"") && !events.contains("\"amid\""), "{events}");

    plane.stop();
    let ended = plane.kubectl().run(&["get", "namespaces"]).expect(1);
    assert!(ended.stderr.contains("refused"), "{ended}");
}

#[test]
#[ignore = "needs the control plane"]
fn a_certificate_that_runs_out_is_refused_and_a_new_one_is_not() {
    let plane = ControlPlane::start();
    let proxy = plane.proxy();
    let get = || proxy.kubectl().run(&["get", "--raw", MAPS]);
    proxy.expire(SystemTime::now() + Duration::from_secs(5));
    get().expect(0);
    await_that("the certificate to run out", || get().stderr.contains("certificate has expired"));
    proxy.expire(SystemTime::now() + Duration::from_secs(3600));
    get().expect(0);
}
