//! Finds where in the text a part of a tag stands.
//!
//! The crate's tree keeps no place below a tag, but keeps the order of the text: one cursor that only moves forward finds
//! every name.

use super::tag::Tag;

pub(super) struct Places<'t> {
    text: &'t str,
    tags: Vec<Tag>,
    tag: usize,
    cursor: usize,
}

impl<'t> Places<'t> {
    pub(super) fn new(text: &'t str, tags: Vec<Tag>) -> Self {
        let tags: Vec<Tag> = tags.into_iter().filter(|tag| !tag.comment).collect();
        let cursor = tags.first().map_or(0, |tag| tag.start);
        Self { text, tags, tag: 0, cursor }
    }

    /// Where the last found part ended, or the next tag begins.
    pub(super) fn here(&self) -> usize {
        self.cursor
    }

    /// Where `part` stands next, and moves behind it.
    pub(super) fn find(&mut self, part: &str) -> usize {
        let mut cursor = self.cursor;
        for (index, tag) in self.tags.iter().enumerate().skip(self.tag) {
            cursor = cursor.max(tag.start + 2);
            if let Some(found) = within(&self.text[..tag.end], cursor, part) {
                self.tag = index;
                self.cursor = found + part.len();
                return found;
            }
        }
        self.cursor
    }
}

/// The first `part` from `cursor` on that is a whole word and stands in no quotes.
fn within(text: &str, cursor: usize, part: &str) -> Option<usize> {
    if part.is_empty() {
        return None;
    }
    let bytes = text.as_bytes();
    let mut quote = None;
    let mut at = cursor;
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (Some(_), b'\\') => at += 1,
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, byte @ (b'"' | b'\'')) => quote = Some(byte),
            (None, _) => {
                let before = at.checked_sub(1).map(|at| bytes[at]);
                if bytes[at..].starts_with(part.as_bytes())
                    && !before.is_some_and(in_word)
                    && !bytes.get(at + part.len()).copied().is_some_and(in_word)
                {
                    return Some(at);
                }
            }
        }
        at += 1;
    }
    None
}

fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'@' | b'$' | b':' | b'[')
        || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::super::tag::scan;
    use super::Places;

    #[test]
    fn parts_are_found_in_order_as_whole_words_outside_quotes() {
        let text = r#"x {{!-- x --}} {{join "x" xx x}} x {{x}}"#;
        let mut places = Places::new(text, scan(text).unwrap());
        assert_eq!(places.find("join"), 17);
        assert_eq!(places.find("x"), 29);
        assert_eq!(places.find("x"), 37);
        assert_eq!(places.find("nowhere"), 38);
    }
}
