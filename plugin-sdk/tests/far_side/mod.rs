//! What the tests of the client have in common.

#![allow(clippy::unwrap_used, dead_code, unreachable_pub, reason = "what tests share; each uses a part")]

use std::{sync::Arc, time::Duration};

use nuncio_plugin_sdk::{
    core::net::Policy,
    http::{Bytes, Request},
};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
};

pub const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
pub const LONG: Duration = Duration::from_secs(10);

pub fn loopback() -> Arc<Policy> {
    Arc::new(Policy::new(&["127.0.0.0/8".to_owned()], &[]).unwrap())
}

pub fn post(url: &str) -> Request<Bytes> {
    Request::post(url).body(Bytes::from_static(b"hello")).unwrap()
}

pub async fn bind() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

pub async fn request_of(stream: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(b"hello") {
        let mut part = [0; 1024];
        let n = stream.read(&mut part).await.unwrap();
        if n == 0 {
            break;
        }
        seen.extend_from_slice(&part[..n]);
    }
    String::from_utf8(seen).unwrap()
}

pub fn tls_acceptor(
    own: &rcgen::CertifiedKey<rcgen::KeyPair>,
    protocols: &[&[u8]],
) -> tokio_rustls::TlsAcceptor {
    use tokio_rustls::rustls::{ServerConfig, crypto::aws_lc_rs};
    let key = own.signing_key.serialize_der().try_into().unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    tokio_rustls::TlsAcceptor::from(Arc::new(config))
}
