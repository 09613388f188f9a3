//! What `vagrant --machine-readable` prints: lines of `timestamp,machine,kind,data…` with commas and line ends escaped.

use super::status::Machine;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// The machine it speaks of; empty: none.
    pub(crate) machine: String,
    /// What it is, such as `state` or `error-exit`.
    pub(crate) kind: String,
    /// The rest, unescaped.
    pub(crate) data: Vec<String>,
}

impl Record {
    /// The record in one line; `None` for anything else that a plugin or a Vagrantfile prints.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.trim_end_matches('\r').split(',');
        let time = fields.next()?;
        if time.is_empty() || !time.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let (machine, kind) = (fields.next()?.to_owned(), fields.next()?.to_owned());
        Some(Self { machine, kind, data: fields.map(unescape).collect() })
    }

    fn first(&self) -> &str {
        self.data.first().map_or("", String::as_str)
    }
}

fn unescape(field: &str) -> String {
    field.replace("%!(VAGRANT_COMMA)", ",").replace("\\n", "\n").replace("\\r", "\r")
}

/// The records among what was printed.
pub(crate) fn records(stdout: &[u8]) -> Vec<Record> {
    String::from_utf8_lossy(stdout).lines().filter_map(Record::parse).collect()
}

/// The class and the text of the error with which Vagrant ended.
pub(crate) fn error(records: &[Record]) -> Option<(&str, &str)> {
    let record = records.iter().rev().find(|record| record.kind == "error-exit")?;
    let class = record.first();
    let text = record.data.get(1).map_or("", String::as_str);
    Some((class.rsplit("::").next().unwrap_or(class), text))
}

/// The machines of which states are told, in the order of the Vagrantfile.
pub(crate) fn machines(records: &[Record]) -> Vec<Machine> {
    let of = |name: &str, kind: &str| {
        let found = records.iter().find(|record| record.machine == name && record.kind == kind);
        found.map(|record| record.first().to_owned()).unwrap_or_default()
    };
    let states = records.iter().filter(|record| record.kind == "state" && !record.machine.is_empty());
    states
        .map(|record| Machine {
            name: record.machine.clone(),
            state: record.first().to_owned(),
            provider: of(&record.machine, "provider-name"),
        })
        .collect()
}

/// The texts of a kind, each with its machine.
pub(crate) fn texts<'a>(records: &'a [Record], kind: &'a str) -> impl Iterator<Item = &'a str> {
    records.iter().filter(move |record| record.kind == kind).map(Record::first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_and_line_ends_are_unescaped() {
        let records = records(b"1,,ui,info,a%!(VAGRANT_COMMA) b\\nc\\r,second\n");
        assert_eq!(records[0].data, ["info", "a, b\nc\r", "second"]);
        assert_eq!((records[0].machine.as_str(), records[0].kind.as_str()), ("", "ui"));
    }

    #[test]
    fn what_is_no_record_is_passed_over() {
        assert!(records(b"Host a\n  Port 22\n\nwarning, of, a, plugin\n,,,\n1,2\n\xff\n").is_empty());
        assert_eq!(records(b"noise\r\n1,m,state,running\r\n").len(), 1);
    }

    #[test]
    fn the_last_error_is_the_one_it_ended_with() {
        let records = records(
            b"1,,error-exit,A::B::First,x\n2,,error-exit,Vagrant::Errors::MachineNotFound,no%!(VAGRANT_COMMA) it\n",
        );
        assert_eq!(error(&records), Some(("MachineNotFound", "no, it")));
        assert_eq!(error(&[]), None);
    }
}
