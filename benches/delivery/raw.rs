//! RAW, the ceiling: a bare hyper client that posts what the host would post, to the same sink.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use nuncio_benches::{
    Letter,
    machine::{Cores, Ended, Usage, now_ns, pinned},
};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use serde::{Deserialize, Serialize};
use tokio::{net::TcpStream, task::JoinSet};
use tokio_rustls::TlsConnector;

use crate::outside::Behaviour;

/// What the bare client is asked to do.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Bare {
    /// Where to.
    #[arg(long)]
    pub(crate) to: SocketAddr,
    /// Connections.
    #[arg(long)]
    pub(crate) connections: usize,
    /// How long.
    #[arg(long)]
    pub(crate) seconds: f64,
    /// The size of a message.
    #[arg(long)]
    pub(crate) body_bytes: usize,
    /// The PEM file of the root that signed the sink's certificate: then by TLS.
    #[arg(long)]
    pub(crate) root: Option<PathBuf>,
}

/// What the bare client did.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Ceiling {
    /// POSTs a second.
    pub(crate) rate: f64,
    /// CPU of a POST, seconds.
    pub(crate) cpu: f64,
    /// POSTs in all, with those before the measurement.
    pub(crate) posts: u64,
}

/// Runs a bare client on the subject's core.
///
/// # Errors
/// When it cannot post.
pub(crate) fn measure(cores: Cores, bare: &Bare) -> Result<Ceiling> {
    let mut program = Command::new(std::env::current_exe()?);
    program.args(["raw", "--to", &bare.to.to_string(), "--connections", &bare.connections.to_string()]);
    program.args(["--seconds", &bare.seconds.to_string(), "--body-bytes", &bare.body_bytes.to_string()]);
    program.args(bare.root.as_ref().map(|root| format!("--root={}", root.display())));
    program.stdout(Stdio::piped());
    let mut child = pinned(cores.subject, || Ok(Ended(program.spawn()?)))?;
    let output = child.0.stdout.take().context("piped")?;
    let text = std::io::read_to_string(output)?;
    ensure!(child.0.wait()?.success(), "the bare client failed");
    serde_json::from_str(&text).with_context(|| format!("the bare client said `{text}`"))
}

/// The process: posts, and prints a [`Ceiling`].
///
/// # Errors
/// When a POST is not answered 200.
pub(crate) fn run(bare: &Bare) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let ceiling = runtime.block_on(all(bare))?;
    println!("{}", serde_json::to_string(&ceiling)?);
    Ok(())
}

async fn all(bare: &Bare) -> Result<Ceiling> {
    let tls = bare.root.as_deref().map(connector).transpose()?;
    let posted = Arc::new(AtomicU64::new(0));
    // A fifth of the time for connections, caches and the clock of the processor.
    let begin = now_ns() + (bare.seconds * 0.2e9) as u64;
    let end = begin + (bare.seconds * 1e9) as u64;
    let mut posting = JoinSet::new();
    for _ in 0..bare.connections {
        let stream = TcpStream::connect(bare.to).await?;
        stream.set_nodelay(true)?;
        let work =
            Work { to: bare.to, letter: Letter::of_size(bare.body_bytes), end, posted: posted.clone() };
        match tls.clone() {
            Some(tls) => posting.spawn(async move {
                let name = ServerName::IpAddress(work.to.ip().into());
                work.posts(TokioIo::new(tls.connect(name, stream).await?)).await
            }),
            None => posting.spawn(work.posts(TokioIo::new(stream))),
        };
    }
    let look = || anyhow::Ok((Usage::of(std::process::id())?.cpu, posted.load(Ordering::Relaxed), now_ns()));
    sleep_until(begin).await;
    let (cpu, posts, from) = look()?;
    sleep_until(end).await;
    let (cpu_after, posts_after, to) = look()?;
    while let Some(ended) = posting.join_next().await {
        ended??;
    }
    let measured = (posts_after - posts) as f64;
    Ok(Ceiling {
        rate: measured / ((to - from) as f64 / 1e9),
        cpu: (cpu_after - cpu) / measured,
        posts: posted.load(Ordering::Relaxed),
    })
}

async fn sleep_until(then: u64) {
    tokio::time::sleep(Duration::from_nanos(then.saturating_sub(now_ns()))).await;
}

/// What one connection does.
struct Work {
    to: SocketAddr,
    letter: Letter,
    end: u64,
    posted: Arc<AtomicU64>,
}

impl Work {
    /// Posts as fast as it is answered, in the form in which the host delivers a message of a queue.
    async fn posts(
        self,
        stream: impl hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
    ) -> Result<()> {
        let (mut sender, connection) = http1::handshake(stream).await?;
        let connection = tokio::spawn(connection);
        let before = b"{\"ttl\": 3600, \"body\": ";
        let after = b", \"Message_Type\": \"Notification\", \"queue_name\": \"benchmark\"}";
        let mut text = [before, self.letter.text(), after].concat();
        while now_ns() < self.end {
            let number = self.posted.fetch_add(1, Ordering::Relaxed);
            Letter::fill(&mut text[before.len()..], number, now_ns());
            let request = Request::post(Behaviour::Take.path(0))
                .header("host", self.to.to_string())
                .header("content-type", "application/json")
                .header("user-agent", "Nuncio/0")
                .header("webhook-id", format!("msg_{number:032x}"))
                .header("webhook-timestamp", "1700000000")
                .body(Full::new(Bytes::copy_from_slice(&text)))?;
            sender.ready().await?;
            let response = sender.send_request(request).await?;
            ensure!(response.status().is_success(), "the sink answered {}", response.status());
            response.into_body().collect().await?;
        }
        drop(sender);
        Ok(connection.await??)
    }
}

fn connector(root: &Path) -> Result<TlsConnector> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(root)?)?;
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
