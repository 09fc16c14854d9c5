//! hyper's connections with nothing around them: what is the least.

use std::sync::Arc;

use anyhow::{Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinSet,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, RootCertStore, client::Resumption, crypto::aws_lc_rs},
};

use crate::{BODY, TOGETHER, cpu::spent_ns, sink::Sink};

/// The headers that the webhook driver sends.
pub(crate) const HEADERS: [(&str, &str); 4] = [
    ("content-type", "application/json"),
    ("user-agent", "Nuncio/0.1.0"),
    ("webhook-id", "018f6b52-6b1c-8d3e-9a77-0c5d0a4b1e2f"),
    ("webhook-timestamp", "1614265330"),
];

fn request(uri: &str, body: &Bytes) -> Result<Request<Full<Bytes>>> {
    let mut request = Request::post(uri).header("host", "127.0.0.1:8080");
    for (name, value) in HEADERS {
        request = request.header(name, value);
    }
    Ok(request.body(Full::new(body.clone()))?)
}

async fn taken(response: Response<Incoming>) -> Result<()> {
    ensure!(response.status().is_success(), "the sink answered {}", response.status());
    response.into_body().collect().await?;
    Ok(())
}

async fn tcp(port: u16) -> Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn connector(sink: &Sink, protocol: &str, resuming: bool) -> Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(sink.certificate.path())?)?;
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    if !resuming {
        config.resumption = Resumption::disabled();
    }
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn secured(connector: &TlsConnector, port: u16) -> Result<TlsStream<TcpStream>> {
    Ok(connector.connect(ServerName::try_from("127.0.0.1")?, tcp(port).await?).await?)
}

/// CPU a POST of `TOGETHER` connections in clear text.
pub(crate) async fn clear(sink: &Sink, posts: usize) -> Result<f64> {
    let mut streams = Vec::new();
    for _ in 0..TOGETHER {
        streams.push(tcp(sink.port(0)).await?);
    }
    connections(streams, posts).await
}

/// The same over TLS, after the handshakes.
pub(crate) async fn tls(sink: &Sink, posts: usize) -> Result<f64> {
    let connector = connector(sink, "http/1.1", true)?;
    let mut streams = Vec::new();
    for _ in 0..TOGETHER {
        streams.push(secured(&connector, sink.port(1)).await?);
    }
    connections(streams, posts).await
}

async fn connections<S>(streams: Vec<S>, posts: usize) -> Result<f64>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let body = Bytes::from(vec![b'x'; BODY]);
    let each = posts / streams.len();
    let sent = each * streams.len();
    let mut tasks = JoinSet::new();
    let begun = spent_ns()?;
    for stream in streams {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let body = body.clone();
        tasks.spawn(async move {
            for _ in 0..each {
                sender.ready().await?;
                taken(sender.send_request(request("/hook", &body)?).await?).await?;
            }
            anyhow::Ok(())
        });
    }
    finished(tasks, begun, sent).await
}

/// CPU a POST of `TOGETHER` streams on one connection.
pub(crate) async fn http2(sink: &Sink, posts: usize) -> Result<f64> {
    let body = Bytes::from(vec![b'x'; BODY]);
    let stream = secured(&connector(sink, "h2", true)?, sink.port(2)).await?;
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let mut tasks = JoinSet::new();
    let begun = spent_ns()?;
    let url = sink.http2();
    for _ in 0..TOGETHER {
        let (mut sender, body, url) = (sender.clone(), body.clone(), url.clone());
        tasks.spawn(async move {
            for _ in 0..posts / TOGETHER {
                let mut request = request(&url, &body)?;
                request.headers_mut().remove("host");
                taken(sender.send_request(request).await?).await?;
            }
            anyhow::Ok(())
        });
    }
    let cost = finished(tasks, begun, posts / TOGETHER * TOGETHER).await;
    connection.abort();
    cost
}

/// CPU of a connection, its handshake and one POST.
pub(crate) async fn handshakes(sink: &Sink, posts: usize, resuming: bool) -> Result<f64> {
    let body = Bytes::from(vec![b'x'; BODY]);
    let connector = connector(sink, "http/1.1", resuming)?;
    let port = sink.port(3);
    let mut tasks = JoinSet::new();
    let begun = spent_ns()?;
    for _ in 0..TOGETHER {
        let (connector, body) = (connector.clone(), body.clone());
        tasks.spawn(async move {
            for _ in 0..posts / TOGETHER {
                let stream = TokioIo::new(secured(&connector, port).await?);
                let (mut sender, connection) = http1::handshake(stream).await?;
                tokio::spawn(connection);
                taken(sender.send_request(request("/hook", &body)?).await?).await?;
            }
            anyhow::Ok(())
        });
    }
    finished(tasks, begun, posts / TOGETHER * TOGETHER).await
}

/// Waits for `tasks` and says what each of the `sent` POSTs cost since `begun`.
#[allow(clippy::cast_precision_loss, reason = "nanoseconds of a measurement are far below 2^52")]
pub(crate) async fn finished(mut tasks: JoinSet<Result<()>>, begun: u64, sent: usize) -> Result<f64> {
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok((spent_ns()? - begun) as f64 / sent as f64)
}
