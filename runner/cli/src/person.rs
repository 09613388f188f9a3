//! The person at the terminal, asked by a run that is under way.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use runner_core::{Answer, Path};
use runner_engine::driver::{self, Asker, Said, plain, shown, typed};
use serde_json::Value;

use crate::report::clean;
use crate::{ask, output};

/// The terminal, while somebody is being asked on it or a picture drawn; the number counts the questions so far.
static TERMINAL: Mutex<usize> = Mutex::new(0);

/// Who types the commands.
pub(crate) fn name() -> String {
    let named = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| "somebody".to_owned())
}

/// Who answers a run's questions as they are asked: `--yes` what is only to be confirmed, the person at a terminal
/// everything. `None` where nobody does.
pub(crate) fn asker(agreed: bool) -> Option<Asker> {
    if !agreed && !ask::is_possible() {
        return None;
    }
    Some(Asker(Arc::new(move |path, asked| {
        if agreed && asked["kind"] == "confirm" {
            let said = Said { by: format!("{} (--yes)", name()), approved: true, ..Said::default() };
            return driver::answer(asked, &said).ok();
        }
        if !ask::is_possible() {
            return None;
        }
        let mut questions = TERMINAL.lock().unwrap_or_else(PoisonError::into_inner);
        *questions += 1;
        question(path, asked)
    })))
}

/// Draws on the terminal unless somebody is being asked there; `draw` is given how many questions there were so far.
pub(crate) fn draw(draw: impl FnOnce(usize)) {
    if let Ok(questions) = TERMINAL.try_lock() {
        draw(*questions);
    }
}

fn question(path: &Path, asked: &Value) -> Option<Answer> {
    output::note(format!("\n{path}: {}", clean(asked["message"].as_str().unwrap_or_default(), 4000)));
    if asked["kind"] == "confirm" {
        let agreed = ask::agree("go on?", false) == ask::Answer::Yes;
        let said = Said { by: name(), approved: true, ..Said::default() };
        return if agreed { driver::answer(asked, &said).ok() } else { None };
    }
    let approved = loop {
        match ask::line("approve, reject, or decide later? [a/r/L] ")?.to_lowercase().as_str() {
            "a" | "approve" | "y" | "yes" => break true,
            "r" | "reject" => break false,
            "" | "l" | "later" | "n" | "no" => return None,
            _ => {}
        }
    };
    let mut inputs = BTreeMap::new();
    for (name, field) in asked["inputs"].as_object().into_iter().flatten().filter(|_| approved) {
        inputs.insert(name.clone(), value(name, field)?);
    }
    let comment = ask::line("comment (may be empty): ").filter(|comment| !comment.is_empty());
    driver::answer(asked, &Said { by: name(), approved, comment, inputs }).ok()
}

/// Asks for a field until what is typed is one of its values.
fn value(name: &str, field: &Value) -> Option<String> {
    let default = (!field["default"].is_null()).then(|| plain(&field["default"]));
    let offered = default.as_ref().map(|default| format!(" [{}]", clean(default, 200))).unwrap_or_default();
    loop {
        let said = ask::line(&format!("{}{offered}: ", clean(&shown(name, field), 400)))?;
        let said = match &default {
            Some(default) if said.is_empty() => default.clone(),
            _ => said,
        };
        match typed(name, field, &said) {
            Ok(_) => return Some(said),
            Err(wrong) => output::note(wrong),
        }
    }
}
