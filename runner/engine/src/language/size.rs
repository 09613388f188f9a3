//! Sizes: `4Gi`, `500M`.

/// The units in bytes, as in Kubernetes quantities.
const UNITS: [(&str, u64); 11] = [
    ("", 1),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
    ("P", 1_000_000_000_000_000),
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("Pi", 1 << 50),
];

/// Reads a whole number of bytes with one of the units `k M G T P Ki Mi Gi Ti Pi`, or none. The error is a hint.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    if digits > 0 && unit.starts_with('.') {
        return Err("write a whole number with a smaller unit: `1536Mi` instead of `1.5Gi`".to_owned());
    }
    let Some((_, size)) = UNITS.iter().find(|(name, _)| *name == unit).filter(|_| digits > 0) else {
        let meant = unit.trim().trim_end_matches(['B', 'b']);
        let near =
            UNITS.iter().find(|(name, _)| !name.is_empty() && name.eq_ignore_ascii_case(meant)).filter(|_| digits > 0);
        return Err(match near {
            Some((name, _)) => format!("did you mean `{number}{name}`?"),
            None => "write a number and a unit, such as `4Gi`, `512Mi` or `500M`".to_owned(),
        });
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(*size))
        .ok_or_else(|| "it does not fit 64 bits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_the_units_of_kubernetes() {
        for (text, bytes) in
            [("4Gi", 4 << 30), ("500M", 500_000_000), ("0", 0), ("12", 12), ("1k", 1_000), ("1Ki", 1_024)]
        {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn anything_else_gets_a_hint() {
        let cases = [
            ("4gb", "`4G`"),
            ("4GiB", "`4Gi`"),
            ("1.5Gi", "1536Mi"),
            ("Gi", "such as"),
            ("", "such as"),
            ("-1", "such as"),
            ("4 Gi", "`4Gi`"),
            ("4x", "such as"),
            ("99999999Pi", "64 bits"),
            ("99999999999999999999", "64 bits"),
        ];
        for (text, hint) in cases {
            assert!(parse_size(text).is_err_and(|error| error.contains(hint)), "{text} {:?}", parse_size(text));
        }
    }
}
