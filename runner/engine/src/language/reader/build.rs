//! From the parser's events to the tree.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, StructureStyle};

use super::frame::{Finished, Frame};
use super::node::{Kind, Node, Scalar, Style};
use super::{surprise, syntax, template};
use crate::diagnostic::{Diagnostic, Sink, Source, Span};

/// Deeper nesting than this is refused, each of brackets and of indentation.
const NESTING: usize = 64;
/// Aliases may make a value no deeper than this.
pub(super) const HEIGHT: usize = 160;
/// So many values are read, what aliases stand for counted in full.
const VALUES: usize = 250_000;
/// So many times is a text read again with an unquoted template covered, so that the rest of it is checked too.
const PASSES: usize = 30;
/// So many bytes are read in all these times together, so that a large file with many of them is not read for long.
const READ: usize = 16 << 20;

/// The tree of a text; none when the syntax is broken or there is nothing in it.
pub(super) fn tree(source: &Arc<Source>, text: Cow<'_, str>, sink: &mut Sink) -> Option<Node> {
    // The byte order mark is no content; places count it.
    let base = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut text = text.into_owned().split_off(base);
    let mut covered: Vec<Span> = Vec::new();
    let mut passes = 0;
    loop {
        let mut pass = Pass::new(source, &text, base, &covered);
        let failed = pass.run().err();
        let (found, templates) = (pass.found, pass.templates);
        let root = pass.root;
        // A template that was not quoted explains the errors in and behind it: cover it and read again.
        let cover = template::to_cover(&text, failed.as_ref(), base, templates, &covered);
        let again = !cover.is_empty() && passes < PASSES && (passes + 1) * text.len() <= READ;
        text = fill(text, base, &cover);
        covered.extend(cover);
        covered.sort_unstable();
        covered.dedup();
        if again {
            passes += 1;
            continue;
        }
        for span in &covered {
            sink.push(template::unquoted(source, *span));
        }
        for diagnostic in found {
            sink.push(diagnostic);
        }
        if let Some(failed) = failed {
            failed.report(source, base, sink);
            return None;
        }
        if root.is_none() {
            sink.push(Diagnostic::error(source, Span::new(0, 0), "the file is empty"));
        }
        return root;
    }
}

