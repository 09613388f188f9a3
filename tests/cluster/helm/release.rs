//! Releases come, change and stay.

use serde_json::json;

use super::with_both;

#[test]
#[ignore = "needs the control plane"]
fn a_release_is_brought_to_chart_and_values_and_then_left_alone() {
    with_both(|site, _| {
        let greeting = || site.kubectl(&["get", "configmap", "web", "--output=jsonpath={.data.greeting}"]);
        assert_eq!(site.done("status", "")["status"], "absent");
        let refused = site.failed("upgrade", "chart: ./web");
        assert!(refused.contains("has no deployed releases") && refused.contains("helm.install"), "{refused}");

        let first = site.done("install", "chart: ./web");
        assert_eq!(
            (&first["revision"], &first["changed"], &first["previous"]),
            (&json!(1), &json!(true), &json!(null))
        );
        assert_eq!(
            (&first["chart"], &first["version"], &first["app_version"]),
            (&json!("web"), &json!("1.2.0"), &json!("7"))
        );
        assert_eq!(greeting(), "hello");

        for verb in ["install", "upgrade"] {
            let same = site.done(verb, "chart: ./web");
            assert_eq!((&same["revision"], &same["changed"]), (&json!(1), &json!(false)), "{verb}");
            assert_eq!(same["manifest_digest"], first["manifest_digest"]);
        }

        site.project.write("more.yaml", "greeting: from a file\npassword: of a file\n");
        let second = site.done("upgrade", "chart: ./web, values_files: [more.yaml], values: {greeting: good morning}");
        assert_eq!((&second["revision"], &second["previous"]), (&json!(2), &json!(1)));
        assert_eq!(greeting(), "good morning");
        let status = site.done("status", "");
        for name in ["revision", "status", "chart", "version", "manifest_digest"] {
            assert_eq!(status[name], second[name], "{name}");
        }

        // What is not given is the chart's own again, and an edited chart is another one.
        assert_eq!(site.done("install", "chart: ./web")["revision"], 3);
        assert_eq!(greeting(), "hello");
        site.project.write("web/values.yaml", "greeting: good night\npassword: none\n");
        assert_eq!(site.done("install", "chart: ./web")["revision"], 4);
        assert_eq!(greeting(), "good night");
    });
}

#[test]
#[ignore = "needs the control plane"]
fn what_cannot_work_is_told_and_a_failure_of_an_atomic_one_is_taken_back() {
    with_both(|site, major| {
        for (with, says) in [
            ("chart: ./nowhere", "is the path of `chart` right?"),
            ("chart: ./web, values: {greeting: 7}", "values.schema.json"),
            ("chart: ./web, context: nobody", "names what is not there"),
            ("chart: web, repo: 'http://127.0.0.1:1'", "nobody listens there"),
            ("chart: 'oci://127.0.0.1:1/web'", "nobody listens there"),
        ] {
            let said = site.failed("install", with);
            assert!(said.contains(says), "{with}: {said}");
        }
        site.done("install", "chart: ./web");
        let with = "chart: ./web, values: {more: true}, atomic: true, timeout: 2s";
        let said = site.failed("upgrade", with);
        assert!(said.contains("within `timeout`"), "{said}");
        assert_eq!(site.statuses(major).last().unwrap(), "deployed");
        assert!(!site.pod(), "what the failed upgrade made is gone");
        assert_eq!(site.done("install", "chart: ./web")["changed"], false);
    });
}

#[test]
#[ignore = "needs the control plane"]
fn a_namespace_is_made_where_that_is_asked_for() {
    with_both(|site, major| {
        let with = |more: &str| format!("namespace: new-{major}, chart: ./web{more}");
        let run = |with: String| {
            site.project
                .workflow("w", &format!("steps: [{{id: a, uses: helm.install, with: {{release: web, {with}}}}}]"));
            site.project.run(&["run", "w"])
        };
        let said = run(with("")).expect(20);
        assert!(said.output().contains("create_namespace"), "{said}");
        run(with(", create_namespace: true")).expect(0);
        assert_eq!(site.project.journal().outputs_of("a")["namespace"], format!("new-{major}"));
    });
}

#[test]
#[ignore = "needs the control plane"]
fn a_secret_of_the_values_is_in_the_cluster_and_nowhere_else() {
    with_both(|site, _| {
        let with = format!(
            "{{release: web, namespace: {}, chart: ./web, values: {{password: '{{{{secrets.word}}}}'}}}}",
            site.namespace
        );
        let steps = ["install", "template"].map(|verb| format!("{{id: {verb}, uses: helm.{verb}, with: {with}}}"));
        site.project.workflow("w", &format!("secrets: {{word: {{env: WORD}}}}\nsteps: [{}]", steps.join(", ")));
        let mut command = site.project.command(&["run", "w"]);
        let ran = command.env("WORD", "hunter2-hunter2").output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let found = site.kubectl(&["get", "secret", "web", "--output=jsonpath={.data.password}"]);
        assert_eq!(found, "aHVudGVyMi1odW50ZXIy");
        let kept = site.project.read_run();
        for secret in ["hunter2-hunter2", "aHVudGVyMi1odW50ZXIy"] {
            assert!(!kept.contains(secret), "{secret} is kept");
        }
    });
}
