//! The names that a certificate is for.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rcgen::SanType;
use runner_sdk::{Error, Result};
use x509_parser::prelude::{GeneralName, X509Certificate};

/// The longest common name: RFC 5280, appendix A.1.
const COMMON_NAME: usize = 64;
/// The longest host name: RFC 1035, 2.3.4.
const HOST_NAME: usize = 253;

/// Checks the subject's common name.
pub(super) fn check_common(name: &str) -> Result<()> {
    if name.trim().is_empty() || name.chars().count() > COMMON_NAME || name.chars().any(char::is_control) {
        return Err(Error::input(format!("`{name}` cannot be a certificate's name"))
            .hint(format!("it has 1 to {COMMON_NAME} characters, none of them a control character")));
    }
    Ok(())
}

/// An address, or a host name in lower case, perhaps with `*` as its first label.
pub(super) fn parse(name: &str) -> Result<SanType> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    let host = name.to_ascii_lowercase();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let label = |label: &str| (1..=63).contains(&label.len()) && label.chars().all(plain);
    let rest = host.strip_prefix("*.").unwrap_or(&host);
    let valid = host.len() <= HOST_NAME && rest.split('.').all(label);
    match host.as_str().try_into() {
        Ok(host) if valid => Ok(SanType::DnsName(host)),
        _ => Err(Error::input(format!("`{name}` is neither a host name nor an address"))
            .hint("names in other scripts are written in their ASCII form, which begins with `xn--`")),
    }
}

/// The names as they are compared and shown.
pub(super) fn shown(names: &[SanType]) -> BTreeSet<String> {
    let shown = names.iter().map(|name| match name {
        SanType::IpAddress(address) => address.to_string(),
        SanType::DnsName(host) => host.as_str().to_owned(),
        other => format!("{other:?}"),
    });
    shown.collect()
}

/// The names in a certificate, as they are compared and shown.
pub(super) fn of(certificate: &X509Certificate<'_>) -> BTreeSet<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return BTreeSet::new() };
    let names = extension.value.general_names.iter().map(|name| match name {
        GeneralName::DNSName(host) => host.to_ascii_lowercase(),
        GeneralName::IPAddress(bytes) => address(bytes),
        other => other.to_string(),
    });
    names.collect()
}

fn address(bytes: &[u8]) -> String {
    let v4 = <[u8; 4]>::try_from(bytes).map(|bytes| IpAddr::from(Ipv4Addr::from(bytes)));
    let v6 = || <[u8; 16]>::try_from(bytes).map(|bytes| IpAddr::from(Ipv6Addr::from(bytes)));
    v4.or_else(|_| v6()).map_or_else(|_| crate::x509::hex(bytes), |address| address.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_wildcards_and_addresses_are_told_apart() {
        let names: Vec<_> =
            ["Example.TEST", "*.example.test", "127.0.0.1", "::1", "a_b"].map(|n| parse(n).unwrap()).into();
        let shown = shown(&names);
        assert_eq!(
            shown.into_iter().collect::<Vec<_>>(),
            ["*.example.test", "127.0.0.1", "::1", "a_b", "example.test"]
        );
        assert!(matches!(names[3], SanType::IpAddress(_)));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = "a".repeat(64);
        for name in
            ["", ".", "a..b", "*", "a.*.b", "**.a", "a b", "ü.test", "https://a.test", "a.test:443", &long, "a\n"]
        {
            assert!(parse(name).is_err(), "{name}");
        }
        for name in ["", " ", "a\nb", &"ü".repeat(65)] {
            assert!(check_common(name).is_err(), "{name}");
        }
        check_common("Süd, \"Nord\" = CA").unwrap();
    }
}
