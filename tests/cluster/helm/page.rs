//! What the page on Kubernetes shows of Helm is done.

use super::with_both;

/// The fenced blocks of the section: what stands behind the fence, and the text.
fn blocks() -> Vec<(String, String)> {
    let page = include_str!("../../../docs/kubernetes.md");
    let section =
        page.split("\n## ").find(|section| section.starts_with("Helm releases\n")).expect("the section is there");
    let fenced = section.split("```").skip(1).step_by(2).filter_map(|block| block.split_once('\n'));
    fenced.map(|(info, text)| (info.to_owned(), text.to_owned())).collect()
}

#[test]
#[ignore = "needs the control plane"]
fn the_section_on_helm_does_what_it_shows() {
    with_both(|site, major| {
        let (mut said, mut done) = (String::new(), 0);
        for name in ["values.yaml", "values.schema.json", "templates/login.yaml", "templates/more.yaml"] {
            std::fs::remove_file(site.project.path().join("web").join(name)).unwrap();
        }
        for (info, text) in blocks() {
            match info.split_once(' ').unwrap_or((&*info, "")) {
                ("yaml", word) => {
                    // Each `helm` has a namespace of its own.
                    let text = text.replace("namespace: shop", &format!("namespace: shop-{major}"));
                    site.project.write(word.strip_prefix("file=").unwrap(), text);
                }
                ("sh", _) => {
                    said.clear();
                    for line in text.lines() {
                        let words: Vec<_> = line.strip_prefix("runner ").unwrap().split(' ').collect();
                        let mut command = site.project.command(&words);
                        let ran = command.env("WEB_PASSWORD", "hunter2").output().unwrap();
                        said += &String::from_utf8_lossy(&ran.stdout);
                        said += &String::from_utf8_lossy(&ran.stderr);
                        assert!(ran.status.success(), "{line}: {said}");
                        done += 1;
                    }
                }
                ("text", _) => {
                    let missing: Vec<_> = text.lines().filter(|line| !said.contains(line)).collect();
                    assert!(missing.is_empty(), "{missing:?} is not said:\n{said}");
                }
                (other, _) => panic!("nobody knows what to do with `{other}`"),
            }
            assert!(!said.contains("hunter2"));
        }
        assert!(done >= 4, "the commands are found");
    });
}
