//! Where a webhook goes: the URI without what is not sent in it, and the credentials that stood in it.

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::STANDARD};
use nuncio_plugin_sdk::{
    Form, Refusal, SubscriberUri, Url,
    core::net::Policy,
    http::{Endpoint, HeaderValue, Uri},
};
use percent_encoding::percent_decode_str;

/// Where a webhook goes.
pub(crate) struct Target {
    /// Without userinfo and fragment.
    pub(crate) uri: Uri,
    /// The same, taken apart for the client.
    pub(crate) endpoint: Endpoint,
    /// The userinfo as Basic credentials (RFC 7617).
    pub(crate) authorization: Option<HeaderValue>,
    /// A token goes with what is sent.
    pub(crate) by_trust: bool,
}

impl Target {
    /// Reads `uri`.
    ///
    /// # Errors
    /// Credentials that would travel in clear text; a URI that is not for this driver.
    pub(crate) fn of(written: &SubscriberUri) -> Result<Self, Refusal> {
        let url = url(written)?;
        let authorization = authorization(url)?;
        let mut bare = url.clone();
        // These fail for a URL without a host alone, and http has one.
        let (Ok(()), Ok(())) = (bare.set_username(""), bare.set_password(None)) else {
            return Err(Refusal::new("host", "the URI has no host"));
        };
        bare.set_fragment(None);
        let unsendable = |why: String| Refusal::new("uri", format!("it cannot be sent: {why}"));
        let uri: Uri = bare.as_str().parse().map_err(|error| unsendable(format!("{error}")))?;
        let endpoint = Endpoint::of(&uri).map_err(|error| unsendable(error.to_string()))?;
        Ok(Self { uri, endpoint, authorization, by_trust: written.is_by_trust() })
    }
}

/// Refuses a host that is an address which `policy` forbids. Names are judged when they are dialled.
pub(crate) fn guard(uri: &SubscriberUri, policy: &Policy) -> Result<(), Refusal> {
    let Some((host, address)) = url(uri)?.host_str().and_then(literal) else { return Ok(()) };
    if policy.permits(address) || policy.permits_host(&host) {
        return Ok(());
    }
    Err(Refusal::new(place(uri, &host), "this server may not reach this address")
        .fix("allow it by [delivery] allow_networks or allow_hosts"))
}

fn url(uri: &SubscriberUri) -> Result<&Url, Refusal> {
    match uri.form() {
        Form::Http(http) => Ok(&http.url),
        _ => Err(Refusal::new("scheme", "this driver serves `http:` and `https:`, with or without `trust+`")),
    }
}

fn literal(host: &str) -> Option<(String, IpAddr)> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.parse().ok().map(|address| (host.to_owned(), address))
}

/// Where `host` stands in what the client wrote, which may have been another notation of the same address.
fn place(uri: &SubscriberUri, host: &str) -> String {
    match uri.written().split_once(host) {
        Some((before, _)) => format!("host, column {}", before.chars().count() + 1),
        None => "host".to_owned(),
    }
}

