//! RFC 4632 and RFC 4291 section 2.3: a network is an address and a prefix length.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network from the configuration that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// Neither an address nor an address with a prefix length.
    #[error("`{0}` is not a network: write an address and a prefix length, like `10.1.0.0/16` or `fd00::/8`")]
    Malformed(String),
    /// The prefix is longer than the address.
    #[error("`{network}` has a prefix length above {most}: write one from 0 to {most}")]
    Prefix {
        /// What was written.
        network: String,
        /// The length of such an address in bits.
        most: u8,
    },
    /// Bits are set behind the prefix, so it is unclear whether a network or one address is meant.
    #[error(
        "`{network}` has bits set behind its prefix: write `{base}` for the network or `{address}` for one address"
    )]
    HostBits {
        /// What was written.
        network: String,
        /// The network that contains it.
        base: String,
        /// The address alone.
        address: IpAddr,
    },
}

/// A range of addresses that share a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    base: IpAddr,
    prefix: u8,
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix)
    }
}

impl Network {
    pub(crate) const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Self {
        Self { base: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix }
    }

    pub(crate) const fn v6(first: u16, second: u16, third: u16, prefix: u8) -> Self {
        Self { base: IpAddr::V6(Ipv6Addr::new(first, second, third, 0, 0, 0, 0, 0)), prefix }
    }

    /// Reads `10.1.0.0/16`, `fd00::/8`, or an address alone.
    pub(crate) fn parse(text: &str) -> Result<Self, NetworkError> {
        let malformed = || NetworkError::Malformed(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| malformed())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => most,
            Some(digits) if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) => {
                return Err(malformed());
            }
            Some(digits) => digits
                .parse()
                .ok()
                .filter(|prefix| *prefix <= most)
                .ok_or_else(|| NetworkError::Prefix { network: text.to_owned(), most })?,
        };
        let base = masked(address, prefix);
        if base != address {
            let base = format!("{base}/{prefix}");
            return Err(NetworkError::HostBits { network: text.to_owned(), base, address });
        }
        Ok(Self { base, prefix })
    }

    /// Whether `address` lies in it. An IPv4 network contains no IPv6 address, nor the other way round.
    pub(crate) fn contains(self, address: IpAddr) -> bool {
        self.base.is_ipv4() == address.is_ipv4() && masked(address, self.prefix) == self.base
    }
}

fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    let prefix = u32::from(prefix);
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(prefix)).unwrap_or(0);
            Ipv4Addr::from_bits(v4.to_bits() & mask).into()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(prefix)).unwrap_or(0);
            Ipv6Addr::from_bits(v6.to_bits() & mask).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_alone_is_a_network_of_one() {
        let one = Network::parse("10.1.2.3").unwrap();
        assert!(one.contains("10.1.2.3".parse().unwrap()));
        assert!(!one.contains("10.1.2.2".parse().unwrap()));
        assert!(Network::parse("fd00::1").unwrap().contains("fd00::1".parse().unwrap()));
    }

    #[test]
    fn prefix_zero_contains_its_whole_family_only() {
        let all = Network::parse("0.0.0.0/0").unwrap();
        assert!(all.contains("255.255.255.255".parse().unwrap()));
        assert!(!all.contains("::1".parse().unwrap()));
    }

    #[test]
    fn bits_behind_the_prefix_are_refused_with_both_readings() {
        let error = Network::parse("10.1.2.3/16").unwrap_err().to_string();
        assert!(
            error.contains("`10.1.2.3/16`")
                && error.contains("`10.1.0.0/16`")
                && error.contains("`10.1.2.3`")
        );
    }

    #[test]
    fn what_is_no_network_is_refused_by_name() {
        for text in
            ["", "/", "10/8", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/ 8", "10.0.0.0/8/8", "localhost", "::g/8"]
        {
            assert_eq!(Network::parse(text), Err(NetworkError::Malformed(text.into())), "{text}");
        }
        for text in ["10.0.0.0/33", "::/129", "10.0.0.0/99999999999"] {
            assert!(matches!(Network::parse(text), Err(NetworkError::Prefix { .. })), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_network_contains_what_shares_its_prefix(bits: u128, other: u128, prefix in 0_u8..=128) {
            let base = masked(Ipv6Addr::from_bits(bits).into(), prefix);
            let network = Network::parse(&format!("{base}/{prefix}")).unwrap();
            let same = prefix == 0 || bits >> (128 - u32::from(prefix)) == other >> (128 - u32::from(prefix));
            prop_assert_eq!(network.contains(Ipv6Addr::from_bits(other).into()), same);
            prop_assert!(network.contains(Ipv6Addr::from_bits(bits).into()));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9a-f.:/]{0,24}|\\PC{0,24}") {
            if let Err(error) = Network::parse(&text) {
                prop_assert!(error.to_string().contains(&text));
            }
        }
    }
}
