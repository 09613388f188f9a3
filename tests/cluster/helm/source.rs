//! Charts from archives, registries and repositories.

use std::path::Path;

use crate::support::control_plane::part::Part;
use crate::support::{await_some, helm};

use super::{Site, with_both};

/// A registry on loopback; with its address.
fn registry(folder: &Path) -> (Part, String) {
    let data = folder.join("registry");
    let storage = format!("{{filesystem: {{rootdirectory: {}}}}}", data.display());
    let config = folder.join("registry.yaml");
    std::fs::write(&config, format!("version: 0.1\nstorage: {storage}\nhttp: {{addr: '127.0.0.1:0'}}\n"))
        .expect("a file");
    let part = Part::start(folder, &helm::registry(), &["serve".to_owned(), config.display().to_string()]);
    let address = await_some("the registry", || {
        let said = part.said();
        let (_, rest) = said.split_once("listening on ")?;
        Some(rest.split(['"', ' ', '\n']).next()?.to_owned())
    });
    (part, address)
}

/// Packs the chart with this version.
fn pack(site: &Site, major: u32, version: &str) {
    site.project.write("packed/.keep", "");
    site.helm(major, &["package", "web", "--version", version, "--destination", "packed"]).expect(0);
}

#[test]
#[ignore = "needs the control plane"]
fn a_chart_is_one_in_a_folder_an_archive_and_a_registry() {
    with_both(|site, major| {
        let (_registry, address) = registry(site.project.base());
        for version in ["1.2.0", "1.3.0", "2.0.0"] {
            pack(site, major, version);
            let archive = format!("packed/web-{version}.tgz");
            site.helm(major, &["push", &archive, &format!("oci://{address}/charts"), "--plain-http"]).expect(0);
        }
        let first = site.done("install", "chart: ./web");
        let packed = site.done("install", "chart: packed/web-1.2.0.tgz");
        assert_eq!((&packed["changed"], &packed["manifest_digest"]), (&false.into(), &first["manifest_digest"]));

        let chart = format!("chart: 'oci://{address}/charts/web', plain_http: true");
        assert_eq!(site.done("install", &format!("{chart}, version: 1.2.0"))["changed"], false);
        let rendered = site.done("template", &format!("{chart}, version: 1.2.0"));
        assert_eq!(rendered["manifest_digest"], first["manifest_digest"]);
        let newer = site.done("install", &format!("{chart}, version: ^1.2"));
        assert_eq!((&newer["version"], &newer["revision"]), (&"1.3.0".into(), &2.into()));
        assert_eq!(site.done("install", &chart)["version"], "2.0.0");

        let none = site.failed("install", &format!("{chart}, version: ^3"));
        assert!(none.contains("has no such version"), "{none}");
        let none = site.failed("install", &format!("chart: 'oci://{address}/charts/nobody', plain_http: true"));
        assert!(none.contains("has no such"), "{none}");
    });
}

#[test]
#[ignore = "needs the control plane"]
fn a_chart_of_a_repository_is_served_by_a_step_beside() {
    with_both(|site, major| {
        pack(site, major, "1.2.0");
        pack(site, major, "1.3.0");
        site.helm(major, &["repo", "index", "packed"]).expect(0);
        let run = |chart: &str| {
            let namespace = &site.namespace;
            let with =
                format!("{{release: web, namespace: {namespace}, repo: '{{{{steps.repo.outputs.url}}}}', {chart}}}");
            let repo = "{id: repo, uses: http.serve, service: true, ready: output.port > 0, with: {folder: packed}}";
            site.project.workflow("w", &format!("steps: [{repo}, {{id: a, uses: helm.install, with: {with}}}]"));
            site.project.run(&["run", "w"])
        };
        run("chart: web, version: ~1.2").expect(0);
        assert_eq!(site.project.journal().outputs_of("a")["version"], "1.2.0");
        // A folder here that is called like the chart is not taken for it.
        run("chart: web").expect(0);
        assert_eq!(site.project.journal().outputs_of("a")["version"], "1.3.0");
        let none = run("chart: nobody").expect(20);
        assert!(none.output().contains("the repository has no such chart"), "{none}");
        let none = run("chart: web, version: ^7").expect(20);
        assert!(none.output().contains("the repository has no such"), "{none}");
    });
}