fn authorization(url: &Url) -> Result<Option<HeaderValue>, Refusal> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let host = url.host_str().unwrap_or_default();
    let here = host == "localhost" || literal(host).is_some_and(|(_, address)| address.is_loopback());
    if url.scheme() != "https" && !here {
        return Err(Refusal::new("userinfo", "a password must not travel in clear text").fix("use https"));
    }
    let mut pair: Vec<u8> = percent_decode_str(url.username()).collect();
    pair.push(b':');
    pair.extend(percent_decode_str(url.password().unwrap_or_default()));
    // Base64 is always a header's value.
    Ok(HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair))).ok().map(|mut value| {
        value.set_sensitive(true);
        value
    }))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    /// An IPv4 address of a network that is not public.
    fn private() -> impl Strategy<Value = Ipv4Addr> {
        let networks = [
            (0x0a00_0000, 8),
            (0x7f00_0000, 8),
            (0xa9fe_0000, 16),
            (0xac10_0000, 12),
            (0xc0a8_0000, 16),
            (0x6440_0000, 10),
            (0xc612_0000, 15),
            (0, 8),
            (0xe000_0000, 4),
            (0xf000_0000, 4),
            (0xc000_0000, 24),
            (0xa83f_8110, 32),
            (0xa9fe_a9fe, 32),
            (0x6464_64c8, 32),
        ];
        (prop::sample::select(networks.to_vec()), any::<u32>()).prop_map(|((base, prefix), bits)| {
            let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
            Ipv4Addr::from_bits(base | bits & !mask)
        })
    }

    /// A number as the WHATWG URL standard reads it: decimal, octal or hexadecimal, with zeros before it.
    fn number(value: u32, notation: u8, zeros: usize) -> String {
        match notation % 4 {
            0 => value.to_string(),
            1 => format!("0{}{value:o}", "0".repeat(zeros)),
            2 => format!("0x{}{value:x}", "0".repeat(zeros)),
            _ => format!("0X{}{value:X}", "0".repeat(zeros)),
        }
    }

    /// A spelling of `address` in a URL.
    fn spelled(address: Ipv4Addr, style: u8, notations: [u8; 4], zeros: usize) -> String {
        let bits = address.to_bits();
        let parts = match style % 4 {
            0 => vec![bits],
            1 => vec![bits >> 24, bits & 0x00ff_ffff],
            2 => vec![bits >> 24, bits >> 16 & 0xff, bits & 0xffff],
            _ => address.octets().map(u32::from).to_vec(),
        };
        let parts: Vec<_> =
            parts.iter().zip(notations).map(|(part, how)| number(*part, how, zeros)).collect();
        parts.join(".")
    }

    /// IPv6 addresses that lead to `address`, or whose network is not public.
    fn six(address: Ipv4Addr, form: u8) -> Ipv6Addr {
        let low = u128::from(address.to_bits());
        Ipv6Addr::from_bits(match form % 9 {
            0 => 0xffff << 32 | low,
            1 => 0xffff << 48 | low,
            2 => 0x0064_ff9b << 96 | low,
            3 => 0x0064_ff9b_0001 << 80 | low,
            4 => 0x2002 << 112 | low << 80 | 1,
            5 => 0x2001 << 112 | low,
            6 => 0x2001_0470_0001 << 80 | 0x5efe << 32 | low,
            7 => 0xfd00 << 112 | low,
            _ => 0xfe80 << 112 | low,
        })
    }

    fn is_refused(text: &str) -> bool {
        SubscriberUri::parse(text).map_or(true, |uri| guard(&uri, &Policy::default()).is_err())
    }

    proptest! {
        #[test]
        fn every_spelling_of_a_private_address_is_refused(
            address in private(), style: u8, notations: [u8; 4], zeros in 0_usize..4, dressing in 0_u8..7,
        ) {
            let plain = spelled(address, style, notations, zeros);
            let host = match dressing {
                0 => plain,
                1 => format!("{plain}."),
                2 => format!("user:pass@{plain}"),
                3 => plain.chars().map(|c| if c.is_ascii_digit() { format!("%{:02x}", c as u32) } else { c.into() }).collect(),
                // Full-width digits and an ideographic full stop, which IDNA maps (UTS 46).
                4 => plain.chars().map(|c| match c {
                    '0'..='9' => char::from_u32(c as u32 - 0x30 + 0xff10).unwrap_or(c),
                    '.' => '。',
                    c => c,
                }).collect(),
                5 => format!("{plain}:8080"),
                _ => plain.to_uppercase(),
            };
            for scheme in ["http", "https", "HTTP", "trust+http", "Trust+HTTPS"] {
                let text = format!("{scheme}://{host}/x");
                prop_assert!(is_refused(&text), "{}", text);
            }
        }

        #[test]
        fn every_ipv6_form_of_a_private_address_is_refused(address in private(), form: u8, style in 0_u8..5) {
            let v6 = six(address, form);
            let [a, b, c, d, e, f, ..] = v6.segments();
            let host = match style {
                0 => format!("[{v6}]"),
                1 => format!("[{}]", v6.to_string().to_uppercase()),
                2 => {
                    let low = Ipv4Addr::from_bits(v6.to_bits() as u32);
                    format!("[{a:x}:{b:x}:{c:x}:{d:x}:{e:x}:{f:x}:{low}]")
                }
                3 => format!("[{v6}%25eth0]"),
                _ => {
                    let all: Vec<_> = v6.segments().iter().map(|part| format!("{part:04x}")).collect();
                    format!("[{}]:8080", all.join(":"))
                }
            };
            prop_assert!(is_refused(&format!("http://{host}/")), "{}", host);
        }
    }

    fn uri(text: &str) -> SubscriberUri {
        SubscriberUri::parse(text).unwrap()
    }

    #[test]
    fn userinfo_becomes_basic_credentials_and_leaves_the_uri() {
        let target = Target::of(&uri("https://ann:p%40ss@example.org/a?b=c")).unwrap();
        assert_eq!(target.uri.to_string(), "https://example.org/a?b=c");
        // "ann:p@ss"
        assert_eq!(target.authorization.unwrap(), "Basic YW5uOnBAc3M=");
        assert!(Target::of(&uri("https://example.org/")).unwrap().authorization.is_none());
    }

    #[test]
    fn credentials_go_in_clear_text_to_loopback_alone() {
        assert!(Target::of(&uri("http://ann:pass@127.0.0.1:8080/")).is_ok());
        assert!(Target::of(&uri("http://ann:pass@localhost/")).is_ok());
        let refusal = Target::of(&uri("http://ann:hunter2@example.org/")).err().unwrap().to_string();
        assert!(refusal.starts_with("userinfo: ") && !refusal.contains("hunter2"), "{refusal}");
    }

    #[test]
    fn a_forbidden_literal_is_refused_with_its_column_and_the_fix() {
        let refusal = guard(&uri("http://10.0.0.1/x"), &Policy::default()).unwrap_err();
        assert_eq!(refusal.at, "host, column 8");
        assert!(refusal.fix.contains("allow_networks"), "{refusal}");
        let allowed = Policy::new(&["10.0.0.0/8".to_owned()], &[]).unwrap();
        assert!(guard(&uri("http://10.0.0.1/x"), &allowed).is_ok());
        assert!(guard(&uri("http://[::1]/x"), &Policy::default()).is_err());
        assert!(
            guard(&uri("http://localhost/x"), &Policy::default()).is_ok(),
            "a name is judged when it is dialled"
        );
    }
}
