//! `certificate.authority`.

use std::path::PathBuf;
use std::time::SystemTime;

use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyPair, KeyUsagePurpose};
use runner_sdk::unit::Duration;
use runner_sdk::{Ability, Change, Context, Error, Example, InProcess, Result, Step};
use schemars::JsonSchema;
use serde::Deserialize;

use super::pair::{Issued, Pair, Standing};
use super::{names, sign};
use crate::x509;

/// Makes a certificate authority of your own: a key, and a certificate for it that it signed itself.
///
/// What stands in the files is kept while it is an authority of that name and valid for longer than `renew_before`.
/// Otherwise a new certificate is made, for the key that is there already: what the authority has signed stays trusted.
/// Only `renew: true` makes a new key. The key is ECDSA over P-256, readable by its owner alone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// The authority's name, its subject's common name.
    pub name: String,
    /// The organisation in its subject.
    pub organization: Option<String>,
    /// The file of its certificate, in PEM.
    pub certificate: PathBuf,
    /// The file of its key, in PEM.
    pub key: PathBuf,
    /// How long its certificate is valid.
    #[serde(default = "valid_for")]
    pub valid_for: Duration,
    /// How long before its end the certificate is made anew.
    #[serde(default = "renew_before")]
    pub renew_before: Duration,
    /// How many authorities may stand between this one and a certificate for a server.
    #[serde(default)]
    pub path_length: u8,
    /// Makes a new key and certificate even where those that are there would do. What the authority signed before is no
    /// longer trusted by those who trust the new one.
    #[serde(default)]
    pub renew: bool,
}

fn valid_for() -> Duration {
    Duration(std::time::Duration::from_secs(3650 * 86_400))
}

fn renew_before() -> Duration {
    Duration(std::time::Duration::from_secs(30 * 86_400))
}

impl Authority {
    fn pair(&self) -> Pair {
        Pair { certificate: self.certificate.clone(), key: self.key.clone() }
    }

    /// Why what stands there will not do; `None`: it will.
    fn reason(&self, standing: &Standing, now: SystemTime) -> Result<Option<String>> {
        if self.renew {
            return Ok(Some("`renew` asks for it".to_owned()));
        }
        if let (Err(reason), true) = (&standing.key, standing.has_key) {
            return Err(Error::permanent(format!("{reason}, and is not overwritten")).hint(
                "remove it, name another file, convert it with `openssl pkcs8 -topk8 -nodes`, or set `renew: true`",
            ));
        }
        if standing.has_certificate && !standing.has_key {
            return Err(Error::permanent(format!(
                "`{}` has no key beside it, and is not overwritten",
                self.certificate.display()
            ))
            .hint("it may be the authority of someone else: remove it, name another file, or set `renew: true`"));
        }
        let der = match &standing.certificate {
            Ok(der) => der,
            Err(reason) => return Ok(Some(reason.clone())),
        };
        let certificate = x509::decode(der)?;
        let end = certificate.validity().not_after.timestamp();
        let constraints = certificate.basic_constraints().ok().flatten().map(|constraints| constraints.value);
        let length = constraints.and_then(|constraints| constraints.path_len_constraint);
        let reason = if !standing.fits(der) {
            "the key does not fit the certificate".to_owned()
        } else if !certificate.is_ca() || length != Some(u32::from(self.path_length)) {
            format!("it is not an authority with path length `{}`", self.path_length)
        } else if certificate.subject() != certificate.issuer() {
            return Err(Error::permanent(format!(
                "another authority signed `{}`, and it is not overwritten",
                self.certificate.display()
            ))
            .hint("`certificate.issue` can sign with it as it is"));
        } else if x509::subject(&certificate) != self.subject()? {
            format!("it is for `{}`", x509::subject(&certificate))
        } else if end <= sign::seconds(now + self.renew_before.0) {
            format!("it ends at `{}`", x509::rfc3339(end))
        } else {
            return Ok(None);
        };
        Ok(Some(reason))
    }

