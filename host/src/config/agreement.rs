//! Keys that must agree with each other so that nobody is let in by mistake.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use serde_json::Value;

use super::place::{Place, Problem};

/// What does not agree in `sections`, whose values stand at `places`.
pub(super) fn problems(sections: &Value, places: &BTreeMap<&str, Place>) -> Vec<Problem> {
    let text = |name: &str| sections.pointer(&format!("/{}", name.replace('.', "/"))).and_then(Value::as_str);
    let place = |name: &str| places.get(name).cloned().unwrap_or_default();
    let mut found = Vec::new();
    let strategy = text("auth.strategy");
    let tls = !sections["http"]["tls"].is_null();
    let plain = text("http.plain") == Some("allow");
    for key in ["http.listen", "websocket.listen"] {
        let listen = text(key).unwrap_or_default();
        if let Some((why, fix)) = exposure(listen, strategy, tls || plain) {
            found.push(Problem::new(place(key), key, why).fix(fix));
        }
    }
    if strategy == Some("keystone") {
        for name in ["keystone.url", "keystone.username", "keystone.password"] {
            if text(name).is_none_or(str::is_empty) {
                let why = format!("auth.strategy = \"keystone\" needs {name}");
                found.push(
                    Problem::new(place("auth.strategy"), "auth.strategy", why).fix(format!("set {name}")),
                );
            }
        }
    }
    found
}

/// Why nobody may listen on `listen`, and what to do about it.
fn exposure(listen: &str, strategy: Option<&str>, sealed: bool) -> Option<(String, &'static str)> {
    let exposed = listen.parse::<SocketAddr>().is_ok_and(|address| !is_loopback(address.ip()));
    if exposed && strategy == Some("none") {
        let why = format!(
            "`{listen}` is not a loopback address, and without authentication (auth.strategy = \"none\") anybody who \
             reaches it could read and send everything"
        );
        return Some((why, "set auth.strategy to \"token\" or \"keystone\", or listen on 127.0.0.1"));
    }
    if exposed && !sealed {
        let why = format!(
            "`{listen}` is not a loopback address, and without TLS tokens travel readable for anybody"
        );
        let fix = "set http.tls, or http.plain = \"allow\" where a proxy in front of the host speaks TLS";
        return Some((why, fix));
    }
    None
}

fn is_loopback(address: IpAddr) -> bool {
    match address {
        IpAddr::V6(v6) => v6.is_loopback() || v6.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback()),
        IpAddr::V4(v4) => v4.is_loopback(),
    }
}
