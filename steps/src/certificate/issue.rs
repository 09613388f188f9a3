//! `certificate.issue`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::SystemTime;

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType,
};
use runner_sdk::unit::Duration;
use runner_sdk::{Ability, Change, Context, Error, Example, InProcess, Result, Step};
use schemars::JsonSchema;
use serde::Deserialize;
use time::OffsetDateTime;

use super::authority::{check_paths, check_times, would};
use super::pair::{Issued, Pair, Standing};
use super::{names, sign};
use crate::x509;

/// Issues a certificate for names, signed by an authority whose files are here.
///
/// What stands in the files is kept while it is for exactly these names and uses, signed by the authority as it is now,
/// fits its key, and is valid for longer than `renew_before`. Otherwise a new key and a new certificate are made. The key
/// is ECDSA over P-256, readable by its owner alone. No certificate is valid for longer than its authority.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Issue {
    /// The authority that signs.
    pub authority: Pair,
    /// The host names and addresses that the certificate is for; a name may begin with `*.`.
    #[schemars(length(min = 1))]
    pub names: Vec<String>,
    /// The subject's common name; the first of `names` when not given.
    pub name: Option<String>,
    /// The file of the certificate, in PEM; certificates of intermediate authorities follow it.
    pub certificate: PathBuf,
    /// The file of its key, in PEM.
    pub key: PathBuf,
    /// What the certificate may be used for.
    #[serde(default = "usage")]
    #[schemars(length(min = 1))]
    pub usage: BTreeSet<Usage>,
    /// How long it is valid.
    #[serde(default = "valid_for")]
    pub valid_for: Duration,
    /// How long before its end it is issued anew.
    #[serde(default = "renew_before")]
    pub renew_before: Duration,
    /// Issues a new one even where the one that is there would do.
    #[serde(default)]
    pub renew: bool,
}

/// What a certificate may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Usage {
    /// A server shows it to its clients.
    Server,
    /// A client shows it to servers.
    Client,
}

fn usage() -> BTreeSet<Usage> {
    BTreeSet::from([Usage::Server])
}

fn valid_for() -> Duration {
    Duration(std::time::Duration::from_secs(90 * 86_400))
}

fn renew_before() -> Duration {
    Duration(std::time::Duration::from_secs(30 * 86_400))
}

/// The authority, ready to sign.
struct Signer {
    der: Vec<u8>,
    /// The certificates that follow the issued one in its file: those of an authority that others signed.
    chain: String,
    key: KeyPair,
    end: i64,
}

impl Issue {
    fn pair(&self) -> Pair {
        Pair { certificate: self.certificate.clone(), key: self.key.clone() }
    }

    fn common(&self) -> &str {
        self.name.as_deref().or_else(|| self.names.first().map(String::as_str)).unwrap_or_default()
    }

    fn sans(&self) -> Result<Vec<SanType>> {
        let mut seen = BTreeSet::new();
        let names: Vec<_> = self.names.iter().map(|name| names::parse(name)).collect::<Result<_>>()?;
        Ok(names.into_iter().filter(|name| seen.insert(names::shown(std::slice::from_ref(name)))).collect())
    }

    fn signer(&self, context: &Context) -> Result<Signer> {
        let pair = self.authority.at(context);
        let hint = "`certificate.authority` makes one";
        let standing = pair.read(context)?;
        let wrong = |reason: &String| Error::permanent(format!("no authority to sign with: {reason}")).hint(hint);
        let der = standing.certificate.as_ref().map_err(wrong)?.clone();
        standing.key.as_ref().map_err(wrong)?;
        let certificate = x509::decode(&der)?;
        let end = certificate.validity().not_after.timestamp();
        let reason = if !standing.fits(&der) {
            format!("the key `{}` does not fit `{}`", pair.key.display(), pair.certificate.display())
        } else if !certificate.is_ca() {
            format!("`{}` is not an authority's", pair.certificate.display())
        } else if end <= sign::seconds(context.clock.now()) {
            format!("`{}` ended at `{}`", pair.certificate.display(), x509::rfc3339(end))
        } else {
            let root = certificate.subject() == certificate.issuer();
            let chain = if root { String::new() } else { String::from_utf8_lossy(&standing.pem).into_owned() };
            return Ok(Signer { chain, key: standing.key.map_err(Error::permanent)?, end, der });
        };
        Err(wrong(&reason))
    }

    /// Why what stands there will not do; `None`: it will.
    fn reason(&self, standing: &Standing, signer: &Signer, now: SystemTime) -> Result<Option<String>> {
        let der = match (&standing.certificate, &standing.key) {
            _ if self.renew => return Ok(Some("`renew` asks for it".to_owned())),
            (Err(reason), _) | (_, Err(reason)) => return Ok(Some(reason.clone())),
            (Ok(der), Ok(_)) => der,
        };
        let (certificate, authority) = (x509::decode(der)?, x509::decode(&signer.der)?);
        let end = certificate.validity().not_after.timestamp();
        let common = certificate.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
        let (named, wanted) = (names::of(&certificate), names::shown(&self.sans()?));
        let genuine = certificate.issuer() == authority.subject()
            && certificate.verify_signature(Some(authority.public_key())).is_ok();
        let reason = if !standing.fits(der) {
            "the key does not fit the certificate".to_owned()
        } else if !genuine {
            "the authority has not signed it".to_owned()
        } else if common != Some(self.common()) {
            format!("it is for `{}`", x509::subject(&certificate))
        } else if named != wanted {
            let named: Vec<_> = named.iter().map(String::as_str).collect();
            format!("it names `{}`", named.join("`, `"))
        } else if used(&certificate) != self.usage {
            "it is for other uses".to_owned()
        // One that ends with its authority cannot be made any longer.
        } else if end <= sign::seconds(now + self.renew_before.0) && end < signer.end {
            format!("it ends at `{}`", x509::rfc3339(end))
        } else {
            return Ok(None);
        };
        Ok(Some(reason))
    }

