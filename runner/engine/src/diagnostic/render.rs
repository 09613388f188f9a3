//! Diagnostics for people: the place, the line, a caret, a hint.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{Diagnostic, Severity, Source, Span};

/// A line longer than this is not shown; its place still is.
const LINE_LIMIT: usize = 20_000;

/// Draws them one below the other, `width` columns wide; with ANSI colours only when `colour` says so.
pub fn render(diagnostics: &[Diagnostic], width: usize, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() }.term_width(width.max(20));
    let mut text = String::new();
    for diagnostic in diagnostics {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(renderer.render(&[group(diagnostic)]).trim_end());
        text.push('\n');
    }
    text
}

/// A place to mark in the text.
struct Mark<'a> {
    kind: AnnotationKind,
    source: &'a Source,
    span: Span,
    label: Option<&'a str>,
}

fn group(diagnostic: &Diagnostic) -> Group<'_> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(diagnostic.message.as_str()));
    let first = diagnostic.span.map(|span| Mark {
        kind: AnnotationKind::Primary,
        source: &diagnostic.source,
        span: diagnostic.source.clamp(span),
        label: diagnostic.label.as_deref(),
    });
    if first.is_none() {
        group = group.element(Origin::path(diagnostic.source.name()));
    }
    let notes = diagnostic.notes.iter().map(|note| Mark {
        kind: AnnotationKind::Context,
        source: &note.source,
        span: note.source.clamp(note.span),
        label: Some(&note.message),
    });
    // Places of one file share a snippet, in the order in which the files come.
    let mut files: Vec<Vec<Mark>> = Vec::new();
    for mark in first.into_iter().chain(notes) {
        match files.iter_mut().find(|marks| std::ptr::eq(marks[0].source, mark.source)) {
            Some(marks) => marks.push(mark),
            None => files.push(vec![mark]),
        }
    }
    for marks in &files {
        group = snippet(group, marks);
    }
    match &diagnostic.hint {
        Some(hint) => group.element(Level::HELP.message(hint.as_str())),
        None => group,
    }
}

/// Only the lines between the marked ones are handed on, so that a long file costs nothing.
fn snippet<'a>(group: Group<'a>, marks: &[Mark<'a>]) -> Group<'a> {
    let source = marks[0].source;
    let from = marks.iter().map(|mark| source.position(mark.span.start).line).min().unwrap_or(1);
    let to = marks.iter().map(|mark| source.position(mark.span.end).line).max().unwrap_or(1);
    let window = Span::new(source.line(from).start, source.line(to).end);
    let too_long = |mark: &Mark| {
        let line = source.line(source.position(mark.span.start).line);
        line.end - line.start > LINE_LIMIT
    };
    if marks.iter().any(too_long) {
        return marks.iter().fold(group, |group, mark| {
            let place = source.position(mark.span.start);
            group.element(Origin::path(source.name()).line(place.line).char_column(place.column))
        });
    }
    let annotations = marks.iter().map(|mark| {
        // A place may lie on the line break, which the window leaves out.
        let inside = |at: usize| at.clamp(window.start, window.end) - window.start;
        let (start, end) = (inside(mark.span.start), inside(mark.span.end));
        mark.kind.span(start..end.max(start)).label(mark.label)
    });
    let text = source.slice(window);
    group.element(Snippet::source(text).line_start(from).path(source.name()).annotations(annotations))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_sees_place_line_caret_and_hint() {
        let source = Source::new("a.yaml", "name: x\nrtery: {attempts: 2}\n");
        let found = Diagnostic::error(&source, Span::new(8, 13), "unknown key `rtery`").hint("did you mean `retry`?");
        let expected = "error: unknown key `rtery`\n --> a.yaml:2:1\n  |\n2 | rtery: {attempts: 2}\n  | ^^^^^\n  |\n  = help: did you mean `retry`?\n";
        assert_eq!(render(&[found], 80, false), expected);
    }

    #[test]
    fn places_at_the_end_and_in_huge_or_wide_lines_are_drawn() {
        let long = format!("{}x\n", "ä".repeat(3_000_000));
        let source = Source::new("long", long);
        let end = source.text().len();
        for span in [Span::new(0, 2), Span::new(end - 2, end - 1), Span::new(end, end), Span::new(0, end)] {
            let text = render(&[Diagnostic::error(&source, span, "wrong")], 40, false);
            assert!(text.contains("wrong") && text.len() < 2_000, "{text}");
        }
        let middle = render(&[Diagnostic::error(&source, Span::new(end - 2, end - 1), "wrong")], 40, false);
        assert!(middle.contains("long:1:3000001"), "{middle}");
        let empty = Source::new("empty", "");
        assert!(render(&[Diagnostic::error(&empty, Span::new(0, 0), "wrong")], 0, false).contains("empty:1:1"));
        let wide = Source::new("wide", "世界: x");
        assert!(render(&[Diagnostic::error(&wide, Span::new(8, 9), "wrong")], 80, false).contains("wide:1:5"));
    }
}
