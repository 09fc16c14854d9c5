//! The guarded connector: the address policy is applied on the address about to be dialled.
//!
//! A check of the name alone is worth nothing, since a name may lead elsewhere a moment later (DNS rebinding). So
//! the connector resolves, vets each answer, and dials exactly what it has vetted. What a name leads to is remembered
//! for some seconds; every connection vets it again.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use nuncio_core::net::Policy;
use tokio::{net::TcpStream, time::timeout};

use crate::names::Names;

/// The most resolutions at a time: each holds a thread of the runtime until the system's resolver answers.
pub const MAX_RESOLUTIONS: usize = 64;
/// The most addresses of one name that are tried.
pub const MAX_ADDRESSES: usize = 8;
/// How long one address is tried while there is another: long enough for two repetitions of a lost SYN.
pub const ADDRESS_PATIENCE: Duration = Duration::from_secs(3);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    /// Every address that the host leads to is refused by the policy. The text does not say which address it
    /// was: that would tell a tenant what the inner network looks like.
    #[error(
        "the host of the URI leads to an address that this server may not reach; \
         allow it by [delivery] allow_networks or allow_hosts"
    )]
    Forbidden,
    /// The name has no address, or the resolver did not answer.
    #[error("the name `{host}` cannot be resolved")]
    Resolve {
        /// The name.
        host: String,
        /// What the resolver said.
        #[source]
        source: io::Error,
    },
    /// No permitted address took the connection; the last one's error.
    #[error("no address took the connection")]
    Connect(#[source] io::Error),
}

/// Opens TCP connections to hosts that subscriber URIs name, within the address policy.
#[derive(Clone, Debug)]
pub struct GuardedConnector {
    policy: Arc<Policy>,
    names: Arc<Names>,
}

impl GuardedConnector {
    /// A connector that applies `policy`. Clones share the limit of [`MAX_RESOLUTIONS`] and what names lead to.
    #[must_use]
    pub fn new(policy: Arc<Policy>) -> Self {
        Self { policy, names: Arc::new(Names::new()) }
    }

    /// Connects to `host` (a name, an IPv4 address, or an IPv6 address with or without brackets) and `port`, with
    /// `TCP_NODELAY`. The whole has no deadline of its own: wrap it in the attempt's.
    ///
    /// # Errors
    /// [`GuardError`]; what the policy refuses is never dialled, not even to see whether it answers.
    pub async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, GuardError> {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let found = self.resolve(&host, port).await?;
        dial(&self.permitted(&host, found)).await
    }

    /// Those of the addresses that `host` leads to which may be dialled. A name that leads to a public and to a private
    /// one leads to the public one alone.
    fn permitted(&self, host: &str, found: Vec<SocketAddr>) -> Vec<SocketAddr> {
        let free = self.policy.permits_host(host);
        let permitted = |address: &SocketAddr| free || self.policy.permits(address.ip());
        found.into_iter().filter(permitted).take(MAX_ADDRESSES).collect()
    }

    async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, GuardError> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let found = self.names.addresses(host).await.map_err(|error| GuardError::Resolve {
            host: host.to_owned(),
            source: io::Error::new(error.kind(), error),
        })?;
        Ok(found.iter().map(|address| SocketAddr::new(*address, port)).collect())
    }
}

async fn dial(addresses: &[SocketAddr]) -> Result<TcpStream, GuardError> {
    let Some((last, others)) = addresses.split_last() else { return Err(GuardError::Forbidden) };
    for address in others {
        if let Ok(Ok(stream)) = timeout(ADDRESS_PATIENCE, TcpStream::connect(address)).await {
            return ready(stream);
        }
    }
    TcpStream::connect(last).await.map_err(GuardError::Connect).and_then(ready)
}

fn ready(stream: TcpStream) -> Result<TcpStream, GuardError> {
    stream.set_nodelay(true).map_err(GuardError::Connect)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    fn connector(networks: &[&str], hosts: &[&str]) -> GuardedConnector {
        let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        GuardedConnector::new(Arc::new(Policy::new(&owned(networks), &owned(hosts)).unwrap()))
    }

    async fn listener() -> (TcpListener, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    #[tokio::test]
    async fn a_private_literal_is_refused_without_being_dialled() {
        let (listener, port) = listener().await;
        for host in ["127.0.0.1", "[::ffff:127.0.0.1]", "::1", "localhost"] {
            let error = connector(&[], &[]).connect(host, port).await.unwrap_err();
            assert!(matches!(error, GuardError::Forbidden), "{host}: {error:?}");
            assert!(!error.to_string().contains("127.0.0.1"), "{error}");
        }
        assert!(timeout(Duration::from_millis(20), listener.accept()).await.is_err(), "somebody dialled");
    }

    #[tokio::test]
    async fn an_allowed_network_or_host_is_reached() {
        let (_listener, port) = listener().await;
        assert!(connector(&["127.0.0.0/8"], &[]).connect("127.0.0.1", port).await.is_ok());
        let stream = connector(&[], &["localhost"]).connect("LocalHost", port).await.unwrap();
        assert!(stream.nodelay().unwrap());
    }

    #[tokio::test]
    async fn a_name_with_a_refused_and_a_permitted_address_uses_the_permitted_one() {
        let (listener, port) = listener().await;
        let both = [SocketAddr::from(([127, 0, 0, 2], port)), listener.local_addr().unwrap()];
        let stream = dial(&both).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), both[1], "the first address refuses, the second takes it");
        assert!(matches!(dial(&[]).await, Err(GuardError::Forbidden)));
    }

    #[test]
    fn of_a_mixed_answer_the_private_addresses_are_never_dialled() {
        let at = |text: &str| SocketAddr::new(text.parse().unwrap(), 80);
        let mixed =
            ["10.0.0.1", "8.8.8.8", "::ffff:127.0.0.1", "2606:4700::1", "fd00:ec2::254", "169.254.169.254"];
        let found: Vec<_> = mixed.into_iter().map(at).collect();
        let public = vec![at("8.8.8.8"), at("2606:4700::1")];
        assert_eq!(connector(&[], &[]).permitted("mixed.example", found.clone()), public);
        let known = connector(&[], &["mixed.example"]).permitted("mixed.example", found);
        assert_eq!(known.len(), mixed.len());
    }

    /// The system's resolver reads more spellings of addresses than a URL has, and their zones.
    #[tokio::test]
    async fn whatever_the_resolver_takes_for_a_private_address_is_refused() {
        let (listener, port) = listener().await;
        for host in [
            "127.1",
            "0x7f.1",
            "2130706433",
            "0177.0.0.1",
            "0",
            "[::1%lo]",
            "::ffff:7f00:1",
            "localhost.",
            "[::1%1]",
        ] {
            let error = connector(&[], &[]).connect(host, port).await.unwrap_err();
            assert!(matches!(error, GuardError::Forbidden | GuardError::Resolve { .. }), "{host}: {error:?}");
        }
        assert!(timeout(Duration::from_millis(20), listener.accept()).await.is_err(), "somebody dialled");
    }

    #[tokio::test]
    async fn a_name_that_does_not_exist_is_named() {
        let error = connector(&[], &[]).connect("nobody.invalid", 80).await.unwrap_err();
        assert!(matches!(error, GuardError::Resolve { .. }), "{error:?}");
        assert_eq!(error.to_string(), "the name `nobody.invalid` cannot be resolved");
    }
}
