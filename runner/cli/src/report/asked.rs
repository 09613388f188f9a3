//! What is told of questions that nobody has answered yet.

use runner_engine::driver::shown;
use runner_engine::report::Look;

use super::draw::text::clean;
use super::draw::{Ink, Line};
use super::ending::{Told, labelled, word};

/// What is asked, and how to answer.
pub(super) fn asked(told: &Told<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    for id in told.view.questions() {
        let Look::Asks { asked } = told.view.look(id) else { continue };
        let path = told.view.path(id).as_str();
        let mut line = Line::of(Ink::Care, format!("{} ", told.pen.glyphs.doubt));
        line.push(Ink::Strong, clean(path, 400));
        let message = asked["message"].as_str().unwrap_or_default();
        line.push(Ink::Plain, format!(" asks: {}", clean(message, 1000)));
        lines.push(line);
        let form = asked["inputs"].as_object().into_iter().flatten();
        let command = format!("runner approve {} {}", told.id, word(path));
        let required = form.clone().filter(|(_, field)| field["default"].is_null());
        let fields = required.fold(String::new(), |fields, (name, _)| format!("{fields} --input {name}=…"));
        let what = if asked["kind"] == "confirm" { "confirm" } else { "approve" };
        lines.push(labelled(what, &(command.clone() + &fields)));
        for (name, field) in form {
            lines.push(labelled("", &clean(&shown(name, field), 400)));
        }
        if asked["kind"] != "confirm" {
            lines.push(labelled("reject", &format!("{command} --reject --comment …")));
        }
        lines.push(Line::default());
    }
    lines
}
