//! The keys of sealed outputs, and the runs that lack one.

use std::path::Path;

use runner_engine::ledger::Runs;
use runner_engine::seal::{KeyFileError, keys_of};

use super::Finding;
use crate::drive::{self, Refusal};
use crate::past;
use crate::words;

/// Whether the keys can be read, and each run that is not over and lacks one.
pub(super) fn findings(project: &Path) -> Result<Vec<Finding>, Refusal> {
    let what = "keys".to_owned();
    let Some(file) = drive::key_file() else {
        let error = KeyFileError::Nowhere;
        return Ok(vec![Finding { what, found: Err(error.to_string()), how: error.hint() }]);
    };
    let shown = file.path().display();
    let keys = match file.read() {
        Ok(keys) => keys,
        Err(error) => return Ok(vec![Finding { what, found: Err(error.to_string()), how: error.hint() }]),
    };
    let found = match keys.0.len() {
        0 => format!("{shown} is made when a secret output is first sealed"),
        number => format!("{shown} holds {}", words::counted(number, "key")),
    };
    let mut findings = vec![Finding { what, found: Ok(found), how: None }];
    for folder in Runs::of(project).list()? {
        let names = keys_of(folder.path()).unwrap_or_default();
        let missing: Vec<_> = names.into_iter().filter(|id| keys.find(*id).is_err()).collect();
        if missing.is_empty() || past::glimpse(&folder)?.is_none_or(|glimpse| glimpse.standing.is_over()) {
            continue;
        }
        for id in missing {
            findings.push(Finding {
                what: folder.id().to_owned(),
                found: Err(format!("outputs of it are sealed with the key `{id}`, which is not in {shown}")),
                how: Some(
                    "put the key back; without it `runner resume` makes what is needed again, or asks".to_owned(),
                ),
            });
        }
    }
    Ok(findings)
}