    fn params(&self) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, self.name.as_str());
        if let Some(organization) = &self.organization {
            params.distinguished_name.push(DnType::OrganizationName, organization.as_str());
        }
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(self.path_length));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
    }

    /// The subject as the parser shows it.
    fn subject(&self) -> Result<String> {
        let key = sign::key()?;
        let certificate = self.params().self_signed(&key).map_err(|error| sign::failed(&error))?;
        Ok(x509::subject(&x509::decode(certificate.der())?))
    }
}

impl Step for Authority {
    type Output = Issued;
    const NAME: &'static str = "certificate.authority";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Plan];
    const EXAMPLES: &'static [Example] = &[
        Example::new(
            "an authority, kept when it is there already",
            "- id: ca
  uses: certificate.authority
  with: {name: Example CA, certificate: pki/ca.crt, key: pki/ca.key}
- id: again
  uses: certificate.authority
  with: {name: Example CA, certificate: pki/ca.crt, key: pki/ca.key}",
            "steps.ca.outputs.issued && !steps.again.outputs.issued && steps.ca.outputs.subject == 'CN=Example CA' \
             && steps.ca.outputs.serial == steps.again.outputs.serial",
        ),
        Example::new(
            "one that ends soon, and whose certificate is made anew in time",
            "- id: ca
  uses: certificate.authority
  with: {name: Short CA, organization: Example, certificate: ca.crt, key: ca.key, valid_for: 1h, renew_before: 10m}
- id: later
  uses: certificate.authority
  with: {name: Short CA, organization: Example, certificate: ca.crt, key: ca.key, valid_for: 3h, renew_before: 2h}",
            "steps.later.outputs.issued && steps.later.outputs.serial != steps.ca.outputs.serial",
        ),
    ];

    fn validate(&self) -> Result<()> {
        names::check_common(&self.name)?;
        if let Some(organization) = &self.organization {
            names::check_common(organization)?;
        }
        check_times(self.valid_for, self.renew_before)?;
        check_paths(&[&self.certificate, &self.key])
    }

    async fn plan(&self, context: &Context) -> Result<Option<Change>> {
        let standing = self.pair().at(context).read(context)?;
        Ok(Some(
            self.reason(&standing, context.clock.now())?
                .map_or(Change::Nothing, |reason| would(&self.certificate, &reason)),
        ))
    }
}

impl InProcess for Authority {
    async fn run(&self, context: &Context) -> Result<Issued> {
        let (pair, now) = (self.pair().at(context), context.clock.now());
        let standing = pair.read(context)?;
        let Some(reason) = self.reason(&standing, now)? else {
            pair.protect(context)?;
            context.log(format!("kept `{}`", self.certificate.display()));
            return pair.describe(&standing.certificate.map_err(Error::permanent)?, false);
        };
        let key: KeyPair = match standing.key {
            Ok(key) if !self.renew => key,
            _ => sign::key()?,
        };
        let mut params = self.params();
        sign::complete(&mut params, &key, now, self.valid_for)?;
        let certificate = params.self_signed(&key).map_err(|error| sign::failed(&error))?;
        pair.write(context, &certificate.pem(), &key)?;
        context.log(format!("issued `{}`: {reason}", self.certificate.display()));
        pair.describe(certificate.der(), true)
    }
}

/// What `plan` says about a certificate that will not do.
pub(super) fn would(certificate: &std::path::Path, reason: &str) -> Change {
    Change::Would { summary: format!("would issue `{}`: {reason}", certificate.display()), diff: String::new() }
}

/// Checks that a certificate is not due for renewal as soon as it is issued.
pub(super) fn check_times(valid_for: Duration, renew_before: Duration) -> Result<()> {
    if renew_before >= valid_for {
        return Err(Error::input(format!(
            "`renew_before` ({renew_before}) is not shorter than `valid_for` ({valid_for})"
        ))
        .hint("a certificate would be issued anew each time"));
    }
    Ok(())
}

/// Checks that no file is named twice.
pub(super) fn check_paths(paths: &[&PathBuf]) -> Result<()> {
    let twice = paths.iter().enumerate().find(|(at, path)| paths[..*at].contains(path));
    match twice {
        Some((_, path)) => Err(Error::input(format!("`{}` is named for two files", path.display()))),
        None => Ok(()),
    }
}
