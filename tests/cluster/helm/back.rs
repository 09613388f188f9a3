//! Releases go back, and go.

use super::with_both;

#[test]
#[ignore = "needs the control plane"]
fn a_release_goes_back_to_a_revision_once() {
    with_both(|site, major| {
        let greeting = || site.kubectl(&["get", "configmap", "web", "--output=jsonpath={.data.greeting}"]);
        let absent = site.failed("rollback", "revision: 1");
        assert!(absent.contains("there is no release `web`"), "{absent}");
        let first = site.done("install", "chart: ./web");
        site.done("upgrade", "chart: ./web, values: {greeting: good morning}");
        let refused = site.failed("rollback", "revision: 7");
        assert!(refused.contains("has no revision 7"), "{refused}");

        let plan = site.step("rollback", "revision: 1").project.run(&["plan", "w"]).expect(0);
        assert!(
            plan.stdout.contains("-  greeting: good morning") && plan.stdout.contains("+  greeting: hello"),
            "{plan}"
        );
        let back = site.done("rollback", "revision: 1");
        assert_eq!((&back["revision"], &back["previous"]), (&3.into(), &2.into()));
        assert_eq!(back["manifest_digest"], first["manifest_digest"]);
        assert_eq!(greeting(), "hello");

        let same = site.done("rollback", "revision: 1");
        assert_eq!((&same["revision"], &same["changed"]), (&3.into(), &false.into()));
        assert_eq!(site.statuses(major).len(), 3);
    });
}

#[test]
#[ignore = "needs the control plane"]
fn a_release_goes_with_all_that_it_made() {
    with_both(|site, major| {
        assert_eq!(site.done("uninstall", "")["removed"], false);
        site.done("install", "chart: ./web");
        let plan = site.step("uninstall", "").project.run(&["plan", "w"]).expect(0);
        assert!(plan.stdout.contains("would uninstall release `web` (web-1.2.0, revision 1)"), "{plan}");
        assert!(plan.stdout.contains("-  password: '***'") && !plan.stdout.contains("password: none"), "{plan}");

        assert_eq!(site.done("uninstall", "keep_history: true, wait: true")["removed"], true);
        assert_eq!(site.statuses(major), ["uninstalled"]);
        assert_eq!(
            site.kubectl(&["get", "configmap,secret", "--field-selector=metadata.name=web", "--output=name"]),
            ""
        );
        assert_eq!(site.done("status", "")["status"], "absent");
        assert_eq!(site.done("uninstall", "")["removed"], false);
        assert_eq!(site.done("install", "chart: ./web")["status"], "deployed");
    });
}

#[test]
#[ignore = "needs the control plane"]
fn a_plan_tells_what_would_change_and_keeps_secrets_to_itself() {
    with_both(|site, major| {
        let plan = |with: &str| site.step("install", with).project.run(&["plan", "w"]).expect(0).stdout;
        let new = plan("chart: ./web, values: {password: hunter2}");
        assert!(new.contains("would install release `web` (web-1.2.0)") && new.contains("+  greeting: hello"), "{new}");
        assert!(new.contains("+  password: '***'") && !new.contains("hunter2"), "{new}");
        assert_eq!(site.statuses(major).len(), 0, "a plan does nothing");

        site.done("install", "chart: ./web, values: {password: hunter2}");
        assert!(!plan("chart: ./web, values: {password: hunter2}").contains("would upgrade"));
        let other = plan("chart: ./web, values: {password: hunter3, greeting: good morning}");
        assert!(other.contains("would upgrade release `web` (web-1.2.0 → web-1.2.0)"), "{other}");
        assert!(other.contains("-  greeting: hello") && other.contains("+  greeting: good morning"), "{other}");
        assert!(other.contains("'*** (after)'") && !other.contains("hunter"), "{other}");
        assert_eq!(site.statuses(major), ["deployed"]);
    });
}
