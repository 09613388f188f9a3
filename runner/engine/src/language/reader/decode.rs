//! From bytes to the text that is parsed; what does not belong there is reported and read over.

use std::borrow::Cow;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Sink, Source, Span};

/// The bytes as text. Bytes that are not UTF-8 are reported and stand as `U+FFFD` in it; none for another encoding.
pub(super) fn text(name: &str, bytes: &[u8], sink: &mut Sink) -> Option<Arc<Source>> {
    if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] = bytes {
        let source = Source::new(name, "");
        sink.push(Diagnostic::whole(&source, "the file is UTF-16, not UTF-8").hint("save it as UTF-8"));
        return None;
    }
    let mut text = String::with_capacity(bytes.len());
    let mut wrong: Option<(usize, usize, u8)> = None;
    let mut count = 0;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if let Some(byte) = chunk.invalid().first() {
            count += 1;
            if wrong.is_none() {
                wrong = Some((offset(bytes, chunk.invalid()), text.len(), *byte));
            }
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    let source = Source::new(name, text);
    if let Some((at, place, byte)) = wrong {
        let more = if count > 1 { format!(", and {} more", count - 1) } else { String::new() };
        let message = format!("byte {at} of the file, 0x{byte:02x}, is not UTF-8{more}");
        sink.push(Diagnostic::error(&source, Span::new(place, place + 3), message).hint("save the file as UTF-8"));
    }
    Some(source)
}

/// Where a part of `bytes` starts in it.
fn offset(bytes: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr() - bytes.as_ptr().addr()
}

/// The text as it is given to the parser, byte for byte as long: control characters filled, the byte order mark too.
pub(super) fn cleaned<'a>(source: &'a Arc<Source>, sink: &mut Sink) -> Cow<'a, str> {
    let text = source.text();
    if text.starts_with('\u{feff}') {
        let hint = "save the file as UTF-8 without it";
        sink.push(Diagnostic::error(source, Span::new(0, 3), "the file starts with a byte order mark").hint(hint));
    }
    carriage_returns(source, sink);
    let mut wrong = text.char_indices().filter(|(at, character)| is_forbidden(*at, *character)).peekable();
    if let Some((at, character)) = wrong.peek().copied() {
        let count = wrong.clone().count();
        let more = if count > 1 { format!(" (and {} more like it)", count - 1) } else { String::new() };
        let message = format!("control character U+{:04X} cannot stand in YAML{more}", u32::from(character));
        let hint = "remove it, or write it as an escape in double quotes, such as `\"\\u0007\"`";
        sink.push(Diagnostic::error(source, Span::new(at, at + character.len_utf8()), message).hint(hint));
    } else {
        return Cow::Borrowed(text);
    }
    // As many bytes for as many, one character for one, so that every place stays where it is.
    let fill = |(at, character): (usize, char)| match character.len_utf8() {
        _ if !is_forbidden(at, character) => character,
        1 => '_',
        2 => '¿',
        _ => char::REPLACEMENT_CHARACTER,
    };
    Cow::Owned(text.char_indices().map(fill).collect())
}

fn is_forbidden(at: usize, character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' | '\u{85}' => false,
        '\u{feff}' => at > 0,
        '\u{fffe}' | '\u{ffff}' => true,
        other => other.is_control(),
    }
}

/// Carriage returns are reported once, since a tool that writes them writes them everywhere.
fn carriage_returns(source: &Arc<Source>, sink: &mut Sink) {
    let text = source.text();
    let Some(at) = text.find('\r') else { return };
    let lines = text.matches('\r').count();
    let more = if lines > 1 { format!(", and {} more", lines - 1) } else { String::new() };
    let what = if text[at..].starts_with("\r\n") {
        "a carriage return and a newline (CRLF)"
    } else {
        "a carriage return (CR)"
    };
    let message = format!("the line ends with {what}{more}");
    let hint = "end lines with a newline only: `dos2unix` does it, or your editor's `LF` setting";
    sink.push(Diagnostic::error(source, Span::new(at, at + 1), message).hint(hint));
}
