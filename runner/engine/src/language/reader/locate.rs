//! From a place inside a scalar's value to its place in the file.
//!
//! The value and its source are walked side by side. What the source has more (quotes, escapes, indentation, folded
//! line breaks) moves the source only; so every character of the value has exactly one place, whatever the style.

use super::{Scalar, Style};
use crate::diagnostic::{Span, ceil};

/// The place of `value` (a range of the scalar's text) in the file, whose text is `text`.
pub(super) fn locate(text: &str, span: Span, scalar: &Scalar, value: Span) -> Span {
    let raw = text.get(span.range()).unwrap_or_default();
    let mut walk = Walk { raw, at: 0, value: &scalar.text, done: 0, starts: None, ends: None, wanted: value };
    match scalar.style {
        Style::Plain => walk.folded_line(0, Style::Plain),
        Style::Single | Style::Double => walk.folded_line(1, scalar.style),
        Style::Literal | Style::Folded => {
            let line = text[..span.start.min(text.len())].rfind('\n').map_or(0, |newline| newline + 1);
            walk.block(span.start - line, scalar.style == Style::Folded);
        }
    }
    let last = walk.raw.trim_end_matches(['\n', '\r']).len();
    let start = walk.starts.unwrap_or(last);
    let end = walk.ends.unwrap_or(if value.end > value.start { last } else { start }).max(start);
    Span::new(span.start + start, span.start + end)
}

struct Walk<'a> {
    /// What the file has.
    raw: &'a str,
    at: usize,
    /// What it means.
    value: &'a str,
    done: usize,
    /// What is looked for, and where it was found in `raw`.
    wanted: Span,
    starts: Option<usize>,
    ends: Option<usize>,
}

