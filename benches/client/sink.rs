//! A lean receiver in a process of its own: whatever it is sent, it answers 204.

use std::{
    convert::Infallible,
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::{Request, Response, StatusCode, body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::aws_lc_rs},
};

/// The argument that makes this program the sink.
pub(crate) const FLAG: &str = "--sink";

/// The sink's process, ended with this.
pub(crate) struct Sink {
    child: Child,
    ports: Vec<u16>,
    /// Its certificate, as PEM.
    pub(crate) certificate: tempfile::NamedTempFile,
}

impl Sink {
    pub(crate) fn start() -> Result<Self> {
        let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
        let mut certificate = tempfile::NamedTempFile::new()?;
        certificate.write_all(own.cert.pem().as_bytes())?;
        let mut child = Command::new(std::env::current_exe()?)
            .arg(FLAG)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut stdin = child.stdin.take().context("the sink's input")?;
        writeln!(stdin, "{}{}", own.cert.pem(), own.signing_key.serialize_pem())?;
        drop(stdin);
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("the sink's output")?).read_line(&mut line)?;
        let ports = line.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self { child, ports, certificate })
    }

    pub(crate) fn port(&self, n: usize) -> u16 {
        self.ports.get(n).copied().unwrap_or(0)
    }

    /// HTTP/1.1 in clear text.
    pub(crate) fn clear(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port(0))
    }

    /// HTTP/1.1 over TLS.
    pub(crate) fn tls(&self) -> String {
        format!("https://127.0.0.1:{}/hook", self.port(1))
    }

    /// HTTP/2 over TLS.
    pub(crate) fn http2(&self) -> String {
        format!("https://127.0.0.1:{}/hook", self.port(2))
    }

    /// HTTP/1.1 over TLS; each connection is closed after its first answer.
    pub(crate) fn closing(&self) -> String {
        format!("https://127.0.0.1:{}/hook", self.port(3))
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Runs the sink; certificate and key come on the standard input, the ports are printed.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn serve() -> Result<()> {
    let pem = std::io::read_to_string(std::io::stdin())?;
    let mut ports = String::new();
    let mut tasks = Vec::new();
    for (tls, protocol, closing) in
        [(false, "http/1.1", false), (true, "http/1.1", false), (true, "h2", false), (true, "http/1.1", true)]
    {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        ports.push_str(&format!("{} ", listener.local_addr()?.port()));
        let acceptor = if tls { Some(acceptor(&pem, protocol)?) } else { None };
        tasks.push(tokio::spawn(listen(listener, acceptor, protocol == "h2", closing)));
    }
    println!("{ports}");
    for task in tasks {
        task.await?;
    }
    Ok(())
}

fn acceptor(pem: &str, protocol: &str) -> Result<TlsAcceptor> {
    use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
    let chain = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes())?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn listen(listener: TcpListener, acceptor: Option<TlsAcceptor>, http2: bool, closing: bool) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            if stream.set_nodelay(true).is_err() {
                return;
            }
            let Some(acceptor) = acceptor else { return http1(stream, closing).await };
            let Ok(stream) = acceptor.accept(stream).await else { return };
            if !http2 {
                return http1(stream, closing).await;
            }
            let serving = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .max_concurrent_streams(256)
                .serve_connection(TokioIo::new(stream), service_fn(taken));
            drop(serving.await);
        });
    }
}

async fn taken(request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
    drop(request.into_body().collect().await);
    let mut response = Response::new(Empty::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

/// Reads requests by their `content-length` and answers each.
async fn http1(mut stream: impl AsyncRead + AsyncWrite + Unpin, closing: bool) {
    let mut seen = Vec::with_capacity(8192);
    while stream.read_buf(&mut seen).await.is_ok_and(|bytes| bytes > 0) {
        while let Some(length) = whole(&seen) {
            seen.drain(..length);
            let answer: &[u8] = if closing {
                b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"
            } else {
                b"HTTP/1.1 204 No Content\r\n\r\n"
            };
            if stream.write_all(answer).await.is_err() {
                return;
            }
            if closing {
                drop(stream.shutdown().await);
                return;
            }
        }
    }
}

/// The length of the first request in `seen`, where it is all there.
fn whole(seen: &[u8]) -> Option<usize> {
    const FIELD: &[u8] = b"content-length: ";
    let head = seen.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let at = seen.get(..head)?.windows(FIELD.len()).position(|name| name.eq_ignore_ascii_case(FIELD))?;
    let digits = seen.get(at + FIELD.len()..head)?.split(|byte| *byte == b'\r').next()?;
    let body: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (seen.len() >= head + body).then_some(head + body)
}
