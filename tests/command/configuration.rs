//! The configuration of a deployment: `config-validate` and the workflows around it.

use std::path::{Path, PathBuf};

use crate::support::{Ended, Project};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The YAML files of a folder of the repository, by their names.
fn files(folder: &str) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap().flatten().map(|entry| entry.path());
    let files = entries.filter(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    let named = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(&path).unwrap())
    };
    let mut files: Vec<_> = files.map(named).collect();
    files.sort();
    files
}

/// A project without `az`, whatever the machine has.
fn project() -> Project {
    let mut project = Project::new();
    let bin = project.base().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let shell = ["/bin/sh", "/usr/bin/sh"].into_iter().find(|path| Path::new(path).exists()).unwrap();
    std::os::unix::fs::symlink(shell, bin.join("sh")).unwrap();
    project.env("PATH", bin);
    project
}

fn validate(project: &Project, text: &str, name: &str) -> Ended {
    project.write(name, text);
    project.run(&["run", "config-validate", "--input", &format!("config={name}")])
}

/// What is said of each file of `tests/fixture/configuration` is frozen beside it: `UPDATE=1 cargo test` writes it anew.
#[test]
fn everything_wrong_in_a_configuration_is_told_at_once() {
    let project = project();
    let fixtures = files("tests/fixture/configuration");
    assert!(fixtures.len() >= 8, "the fixtures are found");
    let mut wrong = Vec::new();
    for (name, text) in fixtures {
        let ended = validate(&project, &text, &name);
        // What comes behind is the run itself, with its times.
        let said: String = ended.stderr.split("00:00 ").next().unwrap_or_default().to_owned();
        let frozen = root().join("tests/fixture/configuration").join(&name).with_extension("txt");
        let refused = said.contains("error: ");
        assert_eq!(ended.code, if refused { 10 } else { 0 }, "{name}: {ended}");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&frozen, &said).unwrap();
        } else if std::fs::read_to_string(&frozen).unwrap_or_default() != said {
            wrong.push(format!("{name}:\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_shipped_configuration_is_valid_and_without_regions_nothing_is_done() {
    let project = project();
    for (name, text) in files("config") {
        let ended = validate(&project, &text, &name);
        assert_eq!(ended.code, 0, "{name}: {ended}");
        assert!(!ended.output().contains("warning"), "{name}: {ended}");
        assert!(ended.output().contains("its regional clusters are not enabled"), "{ended}");
        assert!(ended.output().contains("locations: not needed"), "nothing is asked: {ended}");
    }
}

#[test]
fn a_file_that_is_not_there_is_told_with_how_to_begin_one() {
    let ended = project().run(&["run", "config-validate"]);
    assert_eq!(ended.code, 10, "{ended}");
    assert!(ended.stderr.contains("config/k0rdent-default.yaml`, to be loaded as `config`, does not exist"), "{ended}");
    assert!(ended.stderr.contains("= help: `runner run config-init` writes one"), "{ended}");
}

/// Azure, as far as its program tells of locations.
const AZ: &str = "#!/bin/sh\necho '[\"eastus\", \"westeurope\"]'\n";

#[test]
fn az_is_asked_where_it_is_there() {
    let mut project = project();
    let text = |location: &str| {
        format!(
            "azure: {{location: eastus}}
software:
  k0rdent:
    version: \"1.5.0\"
    regional: {{enabled: true, clusters: [{{name: one, location: {location}, kubeconfig_secret: one}}]}}
"
        )
    };
    let ended = validate(&project, &text("southeastasia"), "one.yaml");
    assert_eq!(ended.code, 0, "without it, the list has to do: {ended}");
    project.program("bin/az", AZ);
    let path = format!("{}:{}", project.path().join("bin").display(), project.base().join("bin").display());
    project.env("PATH", path);
    assert_eq!(validate(&project, &text("westeurope"), "one.yaml").code, 0);
    let ended = validate(&project, &text("southeastasia"), "one.yaml");
    assert_eq!(ended.code, 20, "{ended}");
    let said = "the subscription may not use southeastasia, the location of one";
    assert!(ended.output().contains(said), "{ended}");
    project.program("bin/az", "#!/bin/sh\necho 'ERROR: Please run az login' >&2; exit 1\n");
    let ended = validate(&project, &text("southeastasia"), "one.yaml");
    assert_eq!(ended.code, 0, "nobody is logged in: {ended}");
}

/// The templates of `config-init`.
const TEMPLATES: [&str; 7] = ["minimal", "production", "external", "kof", "eastus", "westeurope", "southeastasia"];

/// A subscription that is not the one of the templates.
const SUBSCRIPTION: &str = "subscription_id=11111111-2222-3333-4444-555555555555";

#[test]
fn every_template_is_a_valid_configuration_that_tells_the_two_kinds_of_regions_apart() {
    let project = project();
    for template in TEMPLATES {
        let (path, config) = (format!("path={template}.yaml"), format!("config={template}.yaml"));
        let words = ["run", "config-init", "-i", &format!("template={template}"), "-i", &path, "-i", SUBSCRIPTION];
        assert_eq!(project.run(&words).code, 0);
        let text = project.read(format!("{template}.yaml"));
        assert!(text.contains("A k0rdent region") || text.contains("a k0rdent region"), "{text}");
        assert!(text.contains("(`kof.regional`"), "{text}");
        let ended = project.run(&["run", "config-validate", "-i", &config]);
        assert_eq!(ended.code, 0, "{template}: {ended}");
        assert!(!ended.output().contains("warning"), "{template}: {ended}");
        let again = project.run(&words);
        assert_eq!(again.code, 20, "{again}");
        assert!(again.output().contains("is there already; `--input force=true` writes over it"), "{again}");
    }
    let first = project.run(&["run", "config-init"]);
    assert_eq!(first.code, 0, "{first}");
    let ended = project.run(&["run", "config-validate"]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(ended.stderr.contains("warning: the subscription is still the one of the template"), "{ended}");
}

#[test]
fn what_is_shown_and_exported_has_everything_and_is_a_configuration_again() {
    let project = project();
    let made = ["run", "config-init", "-i", "template=kof", "-i", "path=kof.yaml", "-i", SUBSCRIPTION];
    assert_eq!(project.run(&made).code, 0);
    let shown = project.run(&["run", "config-show", "-i", "config=kof.yaml"]);
    assert_eq!(shown.code, 0, "{shown}");
    let regions = [
        "region-eastus in eastus: the ClusterDeployment kof-eastus, made where it does not exist",
        "region-westeurope in westeurope: the ClusterDeployment region-westeurope, made where it does not exist",
        "worker_instance_size: Standard_B2s",
    ];
    for said in regions {
        assert!(shown.output().contains(said), "{said}: {shown}");
    }
    for (format, file, region) in [("yaml", "all.yaml", ""), ("json", "one.json", "region-westeurope")] {
        let words = [format!("format={format}"), format!("path={file}"), format!("region={region}")];
        let mut all = vec!["run", "config-export", "-i", "config=kof.yaml"];
        all.extend(words.iter().flat_map(|word| ["-i", word]));
        let ended = project.run(&all);
        assert_eq!(ended.code, 0, "{ended}");
        let ended = project.run(&["run", "config-validate", "-i", &format!("config={file}")]);
        assert_eq!(ended.code, 0, "{ended}");
        assert_eq!(ended.output().contains("region-eastus in eastus"), region.is_empty(), "{ended}");
        assert!(ended.output().contains("region-westeurope in westeurope"), "{ended}");
    }
    let one: serde_json::Value = serde_json::from_str(&project.read("one.json")).unwrap();
    let clusters = &one["software"]["k0rdent"]["regional"]["clusters"];
    assert_eq!(clusters.as_array().map(Vec::len), Some(1));
    assert_eq!(clusters[0]["deployment"]["cp_instance_size"], "Standard_B2s");
    assert_eq!(one["timeouts"]["k0rdent_install_wait"], 1500);
}

#[test]
fn a_schema_of_the_project_comes_before_the_one_that_is_built_in() {
    let project = project();
    let text = "azure: {location: marsnorth}\nsoftware: {k0rdent: {version: 1.5.0}}\n";
    assert_eq!(validate(&project, text, "mars.yaml").code, 10);
    let schema = std::fs::read_to_string(root().join("config/k0rdent.schema.json")).unwrap();
    project.write("config/k0rdent.schema.json", schema.replace("\"westus3\"", "\"westus3\", \"marsnorth\""));
    let ended = validate(&project, text, "mars.yaml");
    assert_eq!(ended.code, 0, "{ended}");
}