impl Walk<'_> {
    /// The next `length` bytes of the value stand at `place` in the file, `width` bytes wide there.
    fn meet(&mut self, length: usize, place: usize, width: usize, same: bool) {
        let next = self.done + length;
        if self.starts.is_none() && self.wanted.start < next {
            let inside = if same { self.wanted.start.saturating_sub(self.done) } else { 0 };
            self.starts = Some(place + inside);
        }
        if self.ends.is_none() && self.wanted.end <= next {
            let inside = if same { self.wanted.end.saturating_sub(self.done) } else { width };
            self.ends = Some(place + if self.wanted.end > self.done { inside } else { 0 });
        }
        self.done = next;
    }

    fn finished(&self) -> bool {
        self.ends.is_some() && self.starts.is_some() || self.done >= self.value.len() || self.at >= self.raw.len()
    }

    /// The length of a line break at `at`, if there is one.
    fn line_break(&self, at: usize) -> Option<usize> {
        match self.raw.as_bytes().get(at..)? {
            [b'\r', b'\n', ..] => Some(2),
            [b'\r' | b'\n', ..] => Some(1),
            _ => None,
        }
    }

    fn skip_blanks(&self, mut at: usize) -> usize {
        while let Some(b' ' | b'\t') = self.raw.as_bytes().get(at) {
            at += 1;
        }
        at
    }

    /// Plain and quoted scalars: escapes, and line breaks that fold into a space or fewer breaks.
    fn folded_line(&mut self, from: usize, style: Style) {
        self.at = from;
        while !self.finished() {
            let blank_end = self.skip_blanks(self.at);
            if self.line_break(blank_end).is_some() {
                self.fold(blank_end);
                continue;
            }
            let rest = &self.raw[self.at..];
            let Some(character) = rest.chars().next() else { return };
            if style == Style::Double && character == '\\' {
                self.escape();
            } else {
                let width = if style == Style::Single && rest.starts_with("''") { 2 } else { character.len_utf8() };
                self.meet(character.len_utf8(), self.at, width, width == character.len_utf8());
                self.at += width;
            }
        }
    }

    /// Blanks, one or more line breaks, and the indentation after them: one space, or one break fewer.
    fn fold(&mut self, line_end: usize) {
        let (start, mut breaks) = (self.at, 0);
        self.at = line_end;
        while let Some(length) = self.line_break(self.at) {
            breaks += 1;
            self.at = self.skip_blanks(self.at + length);
        }
        for _ in 0..usize::max(breaks - 1, 1) {
            self.meet(1, start, self.at - start, false);
        }
    }

    fn escape(&mut self) {
        let start = self.at;
        let rest = &self.raw[start + 1..];
        let Some(code) = rest.chars().next() else {
            self.at = self.raw.len();
            return;
        };
        if let Some(length) = self.line_break(start + 1) {
            // An escaped line break is nothing, and so is the indentation after it; empty lines that follow are breaks.
            self.at = start + 1 + length;
            loop {
                self.at = self.skip_blanks(self.at);
                let Some(length) = self.line_break(self.at) else { return };
                self.meet(1, self.at, length, false);
                self.at += length;
            }
        }
        let mut width = 1 + match code {
            'x' => 3,
            'u' => 5,
            'U' => 9,
            other => other.len_utf8(),
        };
        let meant = self.value[self.done..].chars().next().map_or(1, char::len_utf8);
        // Two escapes make one character where they are the halves of a surrogate pair.
        if code == 'u' && meant == 4 && self.raw.as_bytes()[start..].get(6..8) == Some(b"\\u") {
            width = 12;
        }
        let width = width.min(self.raw.len() - start);
        self.meet(meant, start, width, false);
        self.at = ceil(self.raw, start + width);
    }

    /// Block scalars: the source begins at the first content, `indent` columns into its line.
    fn block(&mut self, indent: usize, folded: bool) {
        let leading = self.value.bytes().take_while(|byte| *byte == b'\n').count();
        for _ in 0..leading.min(self.value.len()) {
            self.meet(1, 0, 0, false);
        }
        while !self.finished() {
            let line = self.raw[self.at..].find(['\n', '\r']).map_or(self.raw.len(), |end| self.at + end);
            let content = &self.raw[self.at..line];
            if folded && !content.is_empty() {
                // Between the lines of a folded scalar stand breaks or one space, which belong to the line's end.
                while !self.value[self.done..].starts_with(content) && self.done < self.value.len() {
                    let one = self.value[self.done..].chars().next().map_or(1, char::len_utf8);
                    self.meet(one, self.at, 0, false);
                }
            }
            self.meet(content.len(), self.at, content.len(), true);
            let length = self.line_break(line).unwrap_or(0);
            if !folded && length > 0 {
                self.meet(1, line, length, false);
            }
            self.at = line + length;
            let spaces = self.raw[self.at..].bytes().take_while(|byte| *byte == b' ').count();
            self.at += spaces.min(indent);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Sink, Source};
    use crate::language::reader::{self, Kind, Node};

    fn scalars<'a>(node: &'a Node, into: &mut Vec<(&'a Node, &'a Scalar)>) {
        match &node.kind {
            Kind::Scalar(scalar) => into.push((node, scalar)),
            Kind::Sequence(items) => items.iter().for_each(|item| scalars(item, into)),
            Kind::Mapping(entries) => entries.iter().for_each(|entry| scalars(&entry.value, into)),
            Kind::Wrong => {}
        }
    }

    /// Every visible character of every value stands where it is said to stand; the count of characters looked at.
    fn check(text: &str) -> usize {
        let source = Source::new("x", text);
        let root = reader::read(&source, &mut Sink::new()).expect(text);
        let mut found = Vec::new();
        scalars(&root, &mut found);
        let mut looked_at = 0;
        for (node, scalar) in found {
            for (at, character) in scalar.text.char_indices().filter(|(_, character)| !character.is_whitespace()) {
                let place = node.locate(&source, Span::new(at, at + character.len_utf8()));
                let there = source.slice(place);
                let escaped = scalar.style == Style::Double && there.starts_with('\\');
                let doubled = scalar.style == Style::Single && there == "''" && character == '\'';
                assert!(escaped || doubled || there == character.to_string(), "{text:?} {at} {character:?} {there:?}");
                looked_at += 1;
            }
            for at in 0..=scalar.text.len() {
                let place = node.locate(&source, Span::new(at, at));
                assert!(place.start <= place.end && place.end <= text.len(), "{text:?} {at} {place:?}");
                assert!(place.start >= node.span.start, "{text:?} {at} {place:?}");
            }
        }
        looked_at
    }

    #[test]
    fn every_character_of_every_style_has_its_place() {
        let texts = [
            "a: plain text\nb: two\n  lines\n\n  and more\n",
            "a: 'it''s'\nb: 'two  \n\n\n   lines '\n",
            "a: \"q\\\"\\x41\\u00e4\\U0001F600\\ud83d\\ude00 tail\\tend\"\nb: \"x\\\n    y\n\n  z\\\n\n  w\"\n",
            "a: |\n  one\n    two\n\n  three\nb: |2-\n    x\n   y\n",
            "a: |+\n\n\n  one\n\n\nb: >\n\n  one\n  two\n\n    more\n     more\n\n  end\n  \n  x\n",
            "a:\n  - >-\n      ä {{inputs.nope}}\n      世 {{b}}\n  - |\n   x\n   \n     y\n",
            "- |\r\n  one\r\n  two\r\n- >\r\n  one\r\n  two\r\n- p\r\n  q\r\n",
            "[a, 'b', \"c\",\n \"d\n e\", f\n g]",
            "- >2\n     lead\n    x\n  y\n  z\n",
        ];
        let looked_at: usize = texts.iter().map(|text| check(text)).sum();
        assert!(looked_at > 100, "{looked_at}");
    }

    #[test]
    fn random_scalars_of_every_style_have_their_places() {
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = |below: u64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed % below
        };
        let words = ["a", "bb", "ä", "{{x}}", "世界", "c:d", "#e", " ", "  ", "\t", "-"];
        let mut looked_at = 0;
        for _ in 0..3_000 {
            let style = next(5);
            let indent = "  ".repeat(1 + next(3) as usize);
            let lines = 1 + next(4);
            let mut text = match style {
                0 => "k: s".to_owned(),
                1 => "k: 's".to_owned(),
                2 => "k: \"s".to_owned(),
                3 => format!("k: |{}\n{indent}s", ["", "-", "+"][next(3) as usize]),
                _ => format!("k: >{}\n{indent}s", ["", "-", "+"][next(3) as usize]),
            };
            for line in 0..lines {
                if line > 0 {
                    text.push_str(&"\n".repeat(1 + next(3) as usize));
                    text.push_str(&indent);
                    text.push_str(if style > 2 { ["", " ", "   "][next(3) as usize] } else { "w" });
                }
                for _ in 0..next(4) {
                    text.push_str(words[next(words.len() as u64) as usize]);
                }
            }
            match style {
                1 => text.push('\''),
                2 => text.push_str(["\"", "\\n\"", "\\u00e4\""][next(3) as usize]),
                _ => {}
            }
            text.push('\n');
            let source = Source::new("x", text.clone());
            if reader::read(&source, &mut Sink::new()).is_some() {
                looked_at += check(&text);
            }
        }
        assert!(looked_at > 10_000, "{looked_at}");
    }
}