/// The text with `x` in place of these spans, whole characters each.
fn fill(text: String, base: usize, spans: &[Span]) -> String {
    let mut bytes = text.into_bytes();
    for span in spans {
        if let Some(range) = bytes.get_mut(span.start - base..span.end - base) {
            range.fill(b'x');
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Why a pass ended before the end of the text.
#[derive(Debug)]
pub(super) enum Failed {
    Syntax(ScanError),
    Refused(Box<Diagnostic>),
}

impl Failed {
    fn report(self, source: &Arc<Source>, base: usize, sink: &mut Sink) {
        sink.push(match self {
            Self::Syntax(error) => syntax::diagnostic(source, base, &error),
            Self::Refused(diagnostic) => *diagnostic,
        });
    }
}

struct Pass<'a> {
    source: &'a Arc<Source>,
    text: &'a str,
    base: usize,
    covered: &'a [Span],
    stack: Vec<Frame>,
    root: Option<Node>,
    documents: usize,
    values: usize,
    anchors: HashMap<usize, (Node, Finished)>,
    templates: Vec<Span>,
    found: Vec<Diagnostic>,
}

impl<'a> Pass<'a> {
    fn new(source: &'a Arc<Source>, text: &'a str, base: usize, covered: &'a [Span]) -> Self {
        Self {
            source,
            text,
            base,
            covered,
            stack: Vec::new(),
            root: None,
            documents: 0,
            values: 0,
            anchors: HashMap::new(),
            templates: Vec::new(),
            found: Vec::new(),
        }
    }

    fn run(&mut self) -> Result<(), Failed> {
        let options = granit_parser::options! {
            flow_nesting_limit: NESTING,
            block_nesting_limit: NESTING,
            emit_comments: false,
            disallow_directives: true,
            emit_unresolved_aliases: true,
        };
        for event in Parser::new_from_str_with_options(self.text, options) {
            let (event, span) = event.map_err(Failed::Syntax)?;
            let place = self.place(span);
            if let Some(tag) = span.tag_span() {
                self.tag(tag);
            }
            self.event(event, place)?;
        }
        Ok(())
    }

    /// A place of the parser's in the file.
    fn place(&self, span: granit_parser::Span) -> Span {
        let range = span.byte_range().unwrap_or_default();
        self.source.clamp(Span::new(range.start + self.base, range.end + self.base))
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Failed> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let message = "a second document starts here";
                    let hint =
                        "a file holds one document: remove the `---`, or move what follows into a file of its own";
                    let end = span.end.max(span.start);
                    let found = Diagnostic::error(self.source, Span::new(span.start, end), message).hint(hint);
                    return Err(Failed::Refused(Box::new(found)));
                }
            }
            Event::Scalar(text, style, anchor, _) => {
                self.count(1, span)?;
                let node = self.scalar(text, style, span);
                self.finish(node, Finished { height: 1, values: 1 }, anchor)?;
            }
            Event::Alias(anchor) => self.alias(anchor, span)?,
            Event::UnresolvedAlias(name) => {
                let message = format!("there is no anchor `&{name}` above this alias");
                let hint = "quote a text that starts with `*`";
                self.found.push(Diagnostic::error(self.source, span, message).hint(hint));
                self.finish(Node::wrong(span), Finished { height: 1, values: 1 }, 0)?;
            }
            Event::SequenceStart(style, anchor, _) => {
                self.open(Frame::sequence(span, style == StructureStyle::Flow, anchor))?;
            }
            Event::MappingStart(style, anchor, _) => {
                let flow = style == StructureStyle::Flow;
                if flow && self.text[span.start - self.base..].starts_with("{{") {
                    let inside = self.stack.iter().any(Frame::is_flow);
                    let end = template::end(self.text, span.start - self.base, inside) + self.base;
                    self.templates.push(Span::new(span.start, end));
                }
                self.open(Frame::mapping(span, flow, anchor))?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(frame) = self.stack.pop() else { return Ok(()) };
                let anchor = frame.anchor();
                let (node, finished) = frame.close(self.source, span.end, &mut self.found);
                self.finish(node, finished, anchor)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, frame: Frame) -> Result<(), Failed> {
        self.count(1, frame.start())?;
        self.stack.push(frame);
        Ok(())
    }

    fn count(&mut self, values: usize, span: Span) -> Result<(), Failed> {
        self.values += values;
        if self.values <= VALUES {
            return Ok(());
        }
        let message = if self.anchors.is_empty() {
            format!("the file holds too many values: more than {VALUES}")
        } else {
            format!("the file holds too many values, with what its aliases stand for: more than {VALUES}")
        };
        Err(Failed::Refused(Box::new(Diagnostic::error(self.source, span, message))))
    }

    /// Puts a finished value where it belongs.
    fn finish(&mut self, node: Node, finished: Finished, anchor: usize) -> Result<(), Failed> {
        if anchor > 0 {
            self.count(finished.values, node.head)?;
            self.anchors.insert(anchor, (node.clone(), finished));
        }
        match self.stack.last_mut() {
            Some(frame) => frame.take(node, finished, self.source, &mut self.found),
            None => self.root = Some(node),
        }
        Ok(())
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Failed> {
        let Some((node, finished)) = self.anchors.get(&anchor) else {
            let message = "the alias stands inside the value that it means";
            self.found.push(Diagnostic::error(self.source, span, message));
            return self.finish(Node::wrong(span), Finished { height: 1, values: 1 }, 0);
        };
        let (node, finished) = (node.clone(), *finished);
        self.count(finished.values, span)?;
        if finished.height + self.stack.len() > HEIGHT {
            let message = format!("aliases nest values more than {HEIGHT} deep");
            return Err(Failed::Refused(Box::new(Diagnostic::error(self.source, span, message))));
        }
        self.finish(node, finished, 0)
    }

    fn scalar(&mut self, text: Cow<'_, str>, style: ScalarStyle, span: Span) -> Node {
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::Single,
            ScalarStyle::DoubleQuoted => Style::Double,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        let line = self.source.slice(span).find(['\n', '\r']).map_or(span.end, |end| span.start + end);
        let head = Span::new(span.start, line);
        let behind = self.covered.partition_point(|covered| covered.start < span.end);
        if self.covered[..behind].last().is_some_and(|covered| span.start < covered.end) {
            return Node::wrong(head);
        }
        if style != Style::Plain {
            return Node { span, head, kind: Kind::Scalar(Scalar { text: text.into_owned(), style }) };
        }
        // The parser gives `~` for a value that is not written.
        let text = if span.start == span.end { String::new() } else { text.into_owned() };
        let is_key = self.stack.last().is_some_and(Frame::awaits_key);
        if let Some((message, hint)) = surprise::surprise(&text).filter(|_| !is_key) {
            self.found.push(Diagnostic::error(self.source, head, message).hint(hint));
            return Node::wrong(head);
        }
        Node { span, head, kind: Kind::Scalar(Scalar { text, style }) }
    }

    fn tag(&mut self, tag: granit_parser::Span) {
        let place = self.place(tag);
        let text = self.source.slice(place);
        let message = format!("the tag `{text}` is not supported");
        let hint = "remove it, or quote a text that starts with `!`";
        self.found.push(Diagnostic::error(self.source, place, message).hint(hint));
    }
}
