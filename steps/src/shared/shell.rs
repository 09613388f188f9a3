//! Words for a POSIX shell, such as the one through which sshd starts every command.

/// `word` quoted so that a POSIX shell reads exactly it.
pub fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,@%+=".contains(c);
    if !word.is_empty() && word.chars().all(plain) && !word.starts_with('=') {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A command line of which a POSIX shell makes exactly `words`.
pub fn line<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    words.into_iter().map(|word| quote(word.as_ref())).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_back_every_word() {
        let words =
            ["plain", "", "a b", "it's", "$HOME", "`id`", "\\", "a\nb", "*", "~", "ü", "-n", "=x", "a;b", "\"", "!"];
        let line = format!("printf '%s\\0' {}", line(words));
        let output = std::process::Command::new("/bin/sh").args(["-c", &line]).output().unwrap();
        let read: Vec<_> =
            String::from_utf8(output.stdout).unwrap().split_terminator('\0').map(str::to_owned).collect();
        assert_eq!(read, words);
    }
}
