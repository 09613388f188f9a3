//! Which cluster is meant, as whom, and through which proxy.

use std::path::PathBuf;

use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use kube::Config;
use kube::config::{ExecInteractiveMode, KubeConfigOptions, Kubeconfig};
use runner_sdk::kube::Cluster;
use runner_sdk::{Error, Result};

/// What a step stands in.
pub(super) struct Surroundings {
    pub(super) dir: PathBuf,
    pub(super) env: Vec<(String, Option<String>)>,
}

impl Surroundings {
    fn var(&self, name: &str) -> Option<String> {
        let own = self.env.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value.clone());
        own.unwrap_or_else(|| std::env::var(name).ok()).filter(|value| !value.is_empty())
    }

    /// The kubeconfig files that are meant; none: the cluster in whose pod the program runs.
    pub(super) fn files(&self, cluster: &Cluster) -> Vec<PathBuf> {
        if let Some(file) = &cluster.kubeconfig {
            return vec![file.clone()];
        }
        if let Some(list) = self.var("KUBECONFIG") {
            let named = std::env::split_paths(&list).filter(|path| !path.as_os_str().is_empty());
            let mut files: Vec<_> = named.map(|path| self.dir.join(path)).collect();
            // As every tool takes it: of several, those that are there.
            if files.len() > 1 && files.iter().any(|file| file.exists()) {
                files.retain(|file| file.exists());
            }
            return files;
        }
        let home = self.var("HOME").map(|home| PathBuf::from(home).join(".kube/config"));
        home.filter(|file| file.exists()).into_iter().collect()
    }

    /// What says through which proxy a server is reached.
    pub(super) fn proxies(&self) -> Vec<Option<String>> {
        let names = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"];
        names.iter().flat_map(|name| [self.var(name), self.var(&name.to_lowercase())]).collect()
    }

    /// The proxy on the way to a server: the environment's, unless `NO_PROXY` names the server, or it is on this machine.
    fn proxy(&self, server: &Uri) -> Result<Option<Uri>> {
        let either = |name: &str| self.var(name).or_else(|| self.var(&name.to_lowercase()));
        let scheme = if server.scheme_str() == Some("http") { "HTTP_PROXY" } else { "HTTPS_PROXY" };
        let Some(proxy) = either(scheme).or_else(|| either("ALL_PROXY")) else { return Ok(None) };
        let host = server.host().unwrap_or_default().trim_matches(['[', ']']);
        let here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        let matcher = Matcher::builder().all(proxy.as_str()).no(either("NO_PROXY").unwrap_or_default()).build();
        if here || matcher.intercept(server).is_none() {
            return Ok(None);
        }
        let whole = if proxy.contains("://") { proxy } else { format!("http://{proxy}") };
        // It may hold a password, so it is not shown.
        whole.parse().map(Some).map_err(|_| Error::input(format!("`{scheme}` is not a URL")))
    }

    /// The configuration of the client, out of the files that are meant.
    pub(super) async fn config(&self, cluster: &Cluster, files: &[PathBuf]) -> Result<Config> {
        let mut config = if files.is_empty() {
            if let Some(context) = &cluster.context {
                return Err(Error::input(format!("there is no kubeconfig in which the context `{context}` stands"))
                    .hint("name the file with `kubeconfig`"));
            }
            let mut config = Config::incluster().map_err(|_| {
                Error::input("no cluster is named").hint(
                    "name a file with `kubeconfig`, for all steps under `defaults.with.kube`, or with `KUBECONFIG`",
                )
            })?;
            config.proxy_url = self.proxy(&config.cluster_url)?;
            config
        } else {
            self.of_files(cluster, files).await?
        };
        // What the server asks to be retried is retried as it asks.
        config.default_retry = false;
        Ok(config)
    }

    async fn of_files(&self, cluster: &Cluster, files: &[PathBuf]) -> Result<Config> {
        let mut whole = Kubeconfig::default();
        for file in files {
            let bad = |error: &(dyn std::error::Error + 'static)| {
                let why = crate::cause::innermost(error);
                Error::input(format!("the kubeconfig `{}` cannot be used: {why}", file.display()))
            };
            let read = Kubeconfig::read_from(file).map_err(|error| bad(&error))?;
            whole = whole.merge(read).map_err(|error| bad(&error))?;
        }
        let shown = files.first().map(|file| file.display().to_string()).unwrap_or_default();
        let Some(context) = cluster.context.clone().or_else(|| whole.current_context.clone()).filter(|c| !c.is_empty())
        else {
            return Err(Error::input(format!("the kubeconfig `{shown}` has no current context"))
                .hint("name one with `context`"));
        };
        let Some(named) = whole.contexts.iter().find(|named| named.name == context) else {
            let names: Vec<_> = whole.contexts.iter().map(|named| format!("`{}`", named.name)).collect();
            return Err(Error::input(format!("the kubeconfig `{shown}` has no context `{context}`"))
                .hint(format!("it has {}", if names.is_empty() { "none".to_owned() } else { names.join(", ") })));
        };
        let of = named.context.as_ref().map(|context| context.cluster.clone()).unwrap_or_default();
        let mut own_proxy = None;
        for named in whole.clusters.iter_mut().filter(|named| named.name == of) {
            // The crate asks `NO_PROXY` about the proxy instead of the server; so it is not left to it.
            own_proxy =
                named.cluster.as_mut().and_then(|cluster| cluster.proxy_url.clone()).filter(|url| !url.is_empty());
        }
        for exec in whole.auth_infos.iter_mut().filter_map(|named| named.auth_info.as_mut()?.exec.as_mut()) {
            // The terminal is not a step's: a plugin that would ask there must fail instead.
            exec.interactive_mode = Some(ExecInteractiveMode::Never);
        }
        let options = KubeConfigOptions { context: Some(context), ..KubeConfigOptions::default() };
        let mut config = Config::from_custom_kubeconfig(whole, &options).await.map_err(|error| {
            let why = crate::cause::innermost(&error);
            Error::input(format!("the kubeconfig `{shown}` cannot be used: {why}"))
        })?;
        config.proxy_url = match own_proxy {
            Some(_) => config.proxy_url,
            None => self.proxy(&config.cluster_url)?,
        };
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(server: &str, env: &[(&str, &str)]) -> Option<String> {
        let mut all: Vec<_> = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"]
            .map(|name| (name.to_owned(), None))
            .into();
        all.extend(env.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))));
        let surroundings = Surroundings { dir: "/".into(), env: all };
        surroundings.proxy(&server.parse().unwrap()).unwrap().map(|uri| uri.to_string())
    }

    #[test]
    fn no_proxy_is_asked_about_the_server() {
        let one = ("HTTPS_PROXY", "http://me:word@proxy.local:3128");
        assert_eq!(proxy("https://api.lab:6443", &[]), None);
        assert_eq!(proxy("https://api.lab:6443", &[one]).unwrap(), "http://me:word@proxy.local:3128/");
        for no in ["api.lab", ".lab", "lab", "*", "other,api.lab,", "x, .lab"] {
            assert_eq!(proxy("https://api.lab:6443", &[one, ("NO_PROXY", no)]), None, "{no}");
        }
        for no in ["proxy.local", "api", "i.lab"] {
            assert!(proxy("https://api.lab:6443", &[one, ("no_proxy", no)]).is_some(), "{no}");
        }
        assert_eq!(proxy("https://10.1.2.3:6443", &[one, ("NO_PROXY", "10.0.0.0/8")]), None);
        assert!(proxy("https://11.1.2.3:6443", &[one, ("NO_PROXY", "10.0.0.0/8")]).is_some());
        assert_eq!(proxy("https://127.0.0.1:6443", &[one]), None);
        assert_eq!(proxy("https://api.lab", &[("all_proxy", "socks5://s:1080")]).unwrap(), "socks5://s:1080/");
        assert_eq!(proxy("https://api.lab", &[("https_proxy", "proxy:3128")]).unwrap(), "http://proxy:3128/");
    }

    #[test]
    fn the_files_of_the_step_go_first() {
        let surroundings =
            Surroundings { dir: "/project".into(), env: vec![("KUBECONFIG".to_owned(), Some("a".to_owned()))] };
        let named = Cluster { kubeconfig: Some("/b".into()), context: None };
        assert_eq!(surroundings.files(&named), [PathBuf::from("/b")]);
        assert_eq!(surroundings.files(&Cluster::default()), [PathBuf::from("/project/a")]);
    }
}
