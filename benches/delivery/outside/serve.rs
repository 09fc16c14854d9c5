//! The process: listens, and does what its parent says line by line.

use std::{cell::RefCell, io::Write as _, net::SocketAddr, path::PathBuf, rc::Rc, sync::Arc};

use anyhow::{Context as _, Result};
use nuncio_benches::Journal;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use tokio::{net::TcpListener, sync::mpsc, task::LocalSet};
use tokio_rustls::TlsAcceptor;

use super::{
    ballast,
    command::{Answer, Command},
    connection, load,
};

/// Where the sink listens.
#[derive(Debug, clap::Args)]
pub(crate) struct Listen {
    /// How many ports it listens on.
    #[arg(long)]
    pub(crate) ports: usize,
    /// A PEM file with certificate and key: the sink then speaks TLS.
    #[arg(long)]
    pub(crate) tls: Option<PathBuf>,
}

/// Runs until standard input ends.
pub(crate) fn serve(listen: &Listen) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let journal = Rc::new(RefCell::new(Journal::default()));
        let tls = listen.tls.as_ref().map(acceptor).transpose()?;
        let mut addresses = Vec::with_capacity(listen.ports);
        for _ in 0..listen.ports {
            let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
            addresses.push(listener.local_addr()?);
            tokio::task::spawn_local(accept(listener, tls.clone(), Rc::clone(&journal)));
        }
        obey(addresses, journal).await
    })
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, journal: Rc<RefCell<Journal>>) {
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).ok();
        let (tls, journal) = (tls.clone(), Rc::clone(&journal));
        tokio::task::spawn_local(async move {
            let served = match tls {
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => connection::serve(stream, journal).await,
                    Err(error) => Err(error.into()),
                },
                None => connection::serve(stream, journal).await,
            };
            // A connection that the host cuts is its right; what is missing is counted.
            served.ok();
        });
    }
}

async fn obey(addresses: Vec<SocketAddr>, journal: Rc<RefCell<Journal>>) -> Result<()> {
    say(&Answer::Listening(addresses))?;
    let (sender, mut lines) = mpsc::channel(1);
    std::thread::spawn(move || {
        let mut lines = std::io::stdin().lines().map_while(Result::ok);
        while lines.next().is_some_and(|line| sender.blocking_send(line).is_ok()) {}
    });
    while let Some(line) = lines.recv().await {
        let answer = match serde_json::from_str(&line)? {
            Command::Reset => {
                journal.replace(Journal::default());
                Answer::Reset
            }
            Command::Count => Answer::Counted(journal.borrow().received),
            Command::Fill(host, what) => match ballast::put(host, what).await {
                Ok(()) => Answer::Filled,
                Err(error) => Answer::Failed(format!("{error:#}")),
            },
            Command::Load(wanted) => match load::run(wanted, Rc::clone(&journal)).await {
                Ok(loaded) => Answer::Loaded(loaded),
                Err(error) => Answer::Failed(format!("{error:#}")),
            },
        };
        say(&answer)?;
    }
    Ok(())
}

fn say(answer: &Answer) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(answer)?)?;
    Ok(out.flush()?)
}

fn acceptor(pem: &PathBuf) -> Result<TlsAcceptor> {
    let text = std::fs::read(pem).with_context(|| pem.display().to_string())?;
    let certificates = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(&text)?;
    let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(certificates, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
