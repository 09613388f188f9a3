//! A real node runs real pods. `tests/run cluster` runs this within `tests/lab/control-plane/node inside`.

use crate::support::control_plane::{ControlPlane, With};

const JOB: &str = "
apiVersion: batch/v1
kind: Job
metadata: {name: NAME}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 0
      containers: [{name: c, image: 'lab.local/busybox:1', imagePullPolicy: Never, args: [sh, -c, 'SCRIPT']}]
";

#[test]
#[ignore = "needs the control plane, and a place for a node"]
fn a_job_with_a_real_pod_completes_and_its_logs_are_read() {
    let mut plane = ControlPlane::with(&[With::Controllers, With::Scheduler]);
    plane.add_real_node();
    let kubectl = plane.kubectl();
    let job = |name: &str, script: &str| {
        kubectl.give("create", &JOB.replace("NAME", name).replace("SCRIPT", script)).expect(0);
    };
    job("good", "echo on $(hostname)");
    job("bad", "echo no >&2; exit 7");
    kubectl.get(&["wait", "--for=condition=Complete", "job/good", "--timeout=25s"]);
    kubectl.get(&["wait", "--for=condition=Failed", "job/bad", "--timeout=25s"]);
    let said = kubectl.get(&["logs", "job/good"]);
    assert!(said.starts_with("on good-"), "{said}");
    assert_eq!(kubectl.get(&["logs", "job/bad"]), "no");
    let code = "--output=jsonpath={.items[0].status.containerStatuses[0].state.terminated.exitCode}";
    assert_eq!(kubectl.get(&["get", "pods", "--selector=job-name=bad", code]), "7");
}
