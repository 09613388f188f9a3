//! Pages as tests read them.

use std::path::{Path, PathBuf};

/// The page of the language.
pub(crate) const LANGUAGE: &str = "docs/language.md";

/// The page of steps in other languages.
pub(crate) const PLUGINS: &str = "docs/plugins.md";

/// A fenced block of YAML, or a file of another kind. What stands behind the fence says what to do with it.
pub(crate) struct Example {
    /// The heading it stands under.
    pub(crate) heading: String,
    /// `file=PATH`: it is written there and not run.
    pub(crate) file: Option<String>,
    /// `exit=N`: the exit code, 0 where nothing is said.
    pub(crate) exit: i32,
    /// More words for `runner run`.
    pub(crate) words: Vec<String>,
    /// The file.
    pub(crate) text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A page.
pub(crate) fn text(page: &str) -> String {
    std::fs::read_to_string(root().join(page)).unwrap()
}

/// Writes a page.
pub(crate) fn write(page: &str, text: &str) {
    std::fs::write(root().join(page), text).unwrap();
}

/// The examples of a page, in order.
pub(crate) fn examples(page: &str) -> Vec<Example> {
    let (mut examples, mut heading, mut open) = (Vec::new(), String::new(), None::<Example>);
    for line in text(page).lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) if info.starts_with("yaml") || info.contains(" file=") => {
                open = Some(example(&heading, info));
            }
            (Some(_), Some(_)) => examples.extend(open.take()),
            (Some(example), None) => example.text.extend([line, "\n"]),
            (None, _) => {
                if let Some(title) = line.strip_prefix("## ") {
                    title.clone_into(&mut heading);
                }
            }
        }
    }
    assert!(open.is_none(), "a block of `{page}` is not closed");
    examples
}

fn example(heading: &str, info: &str) -> Example {
    let mut example =
        Example { heading: heading.to_owned(), file: None, exit: 0, words: Vec::new(), text: String::new() };
    for word in info.split(' ').skip(1) {
        match word.split_once('=') {
            Some(("exit", code)) => example.exit = code.parse().unwrap(),
            Some(("file", path)) => example.file = Some(path.to_owned()),
            _ => example.words.push(word.to_owned()),
        }
    }
    example
}

/// The links within the repository: the page and where each leads.
pub(crate) fn links() -> Vec<(String, String)> {
    let mut links = Vec::new();
    for page in ["docs/language.md", "docs/architecture.md", "docs/testing.md", "docs/regional.md", PLUGINS] {
        let text = text(page);
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let targets = targets.filter(|target| !target.contains("://") && !target.contains(' '));
        links.extend(targets.map(|target| (page.to_owned(), target.to_owned())));
    }
    assert!(links.len() > 5, "the links are found");
    links
}

/// Whether a link of a page leads somewhere.
pub(crate) fn leads(page: &str, target: &str) -> bool {
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if path.is_empty() { page.to_owned() } else { format!("docs/{path}") };
    let Ok(text) = std::fs::read_to_string(root().join(path)) else { return root().join("docs").join(target).is_dir() };
    let slug = |line: &str| {
        let title = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        title.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect::<String>()
    };
    anchor.is_empty() || text.lines().any(|line| line.starts_with('#') && slug(line) == anchor)
}
