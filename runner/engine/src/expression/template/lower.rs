//! From the crate's syntax tree to ours: each name gets its meaning and its place.

use handlebars::template::{BlockParam, HelperTemplate, Parameter, TemplateElement};
use handlebars::{Path, Template as Parsed};

use super::node::{Block, Call, Expr, If, Inner, Kind, Local, Node};
use super::place::Places;
use crate::expression::helper;
use crate::expression::problem::{nearest, shown};
use crate::expression::{Problem, Reference};

const BLOCK_NAMES: [&str; 4] = ["if", "unless", "each", "with"];

pub(super) struct Lowering<'t> {
    places: Places<'t>,
    frames: Vec<Names>,
    pub(super) references: Vec<Reference>,
}

/// The names that a frame gives.
struct Names {
    value: Option<String>,
    key: Option<String>,
    each: bool,
}

type Lowered<T> = Result<T, Problem>;

impl<'t> Lowering<'t> {
    pub(super) fn new(places: Places<'t>) -> Self {
        Self { places, frames: Vec::new(), references: Vec::new() }
    }

    pub(super) fn template(&mut self, parsed: &Parsed) -> Lowered<Vec<Node>> {
        let mut nodes = Vec::with_capacity(parsed.elements.len());
        for element in &parsed.elements {
            match element {
                TemplateElement::RawString(text) if text.is_empty() => {}
                TemplateElement::RawString(text) => nodes.push(Node::Text(text.clone())),
                TemplateElement::Comment(_) => {}
                TemplateElement::Expression(call) | TemplateElement::HtmlExpression(call) => {
                    nodes.push(Node::Emit(self.expression(call)?));
                }
                TemplateElement::HelperBlock(block) => nodes.push(self.block(block)?),
                _ => return Err(Problem::new(self.places.here(), "partials and decorators are not known here")),
            }
        }
        Ok(nodes)
    }

    fn optional(&mut self, parsed: Option<&Parsed>) -> Lowered<Vec<Node>> {
        parsed.map_or_else(|| Ok(Vec::new()), |parsed| self.template(parsed))
    }

    fn block(&mut self, block: &HelperTemplate) -> Lowered<Node> {
        let name = block.name.as_name().unwrap_or_default();
        let offset = self.places.find(name);
        if !BLOCK_NAMES.contains(&name) {
            let problem = Problem::new(offset, format!("unknown block {}", shown(name)));
            let hint = nearest(name, BLOCK_NAMES).filter(|_| helper::find(name).is_none());
            let hint = hint.unwrap_or_else(|| format!("`{name}` is a helper: write `{{{{{name} …}}}}` without `#`"));
            return Err(problem.hint(hint));
        }
        let [subject] = block.params.as_slice() else {
            let count = block.params.len();
            let problem = Problem::new(offset, format!("`#{name}` takes one argument, not {count}"));
            return Err(problem.hint("a test is written with a helper in parentheses: `{{#if (eq a b)}}`"));
        };
        let mut include_zero = false;
        for (key, value) in &block.hash {
            match (name, key.as_str(), value) {
                ("if" | "unless", "includeZero", Parameter::Literal(value)) => {
                    include_zero = value.as_bool().unwrap_or_default();
                }
                _ => return Err(Problem::new(offset, format!("`#{name}` has no option {}", shown(key)))),
            }
        }
        let subject = self.parameter(subject)?;
        if name == "if" || name == "unless" {
            let then = self.optional(block.template.as_ref())?;
            let otherwise = self.optional(block.inverse.as_ref())?;
            let negated = name == "unless";
            return Ok(Node::If(Box::new(If { condition: subject, negated, include_zero, then, otherwise })));
        }
        let each = name == "each";
        let (value, key) = match &block.block_param {
            None => (None, None),
            Some(BlockParam::Single(value)) => (value.as_name().map(str::to_owned), None),
            Some(BlockParam::Pair((value, key))) if each => {
                (value.as_name().map(str::to_owned), key.as_name().map(str::to_owned))
            }
            Some(_) => return Err(Problem::new(offset, "`#with` gives one name, not two")),
        };
        self.frames.push(Names { value, key, each });
        let body = self.optional(block.template.as_ref());
        self.frames.pop();
        let otherwise = self.optional(block.inverse.as_ref())?;
        let has_otherwise = block.inverse.is_some();
        let block = Box::new(Block { subject, body: body?, otherwise, has_otherwise });
        Ok(if each { Node::Each(block) } else { Node::With(block) })
    }

    /// `{{name}}`, `{{helper argument…}}` or `(helper argument…)`.
    fn expression(&mut self, call: &HelperTemplate) -> Lowered<Expr> {
        if call.params.is_empty() && call.hash.is_empty() {
            return self.parameter(&call.name);
        }
        let name = call.name.as_name().unwrap_or_default().to_owned();
        let offset = self.places.find(&name);
        let Some(helper) = helper::find(&name) else {
            let problem = Problem::new(offset, format!("unknown helper {}", shown(&name)));
            let hint = match name.as_str() {
                "if" | "unless" | "each" | "with" => Some(format!("a block is written `{{{{#{name} …}}}}`")),
                _ => nearest(&name, helper::names()).or_else(|| Some("the language page lists the helpers".into())),
            };
            return Err(problem.maybe_hint(hint));
        };
        if let Some(option) = call.hash.keys().min() {
            return Err(Problem::new(offset, format!("`{name}` has no option {}", shown(option)))
                .hint(format!("it is used as `{{{{{}}}}}`", helper.signature)));
        }
        if let Some(count) = helper.arity_error(call.params.len()) {
            return Err(Problem::new(offset, format!("`{name}` takes {count}, not {}", call.params.len()))
                .hint(format!("it is used as `{{{{{}}}}}`", helper.signature)));
        }
        let arguments = call.params.iter().map(|parameter| self.parameter(parameter)).collect::<Lowered<_>>()?;
        Ok(Expr { offset, kind: Kind::Call(Box::new(Call { helper, arguments })) })
    }