    fn params(&self) -> Result<CertificateParams> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = self.sans()?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, self.common());
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = self.usage.iter().map(|usage| usage.purpose()).collect();
        Ok(params)
    }
}

impl Usage {
    fn purpose(self) -> ExtendedKeyUsagePurpose {
        match self {
            Self::Server => ExtendedKeyUsagePurpose::ServerAuth,
            Self::Client => ExtendedKeyUsagePurpose::ClientAuth,
        }
    }
}

fn used(certificate: &x509_parser::prelude::X509Certificate<'_>) -> BTreeSet<Usage> {
    let Ok(Some(extension)) = certificate.extended_key_usage() else { return BTreeSet::new() };
    let uses = [(Usage::Server, extension.value.server_auth), (Usage::Client, extension.value.client_auth)];
    uses.into_iter().filter_map(|(usage, has)| has.then_some(usage)).collect()
}

impl Step for Issue {
    type Output = Issued;
    const NAME: &'static str = "certificate.issue";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Plan];
    const READS: bool = true;
    const EXAMPLES: &'static [Example] = &[
        Example::new(
            "a certificate for a server, kept when it is there already",
            "- id: ca
  uses: certificate.authority
  with: {name: Example CA, certificate: ca.crt, key: ca.key}
- id: server
  uses: certificate.issue
  with:
    authority: {certificate: ca.crt, key: ca.key}
    names: [example.test, '*.example.test', 127.0.0.1]
    certificate: server.crt
    key: server.key
- id: again
  uses: certificate.issue
  with:
    authority: {certificate: ca.crt, key: ca.key}
    names: [example.test, '*.example.test', 127.0.0.1]
    certificate: server.crt
    key: server.key",
            "steps.server.outputs.subject == 'CN=example.test' && steps.server.outputs.issued \
             && !steps.again.outputs.issued && steps.again.outputs.serial == steps.server.outputs.serial",
        ),
        Example::new(
            "rotated before its time",
            "- id: ca
  uses: certificate.authority
  with: {name: Example CA, certificate: ca.crt, key: ca.key}
- id: first
  uses: certificate.issue
  with:
    authority: {certificate: ca.crt, key: ca.key}
    names: [etcd-0.example.test]
    usage: [server, client]
    valid_for: 30d
    renew_before: 10d
    certificate: etcd.crt
    key: etcd.key
- id: rotated
  uses: certificate.issue
  with:
    authority: {certificate: ca.crt, key: ca.key}
    names: [etcd-0.example.test]
    usage: [server, client]
    valid_for: 30d
    renew_before: 10d
    renew: true
    certificate: etcd.crt
    key: etcd.key",
            "steps.first.outputs.serial != steps.rotated.outputs.serial",
        ),
    ];

    fn validate(&self) -> Result<()> {
        if self.names.is_empty() {
            return Err(Error::input("`names` is empty").hint("a certificate is for at least one host name or address"));
        }
        if self.usage.is_empty() {
            return Err(Error::input("`usage` is empty").hint("it has `server`, `client` or both"));
        }
        self.sans()?;
        if self.name.is_none() && names::check_common(self.common()).is_err() {
            return Err(
                Error::input("the first of `names` is too long for a common name").hint("give a shorter `name`")
            );
        }
        names::check_common(self.common())?;
        check_times(self.valid_for, self.renew_before)?;
        check_paths(&[&self.certificate, &self.key, &self.authority.certificate, &self.authority.key])
    }

    fn reads(&self) -> Vec<PathBuf> {
        vec![self.authority.certificate.clone()]
    }

    async fn plan(&self, context: &Context) -> Result<Option<Change>> {
        let standing = self.pair().at(context).read(context)?;
        let authority = self.authority.at(context).read(context)?;
        if !(authority.has_certificate && authority.has_key) {
            // A step before this one makes it.
            return Ok(Some(would(&self.certificate, "the authority is not there yet")));
        }
        let reason = self.reason(&standing, &self.signer(context)?, context.clock.now())?;
        Ok(Some(reason.map_or(Change::Nothing, |reason| would(&self.certificate, &reason))))
    }
}

impl InProcess for Issue {
    async fn run(&self, context: &Context) -> Result<Issued> {
        let (pair, now) = (self.pair().at(context), context.clock.now());
        let (signer, standing) = (self.signer(context)?, pair.read(context)?);
        let Some(reason) = self.reason(&standing, &signer, now)? else {
            pair.protect(context)?;
            context.log(format!("kept `{}`", self.certificate.display()));
            return pair.describe(&standing.certificate.map_err(Error::permanent)?, false);
        };
        let key = sign::key()?;
        let mut params = self.params()?;
        sign::complete(&mut params, &key, now, self.valid_for)?;
        if params.not_after.unix_timestamp() > signer.end {
            params.not_after = OffsetDateTime::from_unix_timestamp(signer.end).unwrap_or(params.not_after);
        }
        let issuer = Issuer::from_ca_cert_der(&signer.der.as_slice().into(), &signer.key);
        let certificate =
            issuer.and_then(|issuer| params.signed_by(&key, &issuer)).map_err(|error| sign::failed(&error))?;
        pair.write(context, &(certificate.pem() + &signer.chain), &key)?;
        context.log(format!("issued `{}`: {reason}", self.certificate.display()));
        pair.describe(certificate.der(), true)
    }
}
