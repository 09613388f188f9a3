//! A name that a text refers to.

/// A path from a root, as a template or an expression names it: `steps.build.outputs.image`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The root first. An index known when the text is read is a segment too (`0`).
    pub segments: Vec<String>,
    /// Where the root stands, in bytes from the start of the text.
    pub offset: usize,
    /// Where each segment stands, as far as that is known.
    places: Vec<usize>,
}

impl Reference {
    /// A reference whose segments have known places; the first is the root's.
    pub(super) fn new(segments: Vec<String>, places: Vec<usize>) -> Self {
        Self { segments, offset: places.first().copied().unwrap_or_default(), places }
    }

    /// A reference of which only the start is known.
    pub fn plain(segments: Vec<String>, offset: usize) -> Self {
        Self { segments, offset, places: Vec::new() }
    }

    /// Where segment `index` stands, in bytes; the start where that is not known.
    pub fn place(&self, index: usize) -> usize {
        self.places.get(index).copied().unwrap_or(self.offset)
    }

    /// The root's name.
    pub fn root(&self) -> &str {
        self.segments.first().map_or("", String::as_str)
    }
}

/// Segments as a person writes them.
pub(super) fn path_text(segments: &[String]) -> String {
    let mut text = String::new();
    for segment in segments {
        let plain = segment.chars().all(|c| c.is_alphanumeric() || c == '_');
        if text.is_empty() {
            text.push_str(segment);
        } else if plain && !segment.starts_with(|c: char| c.is_ascii_digit()) {
            text.push('.');
            text.push_str(segment);
        } else {
            text.push('[');
            text.push_str(segment);
            text.push(']');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Reference, path_text};

    #[test]
    fn paths_read_as_written() {
        let segments: Vec<String> = ["steps", "a", "items", "east-us", "0"].map(String::from).to_vec();
        assert_eq!(path_text(&segments), "steps.a.items[east-us][0]");
    }

    #[test]
    fn an_unknown_place_is_the_start() {
        let reference = Reference::plain(vec!["a".into(), "b".into()], 7);
        assert_eq!((reference.place(1), reference.root()), (7, "a"));
    }
}
