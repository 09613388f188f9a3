//! A management cluster with what stands in for k0rdent, and another cluster, which may become a region.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::stand_in::{Defect, Standin};
use crate::support::Ended;
use crate::support::control_plane::{ControlPlane, Kubectl};

pub(crate) const AZURE: &str =
    "{name: cluster-api-provider-k0sproject-k0smotron}, {name: cluster-api-provider-azure}, {name: projectsveltos}";

pub(crate) struct World {
    pub(crate) standin: Standin,
    pub(crate) home: ControlPlane,
    pub(crate) east: ControlPlane,
}

impl World {
    pub(crate) fn new(defects: &[Defect]) -> Self {
        let home = ControlPlane::start();
        let east = home.beside(&[]);
        Self { standin: Standin::start(&home, defects), home, east }
    }

    pub(crate) fn kubectl(&self) -> Kubectl {
        self.home.kubectl()
    }

    /// Creates an object of k0rdent's.
    pub(crate) fn create(&self, kind: &str, metadata: &str, spec: &str) -> Ended {
        let head = format!("apiVersion: k0rdent.mirantis.com/v1beta1, kind: {kind}");
        self.kubectl().give("create", &format!("{{{head}, metadata: {metadata}, spec: {spec}}}"))
    }

    /// The Secret `eastus` with the kubeconfig of the other cluster.
    pub(crate) fn secret(&self) {
        let path = format!("--from-file=value={}", self.east.kubeconfig().display());
        self.kubectl().get(&["-n", "kcm-system", "create", "secret", "generic", "eastus", &path]);
    }

    /// The Region `eastus`, by that Secret; it is Ready.
    pub(crate) fn region(&self) {
        self.secret();
        self.create(
            "Region",
            "{name: eastus}",
            &format!("{{kubeConfig: {{name: eastus, key: value}}, providers: [{AZURE}]}}"),
        )
        .expect(0);
        self.until("region/eastus", "condition=Ready");
    }

    /// An identity with its Secret.
    pub(crate) fn identity(&self, name: &str) {
        let (place, data) = ("namespace: kcm-system", STANDARD.encode("first"));
        let secret = format!(
            "{{apiVersion: v1, kind: Secret, metadata: {{name: {name}-secret, {place}}}, data: {{clientSecret: {data}}}}}"
        );
        let spec = format!(
            "type: ServicePrincipal, tenantID: t, clientID: c, clientSecret: {{name: {name}-secret, {place}}}, allowedNamespaces: {{}}"
        );
        let head = "apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: AzureClusterIdentity";
        let identity = format!("{{{head}, metadata: {{name: {name}, {place}}}, spec: {{{spec}}}}}");
        self.kubectl().give("create", &format!("{secret}\n---\n{identity}\n")).expect(0);
    }

    /// A Credential for the region, by an identity in this namespace.
    pub(crate) fn credential(&self, name: &str, identity: &str, namespace: &str) {
        let head = "apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: AzureClusterIdentity";
        let spec = format!("{{region: eastus, identityRef: {{{head}, name: {identity}, namespace: {namespace}}}}}");
        self.create("Credential", &format!("{{name: {name}, namespace: kcm-system}}"), &spec).expect(0);
    }

    /// A `ClusterDeployment` in Azure.
    pub(crate) fn deployment(&self, name: &str, credential: &str, more: &str) -> Ended {
        let spec = format!(
            "{{template: azure-standalone-cp-1-0-17, credential: {credential}, config: {{location: eastus}}{more}}}"
        );
        self.create("ClusterDeployment", &format!("{{name: {name}, namespace: kcm-system}}"), &spec)
    }

    /// Waits until an object in `kcm-system` is as `kubectl wait --for` says.
    pub(crate) fn until(&self, object: &str, what: &str) {
        self.kubectl().get(&["-n", "kcm-system", "wait", object, &format!("--for={what}"), "--timeout=25s"]);
    }

    /// A field of an object in `kcm-system`.
    pub(crate) fn field(&self, object: &str, path: &str) -> String {
        self.kubectl().get(&["-n", "kcm-system", "get", object, &format!("--output=jsonpath={{{path}}}")])
    }

    /// Reason and message of a condition.
    pub(crate) fn condition(&self, object: &str, kind: &str) -> String {
        let of = |field: &str| self.field(object, &format!(".status.conditions[?(@.type=='{kind}')].{field}"));
        format!("{}: {}", of("reason"), of("message"))
    }
}
