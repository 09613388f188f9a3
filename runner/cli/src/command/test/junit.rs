//! The XML of junit, which every CI reads.

use runner_engine::diagnostic;

use super::Verdict;

/// The verdicts as a report; a file is a suite.
pub(super) fn report(verdicts: &[Verdict]) -> String {
    let suites = verdicts.chunk_by(|one, other| one.file == other.file).map(suite).collect::<String>();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n{suites}</testsuites>\n")
}

fn suite(verdicts: &[Verdict]) -> String {
    let failed = verdicts.iter().filter(|verdict| !verdict.wrong.is_empty()).count();
    let took: f64 = verdicts.iter().map(|verdict| verdict.took.as_secs_f64()).sum();
    let (name, tests) = (escaped(&verdicts[0].file), verdicts.len());
    let cases = verdicts.iter().map(case).collect::<String>();
    format!(
        "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failed}\" errors=\"0\" skipped=\"0\" \
         time=\"{took:.3}\">\n{cases}  </testsuite>\n"
    )
}

fn case(verdict: &Verdict) -> String {
    let (class, name, took) = (escaped(&verdict.file), escaped(&verdict.name), verdict.took.as_secs_f64());
    let head = format!("    <testcase classname=\"{class}\" name=\"{name}\" time=\"{took:.3}\"");
    let Some(first) = verdict.wrong.first() else { return format!("{head}/>\n") };
    let (message, all) = (escaped(&first.message), escaped(&diagnostic::render(&verdict.wrong, 120, false)));
    format!("{head}>\n      <failure message=\"{message}\">{all}</failure>\n    </testcase>\n")
}

/// A text within XML. What XML cannot hold at all is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push(character),
            other if other.is_control() => {}
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_xml_gives_a_meaning_is_escaped() {
        assert_eq!(super::escaped("a<b & \"c\"\n\u{1b}[0m\td"), "a&lt;b &amp; &quot;c&quot;&#10;[0m\td");
    }
}
