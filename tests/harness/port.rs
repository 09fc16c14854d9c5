use std::net::{Ipv4Addr, TcpListener};

/// A loopback port that was free a moment ago, for servers that cannot choose one themselves and tell.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free loopback port");
    listener.local_addr().expect("a bound socket has an address").port()
}
