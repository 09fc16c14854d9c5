//! Public addresses, and what the configuration allows besides.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{
    network::{Network, NetworkError},
    special::{embedded, is_public},
};

/// Which addresses a subscriber URI may lead to.
///
/// The default permits public addresses alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Rules", into = "Rules")]
pub struct Policy {
    networks: Vec<Network>,
    hosts: Vec<String>,
}

/// A [`Policy`] as it is written.
#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Rules {
    allow_networks: Vec<String>,
    allow_hosts: Vec<String>,
}

impl TryFrom<Rules> for Policy {
    type Error = NetworkError;

    fn try_from(rules: Rules) -> Result<Self, NetworkError> {
        Self::new(&rules.allow_networks, &rules.allow_hosts)
    }
}

impl From<Policy> for Rules {
    fn from(policy: Policy) -> Self {
        let allow_networks = policy.networks.iter().map(ToString::to_string).collect();
        Self { allow_networks, allow_hosts: policy.hosts }
    }
}

impl Policy {
    /// Public addresses, and those of `networks` (`10.1.0.0/16`, or an address alone) and of `hosts` (names,
    /// compared in lower-case A-labels).
    ///
    /// # Errors
    /// The first network that cannot be read.
    pub fn new(networks: &[String], hosts: &[String]) -> Result<Self, NetworkError> {
        let networks = networks.iter().map(|text| Network::parse(text)).collect::<Result<_, _>>()?;
        Ok(Self { networks, hosts: hosts.iter().map(|host| normal(host)).collect() })
    }

    /// Whether `address` may be dialled.
    ///
    /// Private, loopback, link-local, metadata, shared, multicast, reserved and documentation addresses may not
    /// unless an allowed network contains them. An IPv6 form that carries an IPv4 address is judged by that one.
    #[must_use]
    pub fn permits(&self, address: IpAddr) -> bool {
        self.allows(address)
            || embedded(address).is_some_and(|v4| self.allows(v4.into()))
            || is_public(address)
    }

    /// Whether `host` may lead anywhere (`allow_hosts`): the whole name, without regard to case or a final dot.
    #[must_use]
    pub fn permits_host(&self, host: &str) -> bool {
        !self.hosts.is_empty() && self.hosts.contains(&normal(host))
    }

    fn allows(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }
}

fn normal(host: &str) -> String {
    let host = host.strip_suffix('.').unwrap_or(host);
    idna::domain_to_ascii(host).unwrap_or_else(|_| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    const REFUSED: &[&str] = &[
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::8.8.8.8",
        "64:ff9b:1:808:8:800::",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "3ffe::1",
        "3fff::1",
        "2001:470:1::5efe:10.0.0.1",
        "2001:470:1:0:200:5efe:169.254.169.254",
        "fe80::a9fe:a9fe",
        "fd20:ce::254",
        "64:ff9b::a9fe:a9fe",
        "2002:6464:64c8::1",
        "::100.100.100.200",
        "::ffff:168.63.129.16",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ];

    const PERMITTED: &[&str] = &[
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.0",
        "168.63.129.17",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:470:1::5efe:8.8.8.8",
        "2606:4700:4700::1111",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2a00:1450::1",
        "::ffff:8.8.8.8",
        "::8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
    ];

    fn at(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn allowing(networks: &[&str]) -> Policy {
        Policy::new(&networks.iter().map(|&text| text.to_owned()).collect::<Vec<_>>(), &[]).unwrap()
    }

    #[test]
    fn what_is_not_public_is_refused() {
        for text in REFUSED {
            assert!(!Policy::default().permits(at(text)), "{text}");
        }
    }

    #[test]
    fn public_addresses_are_permitted() {
        for text in PERMITTED {
            assert!(Policy::default().permits(at(text)), "{text}");
        }
    }

    #[test]
    fn an_allowed_network_is_allowed_in_every_form() {
        let policy = allowing(&["10.1.0.0/16", "fd00::/8"]);
        for text in ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "2002:a01:203::1", "fd00:ec2::254"] {
            assert!(policy.permits(at(text)), "{text}");
        }
        for text in ["10.2.0.1", "::ffff:10.2.0.1", "127.0.0.1", "fc00::1"] {
            assert!(!policy.permits(at(text)), "{text}");
        }
    }

    #[test]
    fn allowing_ipv4_loopback_leaves_the_other_loopback_refused() {
        let policy = allowing(&["127.0.0.0/8", "0.0.0.0/8"]);
        assert!(policy.permits(at("127.0.0.1")) && !policy.permits(at("::1")) && !policy.permits(at("::")));
    }

    #[test]
    fn a_host_is_allowed_by_its_whole_name() {
        let policy = Policy::new(&[], &["Hooks.Internal.".into(), "bücher.internal".into()]).unwrap();
        for host in ["hooks.internal", "HOOKS.internal", "hooks.internal.", "xn--bcher-kva.internal"] {
            assert!(policy.permits_host(host), "{host}");
        }
        for host in ["internal", "x.hooks.internal", "hooks.internal.evil.example", "", "hooks.internal.."] {
            assert!(!policy.permits_host(host), "{host}");
        }
        assert!(!Policy::default().permits_host(""));
    }

    #[test]
    fn the_first_bad_network_is_named() {
        let error = Policy::new(&["10.0.0.0/8".into(), "10.0.0.1/8".into()], &[]).unwrap_err();
        assert!(error.to_string().contains("10.0.0.1/8"));
    }

    proptest! {
        #[test]
        fn forms_of_an_ipv4_address_are_judged_alike(bits: u32) {
            let v4 = Ipv4Addr::from_bits(bits);
            let permitted = Policy::default().permits(v4.into());
            let low = u128::from(bits);
            for form in [0xffff << 32 | low, 0x0064_ff9b << 96 | low, 0x2002 << 112 | low << 80] {
                prop_assert_eq!(Policy::default().permits(Ipv6Addr::from_bits(form).into()), permitted);
            }
        }

        #[test]
        fn nothing_that_std_calls_local_is_permitted(bits: u32) {
            let v4 = Ipv4Addr::from_bits(bits);
            let local = v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast()
                || v4.is_broadcast() || v4.is_documentation() || v4.is_unspecified();
            prop_assert!(!(local && Policy::default().permits(v4.into())));
        }

        #[test]
        fn outside_global_unicast_only_forms_of_ipv4_are_permitted(bits: u128) {
            let v6 = Ipv6Addr::from_bits(bits);
            if Policy::default().permits(v6.into()) {
                prop_assert!(bits >> 125 == 1 || embedded(v6.into()).is_some());
            }
        }
    }
}
