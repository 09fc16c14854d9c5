//! A pool of one connection to an HTTP/2 origin: it carries as many requests at a time as the far side allows, and what
//! the far side did nothing with is tried again on the next one.

// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used)]

mod far_side;

use std::{
    future::Future,
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use h2::server::{self, SendResponse};
use nuncio_plugin_sdk::http::{Bytes, Client, HttpError, Identity, Pooling, StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{RootCertStore, ServerConfig, crypto::aws_lc_rs, server::WebPkiClientVerifier},
    server::TlsStream,
};

use far_side::{LONG, bind, loopback, post, tls_acceptor};

type Wire = TlsStream<TcpStream>;

/// A client of one connection, and a far side that deals with each connection as `with` says (its number, itself).
async fn pair<F: Future<Output = ()> + Send + 'static>(
    with: impl Fn(usize, Wire) -> F + Send + Sync + 'static,
) -> (Client, String, Arc<AtomicUsize>) {
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let mut pem = tempfile::NamedTempFile::new().unwrap();
    pem.write_all(own.cert.pem().as_bytes()).unwrap();
    let client = Client::with(loopback(), Some(pem.path()), Pooling::default().connections(1)).unwrap();
    let acceptor = tls_acceptor(&own, &[b"h2"]);
    let (listener, port) = bind().await;
    let opened = Arc::new(AtomicUsize::new(0));
    let (counting, with) = (Arc::clone(&opened), Arc::new(with));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let number = counting.fetch_add(1, Ordering::SeqCst);
            let (acceptor, with) = (acceptor.clone(), Arc::clone(&with));
            tokio::spawn(async move {
                with(number, acceptor.accept(stream).await.unwrap()).await;
            });
        }
    });
    (client, format!("https://127.0.0.1:{port}/"), opened)
}

fn no_content(respond: &mut SendResponse<Bytes>) {
    let mut answer = hyper::Response::new(());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    respond.send_response(answer, true).unwrap();
}

async fn send(client: &Client, url: &str) -> Result<StatusCode, HttpError> {
    client.send(post(url), LONG).await.map(|answer| answer.status)
}

fn begun(client: &Client, url: &str, requests: usize) -> JoinSet<Result<StatusCode, HttpError>> {
    let mut sending = JoinSet::new();
    for _ in 0..requests {
        let (client, url) = (client.clone(), url.to_owned());
        sending.spawn(async move { send(&client, &url).await });
    }
    sending
}

/// Allows `most` streams and answers nothing before `crowd` requests are under way, so that it ends only if they share a connection.
async fn crowded(stream: Wire, most: u32, crowd: usize) {
    let mut builder = server::Builder::new();
    let mut served = builder.max_concurrent_streams(most).handshake(stream).await.unwrap();
    let mut waiting = Vec::new();
    while let Some(Ok((_request, respond))) = served.accept().await {
        waiting.push(respond);
        if waiting.len() == crowd {
            waiting.drain(..).for_each(|mut respond| no_content(&mut respond));
        }
    }
}

#[tokio::test]
async fn it_carries_as_many_requests_at_a_time_as_the_far_side_allows() {
    const MOST: usize = 250;
    let (client, url, opened) = pair(|_, stream| crowded(stream, 250, MOST)).await;
    let answers = begun(&client, &url, 2 * MOST).join_all().await;
    assert!(answers.iter().all(|answer| *answer == Ok(StatusCode::NO_CONTENT)), "{answers:?}");
    assert_eq!(opened.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_far_side_that_allows_one_stream_is_never_asked_for_two() {
    let (client, url, opened) = pair(|_, stream| crowded(stream, 1, 1)).await;
    let answers = begun(&client, &url, 40).join_all().await;
    assert!(answers.iter().all(|answer| *answer == Ok(StatusCode::NO_CONTENT)), "{answers:?}");
    assert_eq!(opened.load(Ordering::SeqCst), 1);
}

/// Takes two requests, answers none, and says that it looked at the first alone (RFC 9113, section 6.8); then it hangs up.
async fn going_away(mut stream: Wire) {
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    const GOAWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
    stream.write_all(&SETTINGS).await.unwrap();
    stream.read_exact(&mut [0; 24]).await.unwrap();
    let mut whole = 0;
    while whole < 2 {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let [_, high, low, kind, flags, ..] = head;
        let mut payload = vec![0; usize::from(high) << 8 | usize::from(low)];
        stream.read_exact(&mut payload).await.unwrap();
        // DATA with END_STREAM.
        whole += usize::from(kind == 0 && flags & 1 == 1);
    }
    stream.write_all(&GOAWAY).await.unwrap();
    stream.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_a_goaway_leaves_out_is_sent_again_and_what_it_counts_in_is_not() {
    let (client, url, opened) = pair(|number, stream| async move {
        if number == 0 { going_away(stream).await } else { crowded(stream, 100, 1).await }
    })
    .await;
    let answers = begun(&client, &url, 2).join_all().await;
    assert_eq!(answers.iter().filter(|answer| **answer == Ok(StatusCode::NO_CONTENT)).count(), 1);
    let lost = answers.iter().find_map(|answer| answer.as_ref().err()).unwrap();
    assert!(lost.maybe_sent(), "{lost}");
    assert_eq!(opened.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_far_side_that_asks_for_a_certificate_gets_it() {
    let [server, own] = ["127.0.0.1", "com.example.app"]
        .map(|name| rcgen::generate_simple_self_signed([name.to_owned()]).unwrap());
    let mut roots = RootCertStore::empty();
    roots.add(own.cert.der().clone()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![server.cert.der().clone()],
            server.signing_key.serialize_der().try_into().unwrap(),
        )
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (listener, port) = bind().await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                tokio::spawn(crowded(stream, 100, 1));
            }
        }
    });
    let mut pem = tempfile::NamedTempFile::new().unwrap();
    pem.write_all(server.cert.pem().as_bytes()).unwrap();
    let url = format!("https://127.0.0.1:{port}/");
    let identity =
        Identity::from_pem(&format!("{}{}", own.cert.pem(), own.signing_key.serialize_pem())).unwrap();
    let client = Client::identified(loopback(), Some(pem.path()), Pooling::default(), &identity).unwrap();
    assert_eq!(send(&client, &url).await, Ok(StatusCode::NO_CONTENT));
    assert!(send(&Client::new(loopback(), Some(pem.path())).unwrap(), &url).await.is_err());
}
