//! What k0rdent's webhooks refuse, and in which words.

use kube::api::DynamicObject;
use serde_json::{Value, json};

use super::SYSTEM;
use super::cluster::{
    CLUSTER_TEMPLATE, CREDENTIAL, DEPLOYMENT, MANAGEMENT, REGION, RELEASE, Result, SECRET, name, namespace,
};
use super::shared::Shared;

/// What becomes of a request.
#[derive(Default)]
pub struct Verdict {
    /// Why it is refused.
    pub refused: Option<String>,
    /// What the user is told besides.
    pub warning: Option<&'static str>,
    /// What is changed in the object, as a JSON patch.
    pub patch: Vec<Value>,
}

fn refuse(message: impl Into<String>) -> Verdict {
    Verdict { refused: Some(message.into()), ..Verdict::default() }
}

/// Judges a request of an `AdmissionReview`.
pub async fn judge(shared: &Shared, request: &Value, mutating: bool) -> Result<Verdict> {
    let parse = |field: &str| serde_json::from_value::<DynamicObject>(request[field].clone()).ok();
    let (new, old) = (parse("object"), parse("oldObject"));
    let operation = request["operation"].as_str().unwrap_or_default();
    match (request["kind"]["kind"].as_str().unwrap_or_default(), operation, &new, &old) {
        ("ClusterDeployment", _, Some(new), _) if mutating => default(shared, new).await,
        _ if mutating => Ok(Verdict::default()),
        ("Region", "CREATE", Some(new), _) => new_region(shared, new).await,
        ("Region", "UPDATE", Some(new), Some(old)) => changed_region(shared, new, old).await,
        ("Region", "DELETE", _, Some(old)) => {
            if in_region(shared, &name(old)).await?.is_empty() {
                return Ok(Verdict::default());
            }
            let warning = "The Region object can't be removed while any ClusterDeployment objects deployed in that Region still exist";
            Ok(Verdict { warning: Some(warning), ..refuse("region deletion is forbidden") })
        }
        ("ClusterDeployment", "CREATE", Some(new), _) => new_deployment(shared, new).await,
        ("ClusterDeployment", "DELETE", _, Some(old)) => {
            let hosts = |region: &DynamicObject| {
                let reference = &region.data["spec"]["clusterDeployment"];
                reference["name"] == name(old) && reference["namespace"] == namespace(old)
            };
            let region = shared.home.list(REGION, None, "").await?.into_iter().find(hosts);
            let why =
                |region| format!("ClusterDeployment cannot be deleted: referenced by Region \"{}\"", name(&region));
            Ok(region.map(|region| refuse(why(region))).unwrap_or_default())
        }
        ("Management", "UPDATE", Some(new), Some(old))
            if new.data["spec"]["release"] != old.data["spec"]["release"] =>
        {
            let wanted = new.data["spec"]["release"].as_str().unwrap_or_default();
            Ok(match shared.home.get(RELEASE, None, wanted).await? {
                None => refuse(format!(
                    "failed to get Release {wanted}: releases.k0rdent.mirantis.com \"{wanted}\" not found"
                )),
                Some(release) if release.data["status"]["ready"] != true => {
                    refuse(format!("release \"{wanted}\" status is not ready"))
                }
                Some(_) => Verdict::default(),
            })
        }
        ("Management", "DELETE", ..) => {
            let regions = !shared.home.list(REGION, None, "").await?.is_empty();
            let deployments = !shared.home.list(DEPLOYMENT, None, "").await?.is_empty();
            Ok(if regions || deployments { refuse("management deletion is forbidden") } else { Verdict::default() })
        }
        ("Release", "DELETE", _, Some(old)) => {
            let management = shared.home.get(MANAGEMENT, None, "kcm").await?;
            let used = management.is_some_and(|one| one.data["spec"]["release"] == name(old));
            Ok(if used { refuse(format!("release {} is still in use", name(old))) } else { Verdict::default() })
        }
        _ => Ok(Verdict::default()),
    }
}

async fn new_region(shared: &Shared, new: &DynamicObject) -> Result<Verdict> {
    let spec = &new.data["spec"];
    let text = |of: &str, field: &str| spec[of][field].as_str().unwrap_or_default().to_owned();
    if spec["kubeConfig"].is_object() {
        let (secret, key) = (text("kubeConfig", "name"), text("kubeConfig", "key"));
        return Ok(match shared.home.get(SECRET, Some(SYSTEM), &secret).await? {
            None => refuse(format!("failed to get Secret {SYSTEM}/{secret}: secrets \"{secret}\" not found")),
            Some(object) if object.data["data"][&key].is_null() => {
                refuse(format!("kubeConfig Secret does not have {key} key defined"))
            }
            Some(_) => Verdict::default(),
        });
    }
    let (place, deployment) = (text("clusterDeployment", "namespace"), text("clusterDeployment", "name"));
    let there = shared.home.get(DEPLOYMENT, Some(&place), &deployment).await?.is_some();
    let why = format!("clusterdeployments.k0rdent.mirantis.com \"{deployment}\" not found");
    Ok(if there {
        Verdict::default()
    } else {
        refuse(format!("failed to get ClusterDeployment {place}/{deployment}: {why}"))
    })
}