    fn parameter(&mut self, parameter: &Parameter) -> Lowered<Expr> {
        match parameter {
            Parameter::Literal(value) => Ok(Expr { offset: self.places.here(), kind: Kind::Literal(value.clone()) }),
            Parameter::Path(path) => self.path(path),
            Parameter::Name(name) => match Path::parse(name) {
                Ok(path) => self.path(&path),
                Err(_) => Err(Problem::new(self.places.find(name), format!("{} is not a name", shown(name)))),
            },
            Parameter::Subexpression(inner) => match inner.as_element() {
                TemplateElement::Expression(call) => self.expression(call),
                _ => Err(Problem::new(self.places.here(), "only a name or a helper can stand in parentheses")),
            },
            _ => Err(Problem::new(self.places.here(), "this cannot stand here")),
        }
    }

    fn path(&mut self, path: &Path) -> Lowered<Expr> {
        let (Path::Relative((_, raw)) | Path::Local((_, _, raw))) = path;
        let offset = self.places.find(raw);
        match path {
            Path::Local((level, name, _)) => self.local(*level, name, offset),
            Path::Relative((_, raw)) => self.relative(raw, offset),
        }
    }

    fn local(&self, level: usize, name: &str, offset: usize) -> Lowered<Expr> {
        let local = match name {
            "index" => Local::Index,
            "key" => Local::Key,
            "first" => Local::First,
            "last" => Local::Last,
            _ => {
                return Err(Problem::new(offset, format!("unknown name `@{name}`"))
                    .maybe_hint(nearest(name, ["index", "key", "first", "last", "root"])));
            }
        };
        // `#with` has none of its own and shows those of the `#each` around it.
        let visible = self.frames.len().saturating_sub(level);
        let found = self.frames[..visible].iter().rposition(|frame| frame.each);
        let Some(index) = found else {
            return Err(Problem::new(offset, format!("`@{name}` exists only inside `#each`")));
        };
        Ok(Expr { offset, kind: Kind::Local { up: self.frames.len() - 1 - index, local } })
    }

    fn relative(&mut self, raw: &str, offset: usize) -> Lowered<Expr> {
        let Parts { ups, root, segments, places } = parts(raw, offset);
        let depth = self.frames.len();
        if ups > depth {
            return Err(Problem::new(offset, format!("{} leads out of the text", shown(raw)))
                .hint("each `../` leaves one `#each` or `#with`"));
        }
        if !root
            && ups == 0
            && let Some(first) = segments.first()
        {
            for (up, frame) in self.frames.iter().rev().enumerate() {
                let inner = || Inner { segments: segments[1..].to_vec(), places: places[1..].to_vec() };
                if frame.value.as_ref() == Some(first) {
                    return Ok(Expr { offset, kind: Kind::Frame { up, path: inner() } });
                }
                if frame.key.as_ref() == Some(first) {
                    if segments.len() > 1 {
                        return Err(Problem::new(offset, format!("`{first}` is a key, it has no fields")));
                    }
                    return Ok(Expr { offset, kind: Kind::Local { up, local: Local::Position } });
                }
            }
        }
        if !root && ups < depth {
            return Ok(Expr { offset, kind: Kind::Frame { up: ups, path: Inner { segments, places } } });
        }
        if segments.is_empty() {
            return Err(Problem::new(offset, "`this` exists only inside `#each` and `#with`"));
        }
        self.references.push(Reference::new(segments, places));
        Ok(Expr { offset, kind: Kind::Root(self.references.len() - 1) })
    }
}

struct Parts {
    ups: usize,
    root: bool,
    segments: Vec<String>,
    places: Vec<usize>,
}

/// Takes a path as written apart: `../`, `@root`, `this`, `[any text]`, names between `.` or `/`.
fn parts(raw: &str, offset: usize) -> Parts {
    let mut parts = Parts { ups: 0, root: false, segments: Vec::new(), places: Vec::new() };
    let mut at = 0;
    while at < raw.len() {
        let rest = &raw[at..];
        if let Some(inner) = rest.strip_prefix('[') {
            let end = inner.find(']').unwrap_or(inner.len());
            parts.segments.push(inner[..end].to_owned());
            parts.places.push(offset + at);
            at += (end + 2).min(rest.len());
        } else if rest.starts_with("..") {
            parts.ups += 1;
            at += 2;
        } else if rest.starts_with(['.', '/']) {
            at += 1;
        } else {
            let end = rest.find(['.', '/', '[']).unwrap_or(rest.len());
            match &rest[..end] {
                "@root" if at == 0 => parts.root = true,
                "this" => {}
                name => {
                    parts.segments.push(name.to_owned());
                    parts.places.push(offset + at);
                }
            }
            at += end;
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn paths_are_taken_apart_with_places() {
        let found = parts("../../steps.a/[b c].0", 10);
        assert_eq!((found.ups, found.root), (2, false));
        assert_eq!(found.segments, ["steps", "a", "b c", "0"]);
        assert_eq!(found.places, [16, 22, 24, 30]);
        assert!(parts("@root.x", 0).root);
        assert!(parts("this", 0).segments.is_empty());
        assert_eq!(parts("./x", 0).segments, ["x"]);
    }
}
