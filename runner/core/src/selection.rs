//! What of a workflow a run leaves out, because a person has said so.
//!
//! A selection is data of the plan, so that it is recorded with the run and holds for every engine life. What is left out is
//! skipped like a step whose condition does not hold: it counts as succeeded, and it has no outputs.

use serde::{Deserialize, Serialize};

use crate::path::Path;

/// What runs, and what does not. Paths without a key stand for every item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Each a list of paths. A step runs only if each list names it, something around it, or something in it; but a `finally:`
    /// runs with what it ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<Vec<Path>>,
    /// What does not run, with all in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skip: Vec<Path>,
}

impl Selection {
    /// Whether nothing is left out.
    pub fn is_all(&self) -> bool {
        self.only.is_empty() && self.skip.is_empty()
    }

    /// Whether a step is left out. `ending`: whether it stands in a `finally:`.
    pub fn leaves_out(&self, path: &Path, ending: bool) -> bool {
        let named = |list: &[Path]| list.iter().any(|of| of.covers(path) || path.leads_to(of));
        self.skip.iter().any(|of| of.covers(path)) || !ending && !self.only.iter().all(|list| named(list))
    }
}

#[cfg(test)]
mod tests {
    use super::Selection;
    use crate::path::Path;

    fn paths(list: &[&str]) -> Vec<Path> {
        list.iter().map(|path| Path::parse(path)).collect()
    }

    #[test]
    fn what_is_named_runs_with_all_around_it_and_in_it() {
        let selection = Selection { only: vec![paths(&["region[eastus]/wait", "end"])], skip: vec![] };
        for runs in ["region", "region[eastus]", "region[eastus]/wait", "region[eastus]/wait[1]/x", "end", "end/x"] {
            assert!(!selection.leaves_out(&Path::parse(runs), false), "{runs}");
        }
        for not in ["region[westus]", "region[eastus]/create", "begin", "region[eastus]/waiting"] {
            assert!(selection.leaves_out(&Path::parse(not), false), "{not}");
            assert!(!selection.leaves_out(&Path::parse(not), true), "{not} ends something");
        }
    }

    #[test]
    fn what_is_skipped_is_so_in_every_item_or_in_one() {
        let selection = Selection { only: vec![], skip: paths(&["region/wait", r#"each["a/b"]"#]) };
        for not in ["region[eastus]/wait", "region/wait", r#"each["a/b"]/x"#] {
            assert!(selection.leaves_out(&Path::parse(not), true), "{not}");
        }
        for runs in ["region", "region[eastus]", "region[eastus]/create", "each", "each[a]"] {
            assert!(!selection.leaves_out(&Path::parse(runs), false), "{runs}");
        }
    }

    #[test]
    fn of_several_lists_each_has_to_name_it() {
        let selection = Selection { only: vec![paths(&["a", "b"]), paths(&["b", "c"])], skip: vec![] };
        let runs: Vec<_> =
            ["a", "b", "c"].into_iter().filter(|id| !selection.leaves_out(&Path::parse(id), false)).collect();
        assert_eq!(runs, ["b"]);
    }
}
