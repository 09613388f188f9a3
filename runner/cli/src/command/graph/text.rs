//! As a tree. What follows the step above it says nothing of it; all else is told.

use unicode_width::UnicodeWidthStr;

use super::{Drawn, List};
use crate::words;

/// How much of an expression is shown, in characters.
const SHOWN: usize = 60;

pub(super) fn draw(name: &str, root: &List) -> String {
    let mut lines = Vec::new();
    list(root, "", &mut lines);
    let width = lines.iter().map(|(left, _)| left.width()).max().unwrap_or(0);
    let mut text = format!("{name}\n");
    for (left, right) in lines {
        let gap = " ".repeat(width - left.width() + 2);
        text.push_str(format!("{left}{gap}{right}").trim_end());
        text.push('\n');
    }
    words::harmless(&text)
}

fn list(list: &List, indent: &str, lines: &mut Vec<(String, String)>) {
    for (at, step) in list.steps.iter().enumerate() {
        let is_last = at + 1 == list.steps.len() && list.finally.is_empty();
        draw_step(step, &list.steps, at, indent, is_last, lines);
    }
    if !list.finally.is_empty() {
        lines.push((format!("{indent}└─ finally"), String::new()));
        let indent = format!("{indent}   ");
        for (at, step) in list.finally.iter().enumerate() {
            draw_step(step, &list.finally, at, &indent, at + 1 == list.finally.len(), lines);
        }
    }
}

fn draw_step(step: &Drawn, among: &[Drawn], at: usize, indent: &str, last: bool, lines: &mut Vec<(String, String)>) {
    let mut right = step.what.clone();
    let follows_previous = if at == 0 { step.needs.is_empty() } else { step.needs == [at - 1] };
    let mut notes: Vec<_> = step.notes.iter().map(|note| shortened(note)).collect();
    if !follows_previous {
        notes.push(match step.needs.len() {
            0 => "at once".to_owned(),
            number if number == at && number > 1 => "after all above".to_owned(),
            _ => {
                let ids: Vec<_> = step.needs.iter().filter_map(|&need| Some(among.get(need)?.id.as_str())).collect();
                format!("after {}", ids.join(", "))
            }
        });
    }
    if !notes.is_empty() {
        let said = format!("({})", notes.join("; "));
        right = if right.is_empty() { said } else { format!("{right}  {said}") };
    }
    let (branch, below) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
    lines.push((format!("{indent}{branch}{}", step.id), right));
    if let Some(inside) = &step.inside {
        list(inside, &format!("{indent}{below}"), lines);
    }
}

fn shortened(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= SHOWN {
        return text;
    }
    let begin: String = text.chars().take(SHOWN - 1).collect();
    format!("{begin}…")
}