/// The `ClusterDeployments` that are placed in a region.
async fn in_region(shared: &Shared, region: &str) -> Result<Vec<DynamicObject>> {
    let credentials = shared.home.list(CREDENTIAL, None, "").await?;
    let mut all = shared.home.list(DEPLOYMENT, None, "").await?;
    all.retain(|one| {
        let of = |credential: &&DynamicObject| {
            one.data["spec"]["credential"] == name(credential) && namespace(one) == namespace(credential)
        };
        credentials.iter().find(of).is_some_and(|credential| credential.data["spec"]["region"] == region)
    });
    Ok(all)
}

/// What its template requires.
async fn required(shared: &Shared, deployment: &DynamicObject) -> Result<Vec<String>> {
    let template = deployment.data["spec"]["template"].as_str().unwrap_or_default();
    let template = shared.home.get(CLUSTER_TEMPLATE, Some(&namespace(deployment)), template).await?;
    let providers = template.map(|template| template.data["status"]["providers"].clone()).unwrap_or_default();
    Ok(serde_json::from_value(providers).unwrap_or_default())
}

async fn changed_region(shared: &Shared, new: &DynamicObject, old: &DynamicObject) -> Result<Verdict> {
    if new.metadata.deletion_timestamp.is_some() {
        return Ok(Verdict::default());
    }
    let names = |of: &DynamicObject| {
        let all = of.data["spec"]["providers"].as_array().cloned().unwrap_or_default();
        all.iter().filter_map(|one| one["name"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let left = names(new);
    for removed in names(old).into_iter().filter(|one| !left.contains(one)) {
        let exposed =
            old.data["status"]["components"][&removed]["exposedProviders"].as_array().cloned().unwrap_or_default();
        for deployment in in_region(shared, &name(old)).await? {
            if required(shared, &deployment).await?.iter().any(|one| exposed.contains(&json!(one))) {
                let of = name(old);
                let why = "is required by at least one ClusterDeployment and cannot be removed from the Region";
                return Ok(refuse(format!("provider {removed} {why} {of}")));
            }
        }
    }
    Ok(Verdict::default())
}

async fn new_deployment(shared: &Shared, new: &DynamicObject) -> Result<Verdict> {
    let (place, spec) = (namespace(new), &new.data["spec"]);
    let text = |field: &str| spec[field].as_str().unwrap_or_default().to_owned();
    let invalid = |why: String| refuse(format!("the ClusterDeployment is invalid: {why}"));
    let Some(template) = shared.home.get(CLUSTER_TEMPLATE, Some(&place), &text("template")).await? else {
        let template = text("template");
        return Ok(invalid(format!("clustertemplates.k0rdent.mirantis.com \"{template}\" not found")));
    };
    if template.data["status"]["valid"] != true {
        return Ok(invalid("the template is not valid".to_owned()));
    }
    let credential = text("credential");
    let Some(object) = shared.home.get(CREDENTIAL, Some(&place), &credential).await? else {
        return Ok(invalid(format!(
            "failed to get Credential {place}/{credential}: credentials.k0rdent.mirantis.com \"{credential}\" not found"
        )));
    };
    let region = object.data["spec"]["region"].as_str();
    let (owner, called) = match region {
        Some(region) => (shared.home.get(REGION, None, region).await?, format!("Region {region}")),
        None => (shared.home.get(MANAGEMENT, None, "kcm").await?, "Management kcm".to_owned()),
    };
    let there = owner.map(|owner| owner.data["status"]["availableProviders"].clone()).unwrap_or_default();
    let there: Vec<String> = serde_json::from_value(there).unwrap_or_default();
    let needed = required(shared, new).await?;
    let missing: Vec<_> = needed.iter().filter(|one| !there.contains(one)).cloned().collect();
    if !missing.is_empty() {
        let why = format!("one or more required providers are not deployed yet: [{}]", missing.join(" "));
        return Ok(refuse(format!("failed to validate required providers: incompatible providers in {called}: {why}")));
    }
    if object.data["status"]["ready"] != true {
        return Ok(invalid(format!("the Credential {place}/{credential} is not Ready")));
    }
    let kind = object.data["spec"]["identityRef"]["kind"].as_str().unwrap_or_default();
    let azure = "infrastructure-azure";
    if needed.iter().any(|one| one == azure) && !["AzureClusterIdentity", "Secret"].contains(&kind) {
        return Ok(invalid(format!(
            "provider {azure} does not support ClusterIdentity Kind {kind} from the Credential {credential}"
        )));
    }
    Ok(Verdict::default())
}

/// One without a config only tries: it gets that of its template.
async fn default(shared: &Shared, new: &DynamicObject) -> Result<Verdict> {
    if !new.data["spec"]["config"].is_null() {
        return Ok(Verdict::default());
    }
    let template = new.data["spec"]["template"].as_str().unwrap_or_default();
    let template = shared.home.get(CLUSTER_TEMPLATE, Some(&namespace(new)), template).await?;
    let config = template.map(|template| template.data["status"]["config"].clone()).filter(|config| !config.is_null());
    let add = |path: &str, value: Value| json!({"op": "add", "path": path, "value": value});
    let mut patch = vec![add("/spec/dryRun", true.into())];
    patch.extend(config.map(|config| add("/spec/config", config)));
    Ok(Verdict { patch, ..Verdict::default() })
}
