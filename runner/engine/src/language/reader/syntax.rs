//! Broken syntax, in words that lead to its repair.

use std::sync::Arc;

use granit_parser::{ErrorKind, ScanError};

use crate::diagnostic::{Diagnostic, Source, Span, floor};

/// The diagnostic for what the parser refused.
pub(super) fn diagnostic(source: &Arc<Source>, base: usize, error: &ScanError) -> Diagnostic {
    let at = error.marker().byte_offset().unwrap_or_default() + base;
    let text = source.text();
    let at = floor(text, at);
    let width = text[at..].chars().next().filter(|next| !matches!(next, '\n' | '\r')).map_or(0, char::len_utf8);
    let place = Span::new(at, at + width);
    let (message, hint) = words(error.kind(), text, at);
    let diagnostic = Diagnostic::error(source, tab(text, at, error.kind()).unwrap_or(place), message);
    match hint {
        "" => diagnostic,
        hint => diagnostic.hint(hint),
    }
}

fn is_tab(kind: &ErrorKind) -> bool {
    use ErrorKind as E;
    matches!(
        kind,
        E::TabNotAllowed
            | E::TabInBlockIndentation
            | E::TabInIndentation
            | E::TabInPlainScalar
            | E::TabAtBlockScalarStart
    )
}

/// The tab itself: the first one in the indentation of the line at which the parser noticed, or of a line below.
fn tab(text: &str, at: usize, kind: &ErrorKind) -> Option<Span> {
    let mut start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let unexplained = matches!(kind, ErrorKind::ExpectedBlockMappingKey | ErrorKind::ExpectedNodeContent);
    for line in text[start..].split_inclusive('\n').take(if is_tab(kind) { usize::MAX } else { 1 }) {
        let indentation = line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        if let Some(tab) = line[..indentation].find('\t') {
            return (is_tab(kind) || unexplained).then(|| Span::new(start + tab, start + tab + 1));
        }
        start += line.len();
    }
    None
}

fn words(kind: &ErrorKind, text: &str, at: usize) -> (String, &'static str) {
    use ErrorKind as E;
    if is_tab(kind) || tab(text, at, kind).is_some() {
        return ("a tab cannot indent YAML".into(), "indent with spaces");
    }
    let (message, hint) = match kind {
        E::RecursionLimitExceeded => ("values are nested too deeply: at most 64 levels are read", ""),
        E::DirectiveDisallowed => ("directives such as `%YAML` are not supported", "remove the line; YAML 1.2 is read"),
        E::UnexpectedCharacter { character } => {
            return (format!("a plain value cannot start with `{}`", character.escape_default()), "quote the value");
        }
        E::ExpectedBlockMappingKey | E::InvalidIndentation => {
            ("the line fits no indentation above it", "keys of one mapping stand in one column")
        }
        E::ExpectedBlockSequenceEntry => {
            ("the line fits no indentation above it", "items of one list stand in one column")
        }
        E::BlockSequenceEntryNotAllowed => ("a list cannot start here", "put it on lines of its own, below its key"),
        E::MappingValueNotAllowed => {
            ("a `:` cannot stand here", "quote a value that contains `: `, or check the indentation")
        }
        E::SimpleKeyExpected => ("a `:` is missing after this key", "check the line above, and its indentation"),
        E::InvalidColonPlacement | E::ExpectedFlowMappingSeparator => {
            ("a `,` or `}` is missing before this", "quote a value that contains `: ` or a bracket")
        }
        E::ExpectedFlowSequenceSeparator => {
            ("a `,` or `]` is missing before this", "quote a value that contains a bracket")
        }
        E::UnclosedFlowCollection { .. }
        | E::UnexpectedEofFlowSequence
        | E::UnexpectedEofFlowMapping
        | E::UnexpectedEofImplicitFlowMapping => ("a bracket is not closed", ""),
        E::MisplacedFlowCollectionEnd => ("this bracket closes nothing", ""),
        E::MismatchedFlowCollectionEnd { open, close } => {
            return (format!("`{close}` cannot close `{open}`"), "");
        }
        E::UnclosedQuotedScalar | E::InvalidQuotedScalarIndent | E::DocumentIndicatorInQuotedScalar => {
            ("a quoted value is not closed before this", "check the quotes above")
        }
        E::InvalidTrailingSingleQuotedScalar => {
            ("something follows the closing `'`", "quote the whole value; a quote inside it is written `''`")
        }
        E::InvalidTrailingDoubleQuotedScalar => {
            ("something follows the closing `\"`", "quote the whole value; a quote inside it is written `\\\"`")
        }
        E::UnknownQuotedScalarEscape => {
            ("an unknown escape in double quotes", "write `\\\\` for a backslash, or use single quotes")
        }
        E::InvalidBlockScalarIndent => {
            ("a line of this text starts left of it or a blank line above right of it", "indent the text evenly")
        }
        E::InvalidBlockScalarHeader => ("the text of `|` or `>` starts on the next line", ""),
        E::CommentInterceptedScalar => {
            ("a comment cannot stand inside a plain value", "quote the value, or move the comment")
        }
        E::BomInsideDocument => ("a byte order mark stands inside the file", "remove it"),
        E::MissingAnchorOrAliasName => {
            ("a name is missing after `&` or `*`", "quote a text that starts with `&` or `*`")
        }
        other => return (other.to_string(), ""),
    };
    (message.to_owned(), hint)
}
