//! The forms in which a secret may appear.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// The shortest secret, line or encoded piece that is looked for, in bytes.
pub const SHORTEST: usize = 4;

/// The longest secret whose lines are also looked for in base64, in bytes. Files of hundreds of lines would cost seconds
/// to prepare; their base64 as a whole is looked for at any length.
const LONGEST_BY_LINE: usize = 8 << 10;

/// Every form in which a secret is looked for, without duplicates.
///
/// Of the whole value, of the value without line ends at its end, and of each of its lines: as it is; base64 (standard
/// and URL-safe, with and without padding, within a longer text at each of the three alignments, wrapped at 64 and 76
/// columns; of lines only while the value is at most 8 KiB); URL-escaped (with upper and lower case digits; strict, as `encodeURIComponent` does, as a path, as a
/// form, and every byte); JSON-escaped (as it is, as ASCII, as Go does it); shell-quoted; each of these within JSON again; with octal escapes, as OpenSSH, git and bash print.
pub fn encodings(value: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::new();
    let trimmed = value.trim_ascii_end();
    let lines = value.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let whole = [value, trimmed].into_iter().map(|part| (part, true));
    for (part, in_base64) in whole.chain(lines.map(|line| (line, value.len() <= LONGEST_BY_LINE))) {
        if part.trim_ascii().len() >= SHORTEST {
            forms.insert(part.to_vec());
            if in_base64 {
                base64_forms(part, &mut forms);
            }
            url_forms(part, &mut forms);
            octal_forms(part, &mut forms);
            let mut escaped = BTreeSet::new();
            json_forms(part, &mut escaped);
            shell_forms(part, &mut escaped);
            forms.extend(escaped.iter().map(|form| json(form).into_bytes()));
            forms.extend(escaped);
        }
    }
    forms.retain(|form| form.len() >= SHORTEST);
    forms
}

fn base64_forms(value: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    for text in [STANDARD.encode(value), URL_SAFE.encode(value)] {
        for width in [64, 76] {
            if text.len() > width {
                // A rest of a few characters at the end would be found everywhere.
                forms.extend(text.as_bytes().chunks(width).filter(|chunk| chunk.len() >= 8).map(<[u8]>::to_vec));
            }
        }
        forms.insert(text.trim_end_matches('=').into());
        forms.insert(text.into());
    }
    // Within a longer text the value begins at one of three places in a group of three bytes. Only the characters
    // whose six bits all come from the value are known; those beside them also depend on the neighbours.
    for shift in 0..3 {
        let mut padded = vec![0; shift];
        padded.extend_from_slice(value);
        let from = (shift * 8).div_ceil(6);
        let to = padded.len() * 8 / 6;
        for text in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            forms.extend(text.as_bytes().get(from..to).map(<[u8]>::to_vec));
        }
    }
}

fn url_forms(value: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    const KEPT: [&[u8]; 4] = [b"-_.~", b"-_.!~*'()", b"-_.~/", b"*-._"];
    // As shells do that have nothing but `od` or `xxd`.
    forms.insert(value.iter().flat_map(|byte| format!("%{byte:02x}").into_bytes()).collect());
    forms.insert(value.iter().flat_map(|byte| format!("%{byte:02X}").into_bytes()).collect());
    for kept in KEPT {
        for space in ["%20", "+"] {
            for digits in [b"0123456789ABCDEF", b"0123456789abcdef"] {
                let mut form = Vec::with_capacity(value.len());
                for byte in value {
                    match byte {
                        b' ' => form.extend_from_slice(space.as_bytes()),
                        byte if byte.is_ascii_alphanumeric() || kept.contains(byte) => form.push(*byte),
                        byte => {
                            form.extend([b'%', digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]);
                        }
                    }
                }
                forms.insert(form);
            }
        }
    }
}

