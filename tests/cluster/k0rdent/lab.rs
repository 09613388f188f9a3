//! What `tests/lab/up` brings up for a person.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use super::world::World;
use crate::stand_in::Defect;

/// Where the kubeconfigs go, and the pipe `told`.
const FOLDER: &str = "LAB_FOLDER";

/// Not a test by itself: `tests/lab/up` starts it in a process of its own, which `tests/lab/down` kills.
#[test]
#[ignore = "is killed by another"]
fn stays() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let world = World::new(Defect::ALL);
    let west = world.home.beside(&[]);
    world.standin.gives("region-eastus", &world.east);
    world.standin.gives("region-westeurope", &west);
    world.identity("azure-cluster-identity");
    let identity = "apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: AzureClusterIdentity";
    let spec = format!("{{identityRef: {{{identity}, name: azure-cluster-identity, namespace: kcm-system}}}}");
    world.create("Credential", "{name: azure-cluster-credential, namespace: kcm-system}", &spec).expect(0);
    world.until("credential/azure-cluster-credential", "condition=CredentialReady");
    for (name, plane) in [("management", &world.home), ("eastus", &world.east), ("westeurope", &west)] {
        std::fs::copy(plane.kubeconfig(), folder.join(name).with_extension("yaml")).unwrap();
    }
    let mut told = File::options().write(true).open(folder.join("told")).unwrap();
    writeln!(told, "{}", std::process::id()).unwrap();
    drop(told);
    loop {
        std::thread::park();
    }
}
