//! RFC 6890: special-purpose addresses, after the IANA registries, and the IPv4 addresses that IPv6 ones carry.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::network::Network;

/// IPv4 networks that are not somebody's public host.
const SPECIAL_V4: [Network; 17] = [
    Network::v4(0, 0, 0, 0, 8),          // this network, RFC 791
    Network::v4(10, 0, 0, 0, 8),         // private, RFC 1918
    Network::v4(100, 64, 0, 0, 10),      // carrier NAT, RFC 6598; 100.100.100.200 is Alibaba's metadata
    Network::v4(127, 0, 0, 0, 8),        // loopback, RFC 1122
    Network::v4(168, 63, 129, 16, 32),   // Azure's host agent, a public address that only guests reach
    Network::v4(169, 254, 0, 0, 16),     // link-local, RFC 3927; 169.254.169.254 is the clouds' metadata
    Network::v4(172, 16, 0, 0, 12),      // private, RFC 1918
    Network::v4(192, 0, 0, 0, 24),       // protocol assignments, RFC 6890; 192.0.0.192 is Oracle's metadata
    Network::v4(192, 0, 2, 0, 24),       // documentation, RFC 5737
    Network::v4(192, 88, 99, 0, 24),     // 6to4 relays, withdrawn by RFC 7526
    Network::v4(192, 168, 0, 0, 16),     // private, RFC 1918
    Network::v4(198, 18, 0, 0, 15),      // benchmarking, RFC 2544
    Network::v4(198, 51, 100, 0, 24),    // documentation, RFC 5737
    Network::v4(203, 0, 113, 0, 24),     // documentation, RFC 5737
    Network::v4(224, 0, 0, 0, 4),        // multicast, RFC 5771
    Network::v4(240, 0, 0, 0, 4),        // reserved, RFC 1112
    Network::v4(255, 255, 255, 255, 32), // broadcast, RFC 919
];

/// All that has been allocated as global unicast (RFC 4291 section 2.4). Loopback, unique local, link-local,
/// site-local, discard-only and multicast lie outside.
const GLOBAL_V6: Network = Network::v6(0x2000, 0, 0, 3);

/// Networks within [`GLOBAL_V6`] that are not somebody's public host.
const SPECIAL_V6: [Network; 4] = [
    Network::v6(0x2001, 0, 0, 23), // protocol assignments, RFC 2928: Teredo, benchmarking, ORCHID
    Network::v6(0x2001, 0x0db8, 0, 32), // documentation, RFC 3849
    Network::v6(0x3fff, 0, 0, 20), // documentation, RFC 9637
    Network::v6(0x3ffe, 0, 0, 16), // the 6bone, given back by RFC 3701
];

/// Whether `address` is a public host's. A form that carries an IPv4 address is judged by that address; one that a host
/// may take for a tunnel to it, by both.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match (address, embedded(address)) {
        (IpAddr::V4(v4), _) | (_, Some(v4)) => is_public_v4(v4),
        (v6, None) => {
            GLOBAL_V6.contains(v6)
                && !SPECIAL_V6.iter().any(|network| network.contains(v6))
                && tunnelled(v6).is_none_or(is_public_v4)
        }
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !SPECIAL_V4.iter().any(|network| network.contains(address.into()))
}

/// ISATAP (RFC 5214 section 6.1): the IPv4 address at the end of an interface identifier, under any prefix.
fn tunnelled(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(v6) = address else { return None };
    match v6.segments() {
        [_, _, _, _, 0 | 0x0200, 0x5efe, high, low] => Some(joined(high, low)),
        _ => None,
    }
}

/// The IPv4 address that an IPv6 address leads to, by its form.
///
/// The local-use NAT64 prefix `64:ff9b:1::/48` (RFC 8215) does not say where in it the address stands, and is by
/// its definition not public: it carries none here and is refused whole.
pub(crate) fn embedded(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(v6) = address else { return None };
    let [a, b, c, d, e, f, high, low] = v6.segments();
    match [a, b, c, d, e, f] {
        // `::` and `::1` are no IPv4-compatible addresses (RFC 4291 section 2.5.5.1).
        [0, 0, 0, 0, 0, 0] if v6 == Ipv6Addr::UNSPECIFIED || v6 == Ipv6Addr::LOCALHOST => None,
        // compatible and mapped (RFC 4291 section 2.5.5), translated (RFC 2765), NAT64 (RFC 6052)
        [0, 0, 0, 0, 0, 0 | 0xffff] | [0, 0, 0, 0, 0xffff, 0] | [0x64, 0xff9b, 0, 0, 0, 0] => {
            Some(joined(high, low))
        }
        [0x2002, ..] => Some(joined(b, c)), // 6to4, RFC 3056
        _ => None,
    }
}

fn joined(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}