/// As it stands between the quotes of a JSON string.
fn json(value: &[u8]) -> String {
    let quoted = serde_json::Value::from(&*String::from_utf8_lossy(value)).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn json_forms(value: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    let plain = json(value);
    let ascii = |upper: bool| {
        let mut form = String::new();
        for character in plain.chars() {
            if character.is_ascii() {
                form.push(character);
                continue;
            }
            for unit in character.encode_utf16(&mut [0; 2]) {
                let digits = if upper { format!("{unit:04X}") } else { format!("{unit:04x}") };
                form.push_str("\\u");
                form.push_str(&digits);
            }
        }
        form
    };
    let go = plain.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    for form in [plain.clone(), ascii(false), ascii(true), go, plain.replace('/', "\\/")] {
        forms.insert(form.into());
    }
}

fn shell_forms(value: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    let replaced = |escape: &dyn Fn(u8) -> Option<&'static str>, otherwise: &dyn Fn(u8, &mut Vec<u8>)| {
        let mut form = Vec::with_capacity(value.len());
        for byte in value {
            match escape(*byte) {
                Some(text) => form.extend_from_slice(text.as_bytes()),
                None => otherwise(*byte, &mut form),
            }
        }
        form
    };
    let keep = |byte: u8, form: &mut Vec<u8>| form.push(byte);
    let backslash = |special: &'static [u8]| {
        move |byte: u8, form: &mut Vec<u8>| {
            if special.contains(&byte) {
                form.push(b'\\');
            }
            form.push(byte);
        }
    };
    let never = |_| None;
    // Within '…': the quote is left, written, and entered again.
    forms.insert(replaced(&|byte| (byte == b'\'').then_some(r"'\''"), &keep));
    forms.insert(replaced(&|byte| (byte == b'\'').then_some(r#"'"'"'"#), &keep));
    // Within "…", and without quotes.
    forms.insert(replaced(&never, &backslash(b"\"\\$`")));
    forms.insert(replaced(&never, &backslash(b" \t\"\\$`'&|;<>()[]{}*?!#~^")));
    // Within $'…'.
    forms.insert(replaced(&|byte| (byte == b'\n').then_some(r"\n"), &backslash(b"'\\")));
}

/// As programs print that fear for the terminal: what is no printable ASCII in octal, besides what is escaped by a backslash.
fn octal_forms(value: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    for special in [&b"\\"[..], b"\"\\", b"'\\"] {
        let mut form = Vec::with_capacity(value.len());
        for byte in value {
            match byte {
                byte if special.contains(byte) => form.extend([b'\\', *byte]),
                b' '..=b'~' => form.push(*byte),
                byte => form.extend_from_slice(format!("\\{byte:03o}").as_bytes()),
            }
        }
        forms.insert(form);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(value: &str, form: &str) -> bool {
        encodings(value.as_bytes()).contains(form.as_bytes())
    }

    #[test]
    fn a_secret_is_known_in_every_encoding() {
        let value = "p@ss w/\"ö'<1>";
        for form in [
            value,
            "cEBzcyB3LyLDtic8MT4=",
            "cEBzcyB3LyLDtic8MT4",
            "p%40ss%20w%2F%22%C3%B6%27%3C1%3E",
            "p%40ss+w%2f%22%c3%b6%27%3c1%3e",
            "p%40ss%20w%2F%22%C3%B6'%3C1%3E",
            r#"p@ss w/\"ö'<1>"#,
            r#"p@ss w/\"\u00f6'<1>"#,
            r#"p@ss w/\"ö'\u003c1\u003e"#,
            r#"p@ss w\/\"ö'<1>"#,
            "%70%40%73%73%20%77%2f%22%c3%b6%27%3c%31%3e",
            r#"p@ss w/\\\"ö'<1>"#,
            r#"p@ss w/\"ö'\\''<1>"#,
            r#"p@ss w/"ö'\''<1>"#,
            r#"p@ss w/"ö'"'"'<1>"#,
            r#"p@ss\ w/\"ö\'\<1\>"#,
            r#"p@ss w/"\303\266'<1>"#,
            r#"p@ss w/\"\303\266'<1>"#,
            r#"p@ss w/"\303\266\'<1>"#,
        ] {
            assert!(has(value, form), "{form}");
        }
    }

    #[test]
    fn base64_of_a_longer_text_shows_a_known_piece_of_the_secret() {
        let forms = encodings(b"correct horse");
        for before in ["", "u", "us", "use", "user:"] {
            for after in ["", "!", "!!", "!!!"] {
                let text = STANDARD.encode(format!("{before}correct horse{after}"));
                let found = forms.iter().filter(|form| contains(text.as_bytes(), form)).map(Vec::len).max();
                assert!(found >= Some(15), "{text}: {found:?}");
            }
        }
    }

    #[test]
    fn a_wrapped_base64_is_known_line_by_line() {
        let value = "0123456789abcdef".repeat(20);
        for line in STANDARD.encode(&value).as_bytes().chunks(76) {
            assert!(encodings(value.as_bytes()).contains(line));
        }
    }

    #[test]
    fn lines_count_when_they_are_long_enough() {
        assert!(has("first line\n  abc\n abcd \n", "first line"));
        assert!(has("first line\n  abc\n abcd \n", "abcd"));
        assert!(!has("first line\n  abc\n abcd \n", "abc"));
        assert!(has("token\n", "token"), "a file's last line end does not belong to the secret");
    }

    #[test]
    fn a_long_secret_is_known_by_line_and_in_base64_as_a_whole() {
        let value: String = (0..1000).flat_map(|line| [format!("line {line}"), "\n".into()]).collect();
        assert!(has(&value, "line 999") && has(&value, &STANDARD.encode(&value)));
        assert!(!has(&value, &STANDARD.encode("line 999")) && has("line 999\n\n", &STANDARD.encode("line 999")));
    }

    #[test]
    fn a_short_secret_has_no_form() {
        for value in ["", "abc", "abc\n", "\n\n\n\n", "   a   "] {
            assert!(encodings(value.as_bytes()).is_empty(), "{value:?}");
        }
    }

    fn contains(text: &[u8], form: &[u8]) -> bool {
        text.windows(form.len()).any(|window| window == form)
    }
}
