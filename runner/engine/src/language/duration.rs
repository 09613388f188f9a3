//! Durations: `90s`, `10m`, `2h30m`.

use std::time::Duration;

/// The units, largest first, in milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads whole numbers with units `d h m s ms`, the largest first, each unit at most once. The error is a hint.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let example = || "write a number and a unit, such as `90s`, `10m` or `2h30m`".to_owned();
    let (mut rest, mut total, mut last) = (text, 0_u64, u64::MAX);
    if rest.is_empty() {
        return Err(example());
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number = rest[..digits].parse::<u64>();
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = &rest[..letters];
        rest = &rest[letters..];
        if digits > 0 && rest.starts_with('.') || unit.is_empty() && rest.starts_with('.') {
            return Err("write whole numbers: `1500ms` or `1m30s` instead of a fraction".to_owned());
        }
        if digits > 0 && unit.is_empty() && rest.is_empty() && digits == text.len() {
            return Err(format!("a unit is missing: `{text}s` are seconds, `{text}m` minutes"));
        }
        let Some((_, size)) = UNITS.iter().find(|(name, _)| *name == unit).filter(|_| digits > 0) else {
            return Err(example());
        };
        if *size >= last {
            return Err("write the larger unit first, and each unit once: `2h30m`".to_owned());
        }
        last = *size;
        let add = number.ok().and_then(|number| number.checked_mul(*size)).and_then(|add| total.checked_add(add));
        // Longer than a century is a slip; and it keeps every sum of times far from overflow.
        total = add.filter(|total| *total <= 36_525 * 86_400_000).ok_or("at most 36525d (a century)")?;
    }
    Ok(Duration::from_millis(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_with_units_are_durations() {
        let cases = [
            ("90s", 90_000),
            ("10m", 600_000),
            ("2h30m", 9_000_000),
            ("1d1h1m1s1ms", 90_061_001),
            ("0s", 0),
            ("250ms", 250),
        ];
        for (text, milliseconds) in cases {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn anything_else_gets_a_hint() {
        let cases = [
            ("10", "a unit is missing"),
            ("1.5h", "whole numbers"),
            ("30m2h", "larger unit first"),
            ("1h1h", "each unit once"),
            ("", "such as"),
            ("m", "such as"),
            ("10 m", "such as"),
            ("-5s", "such as"),
            ("5x", "such as"),
            ("5sec", "such as"),
            ("99999999999999999999s", "century"),
            ("40000d", "century"),
            (".5s", "whole numbers"),
            ("٣s", "such as"),
        ];
        for (text, hint) in cases {
            assert!(parse_duration(text).is_err_and(|error| error.contains(hint)), "{text} {:?}", parse_duration(text));
        }
    }
}
