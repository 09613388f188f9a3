//! Where the tags of a text are, found before the parser sees it.
//!
//! The parser of the crate recurses and gives no place to the parts of a tag. This scan bounds the nesting first, refuses
//! what we do not speak (`{{{`, partials, decorators, raw blocks) at its place, and later gives each name its offset.

use crate::expression::Problem;

/// Blocks inside blocks; each `{{else if}}` counts as one, for it is one to the parser.
const BLOCKS: usize = 64;
/// Brackets inside brackets within one tag.
const BRACKETS: usize = 16;
/// Bytes of one tag; a tag is a name and a few arguments.
const TAG: usize = 16 * 1024;
/// Tags of one text, and bytes of a text with tags: the parser counts lines anew for every tag.
const TAGS: usize = 4096;
const LONGEST: usize = 1 << 20;

/// One tag: the bytes from `{{` to the end of `}}`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) comment: bool,
}

/// The tags of a text, in order.
pub(super) fn scan(text: &str) -> Result<Vec<Tag>, Problem> {
    let mut tags = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    if text.len() > LONGEST {
        return Err(Problem::new(0, format!("a template of {} bytes; at most {LONGEST} are read", text.len())));
    }
    while let Some(found) = text[at..].find("{{") {
        let start = at + found;
        let slashes = text[at..start].bytes().rev().take_while(|byte| *byte == b'\\').count();
        if slashes == 1 {
            at = start + 2;
            continue;
        }
        let tag = one(text, start)?;
        if !tag.comment {
            nest(&text[start + 2..tag.end], start, &mut open)?;
        }
        at = tag.end;
        tags.push(tag);
        if tags.len() > TAGS {
            return Err(Problem::new(start, format!("more than {TAGS} tags in one text")));
        }
    }
    match open.last() {
        Some(block) => Err(Problem::new(block.start, "this block is never closed").hint(closing(&text[block.start..]))),
        None => Ok(tags),
    }
}

fn one(text: &str, start: usize) -> Result<Tag, Problem> {
    let rest = &text[start..];
    let inner = rest[2..].trim_start_matches('~');
    if inner.starts_with('!') {
        let close = if inner.starts_with("!--") { "--}}" } else { "}}" };
        // The dashes that open are not those that close.
        let from = rest.len() - inner.len() + if close.len() == 4 { 3 } else { 1 };
        let end = rest[from..].find(close).ok_or_else(|| Problem::new(start, "this comment is never closed"))?;
        return Ok(Tag { start, end: start + from + end + close.len(), comment: true });
    }
    refuse(rest, inner, start)?;
    let end = close(rest).map_err(|at| {
        let message = if at == 0 { "this `{{` is never closed by `}}`" } else { "this is nested too deep for a tag" };
        Problem::new(start + at, message).hint("a literal `{{` is written `\\{{`")
    })?;
    if end > TAG {
        return Err(Problem::new(start, format!("a tag of {end} bytes; at most {TAG} are read")));
    }
    Ok(Tag { start, end: start + end, comment: false })
}

fn refuse(rest: &str, inner: &str, start: usize) -> Result<(), Problem> {
    let say = |message: &str, hint: &str| Err(Problem::new(start, message).hint(hint));
    if rest.starts_with("{{{{") {
        return say("raw blocks are not known here", "a literal `{{` is written `\\{{`");
    }
    if inner.starts_with('{') {
        let hint = "nothing is escaped, so `{{…}}` is enough; for a brace before a tag put a space between them";
        return say("`{{{` is not known here", hint);
    }
    if inner.starts_with('&') {
        return say("`{{&` is not known here", "nothing is escaped, so `{{…}}` is enough");
    }
    if inner.starts_with('>') || inner.starts_with("#>") {
        return say("partials are not known here", "a text stands alone");
    }
    if inner.starts_with('*') || inner.starts_with("#*") {
        return say("decorators are not known here", "a text stands alone");
    }
    Ok(())
}

