//! Plain scalars that people mean differently from what YAML 1.2 reads: caught, not obeyed.

use super::scalar;

/// A plain scalar that would surprise: what to say, and what to write instead.
pub(super) fn surprise(text: &str) -> Option<(String, String)> {
    let quoted = format!("\"{text}\"");
    let first = text.bytes().next()?;
    if let Some(boolean) = old_boolean(text) {
        let message = format!("`{text}` is text in YAML 1.2, where YAML 1.1 read `{boolean}`");
        return Some((message, format!("write `{boolean}`, or `{quoted}` for the text")));
    }
    let number = text.strip_prefix(['-', '+']).unwrap_or(text);
    if scalar::is_beyond_json(text) {
        return Some((format!("`{text}` is a number that JSON cannot hold"), format!("write `{quoted}` for the text")));
    }
    if !first.is_ascii_digit() && number.len() == text.len() {
        return None;
    }
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let octal = |text: &str| !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    if number.strip_prefix("0o").is_some_and(octal) {
        let message =
            format!("`{text}` is the octal number {} in YAML 1.2 and text in YAML 1.1", scalar::resolve(text));
        return Some((message, format!("write `{quoted}` for the text, or the number in decimal")));
    }
    if number.len() > 1 && number.starts_with('0') && digits(number) {
        let read = scalar::resolve(text);
        let message = match i64::from_str_radix(number, 8) {
            Ok(octal) => format!("`{text}` is the number {read} in YAML 1.2, where YAML 1.1 read octal: {octal}"),
            Err(_) => format!("`{text}` is the number {read} in YAML 1.2: the leading zero is lost"),
        };
        return Some((message, format!("write `{quoted}` (a file mode or an identifier is text)")));
    }
    if is_sexagesimal(number) {
        let message = format!("`{text}` is text in YAML 1.2, where YAML 1.1 read a number to the base of 60");
        return Some((message, format!("write `{quoted}`")));
    }
    let grouped = number.contains('_') && digits(&number.replace('_', ""));
    let binary = number
        .strip_prefix("0b")
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| matches!(byte, b'0' | b'1')));
    if grouped || binary {
        let message = format!("`{text}` is text in YAML 1.2, where YAML 1.1 read a number");
        return Some((message, format!("write `{quoted}` for the text, or the number in plain decimal")));
    }
    None
}

/// What YAML 1.1 made of `no` and its like. Its `y` and `n` are left alone: no parser in use obeyed them.
fn old_boolean(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// `12:30:45` and `22:22`: digits, then colons with numbers below 60, as YAML 1.1 has it.
fn is_sexagesimal(text: &str) -> bool {
    let mut parts = text.split(':');
    let head = parts.next().unwrap_or_default();
    let head = !head.is_empty() && !head.starts_with('0') && head.bytes().all(|byte| byte.is_ascii_digit());
    let mut tail = parts.peekable();
    let below_sixty = |part: &str| {
        let ones = part.bytes().all(|byte| byte.is_ascii_digit());
        ones && (part.len() == 1 || part.len() == 2 && part < "60")
    };
    head && tail.peek().is_some() && tail.all(below_sixty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surprises_are_caught_and_honest_text_is_not() {
        for text in [
            "no", "ON", "Yes", "off", "0o17", "0644", "-012", "00", "08", "12:30:45", "22:22", "1_000", "0b11", ".inf",
            "1e999",
        ] {
            assert!(surprise(text).is_some(), "{text}");
        }
        for text in [
            "",
            "nO",
            "y",
            "n",
            "0",
            "10",
            "0.5",
            "0x1F",
            "8080:80",
            "10.0.0.1",
            "1.2.3",
            "a:1",
            "+x",
            "-",
            "0o",
            "0o8",
            "true",
            "5m",
            "00:11:22:33:44:55",
            "2024-01-01",
        ] {
            assert!(surprise(text).is_none(), "{text}");
        }
    }
}