/// Where the tag that starts `rest` ends. `Err(0)`: nowhere; `Err(at)`: nested too deep at `at`.
fn close(rest: &str) -> Result<usize, usize> {
    let bytes = rest.as_bytes();
    let mut quote = None;
    let mut depth = 0_usize;
    let mut at = 2;
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (Some(_), b'\\') => at += 1,
            (Some(open), byte) if byte == open => quote = None,
            (None, byte @ (b'"' | b'\'')) => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => {
                depth += 1;
                if depth > BRACKETS {
                    return Err(at);
                }
            }
            (None, b'}') if depth == 0 => {
                return if bytes.get(at + 1) == Some(&b'}') { Ok(at + 2) } else { Err(0) };
            }
            (None, b')' | b']' | b'}') => depth = depth.saturating_sub(1),
            (Some(_) | None, _) => {}
        }
        at += 1;
    }
    // An odd apostrophe swallows the rest; the first `}}` is then the better end, and the parser says what is wrong.
    rest.find("}}").map(|end| end + 2).filter(|_| depth == 0 || quote.is_some()).ok_or(0)
}

/// A block that is not closed yet.
struct Open {
    start: usize,
    branches: usize,
}

fn nest(inner: &str, start: usize, open: &mut Vec<Open>) -> Result<(), Problem> {
    let inner = inner.trim_start_matches('~').trim_start();
    if inner.starts_with('#') {
        open.push(Open { start, branches: 1 });
    } else if inner.starts_with("else") || inner.starts_with('^') {
        let Some(block) = open.last_mut() else {
            return Err(Problem::new(start, "`{{else}}` stands outside of any block"));
        };
        block.branches += 1;
    } else if inner.starts_with('/') && open.pop().is_none() {
        return Err(Problem::new(start, "this closes a block that was not opened"));
    }
    if open.iter().map(|block| block.branches).sum::<usize>() > BLOCKS {
        return Err(Problem::new(start, format!("more than {BLOCKS} blocks and branches inside each other")));
    }
    Ok(())
}

fn closing(block: &str) -> String {
    let name: String =
        block[2..].trim_start_matches(['~', '#', ' ']).chars().take_while(|c| c.is_alphanumeric()).collect();
    format!("close it with `{{{{/{name}}}}}`")
}

#[cfg(test)]
mod tests {
    use super::scan;

    fn spans(text: &str) -> Vec<&str> {
        scan(text).unwrap().iter().map(|tag| &text[tag.start..tag.end]).collect()
    }

    #[test]
    fn tags_are_found_between_text_escapes_and_comments() {
        assert_eq!(
            spans("a {{b}} \\{{c}} \\\\{{d}} {{!-- }} --}}{{!e}}"),
            ["{{b}}", "{{d}}", "{{!-- }} --}}", "{{!e}}"]
        );
        assert_eq!(spans(r#"{{join x "}}"}}{"a":{"b":{{c}}}}"#), [r#"{{join x "}}"}}"#, "{{c}}"]);
    }

    #[test]
    fn what_is_not_spoken_is_refused_at_its_place() {
        for (text, offset, part) in [
            ("ab {{x", 3, "never closed"),
            ("{{!x", 0, "comment"),
            (" {{{x}}}", 1, "`{{{`"),
            ("{{&x}}", 0, "`{{&`"),
            ("{{> x}}", 0, "partials"),
            ("{{*x}}", 0, "decorators"),
            ("{{{{raw}}}}", 0, "raw blocks"),
            ("a{{#if x}}b", 1, "never closed"),
            ("a{{/if}}", 1, "not opened"),
        ] {
            let problem = scan(text).unwrap_err();
            assert_eq!(problem.offset, offset, "{text}");
            assert!(problem.message.contains(part), "{text}: {problem}");
        }
    }

    #[test]
    fn nesting_is_bounded_before_the_parser_recurses() {
        assert!(scan(&"{{#if a}}".repeat(100_000)).unwrap_err().message.contains("blocks and branches"));
        assert!(scan(&format!("{{{{{}", "(".repeat(100_000))).is_err());
        assert!(scan(&format!("{{{{a {}", "[".repeat(100_000))).is_err());
        assert!(scan(&format!("{{{{{}}}}}", "a".repeat(100_000))).is_err());
    }
}
