//! The client's connections against real sockets: which are used again, how many there are, when they end.

// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod far_side;

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use h2::{Reason, server::SendResponse};
use nuncio_plugin_sdk::http::{Bytes, Client, HttpError, Pooling, StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, rustls::HandshakeKind};

use far_side::{LONG, OK, bind, loopback, post, request_of, tls_acceptor};

fn client(pooling: Pooling) -> Client {
    Client::with(loopback(), None, pooling).unwrap()
}

/// A client that trusts the acceptor, which offers `protocols`.
fn trusting(protocols: &[&[u8]]) -> (Client, TlsAcceptor) {
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let mut pem = tempfile::NamedTempFile::new().unwrap();
    pem.write_all(own.cert.pem().as_bytes()).unwrap();
    (Client::new(loopback(), Some(pem.path())).unwrap(), tls_acceptor(&own, protocols))
}

async fn answered(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().await.unwrap();
    request_of(&mut stream).await;
    stream.write_all(OK.as_bytes()).await.unwrap();
    stream
}

async fn ended(stream: &mut TcpStream) -> bool {
    matches!(timeout(LONG, stream.read(&mut [0; 16])).await, Ok(Ok(0)))
}

#[tokio::test]
async fn a_connection_that_was_closed_at_rest_is_replaced() {
    let (listener, port) = bind().await;
    let client = client(Pooling::default());
    for _ in 0..3 {
        let server = async { drop(answered(&listener).await) };
        let (answer, ()) =
            tokio::join!(client.send(post(&format!("http://127.0.0.1:{port}/")), LONG), server);
        assert_eq!(answer.unwrap().status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_request_that_was_written_is_not_sent_again() {
    let (listener, port) = bind().await;
    let client = client(Pooling::default());
    let url = format!("http://127.0.0.1:{port}/");
    let (answer, mut stream) = tokio::join!(client.send(post(&url), LONG), answered(&listener));
    assert!(answer.is_ok());
    let hangs_up = async move { drop(request_of(&mut stream).await) };
    let (answer, ()) = tokio::join!(client.send(post(&url), LONG), hangs_up);
    assert!(matches!(answer, Err(HttpError::Reset { maybe_sent: true, .. })), "{answer:?}");
    let another = timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(another.is_err(), "it was sent on another connection");
}

#[tokio::test]
async fn an_origin_has_no_more_connections_than_it_may_and_each_is_used_again() {
    const MOST: usize = 2;
    let (listener, port) = bind().await;
    let opened = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&opened);
    let server = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counting.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                while !request_of(&mut stream).await.is_empty() {
                    tokio::task::yield_now().await;
                    stream.write_all(OK.as_bytes()).await.unwrap();
                }
            });
        }
    });
    let client = client(Pooling::default().connections(MOST));
    let url = format!("http://127.0.0.1:{port}/");
    let mut sending = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (client, url) = (client.clone(), url.clone());
        sending.spawn(async move { client.send(post(&url), LONG).await.unwrap().status });
    }
    assert!(sending.join_all().await.iter().all(|status| *status == StatusCode::OK));
    assert_eq!(opened.load(Ordering::SeqCst), MOST);
    server.abort();
}

#[tokio::test]
async fn a_hung_origin_holds_up_no_other() {
    let ((hung, hung_port), (listener, port)) = (bind().await, bind().await);
    let client = client(Pooling::default().connections(1));
    let hanging = client.clone();
    let waiting = tokio::spawn(async move {
        let url = format!("http://127.0.0.1:{hung_port}/");
        tokio::join!(hanging.send(post(&url), LONG), hanging.send(post(&url), LONG))
    });
    let (mut stream, _) = hung.accept().await.unwrap();
    request_of(&mut stream).await;
    let url = format!("http://127.0.0.1:{port}/");
    let (answer, _stream) = tokio::join!(client.send(post(&url), LONG), answered(&listener));
    assert_eq!(answer.unwrap().status, StatusCode::OK);
    waiting.abort();
    assert!(ended(&mut stream).await, "a request that nobody waits for holds its connection");
}

#[tokio::test]
async fn what_rests_is_bounded_over_all_origins_and_ends_with_the_client() {
    let ((one, one_port), (two, two_port)) = (bind().await, bind().await);
    let client = client(Pooling::default().idle(1));
    let url = format!("http://127.0.0.1:{one_port}/");
    let (answer, mut first) = tokio::join!(client.send(post(&url), LONG), answered(&one));
    assert!(answer.is_ok());
    let url = format!("http://127.0.0.1:{two_port}/");
    let (answer, mut second) = tokio::join!(client.send(post(&url), LONG), answered(&two));
    assert!(answer.is_ok());
    assert!(ended(&mut first).await, "the one that rested longest stays open");
    assert!(timeout(Duration::from_millis(20), second.read(&mut [0; 1])).await.is_err(), "both were closed");
    drop(client);
    assert!(ended(&mut second).await, "it outlives its client");
}

#[tokio::test]
async fn what_rests_too_long_is_closed() {
    let (listener, port) = bind().await;
    let client = client(Pooling::default().idle_timeout(Duration::from_millis(200)));
    let url = format!("http://127.0.0.1:{port}/");
    let (answer, mut stream) = tokio::join!(client.send(post(&url), LONG), answered(&listener));
    assert!(answer.is_ok());
    assert!(ended(&mut stream).await);
}

#[tokio::test]
async fn the_second_connection_resumes_the_session_of_the_first() {
    let (client, acceptor) = trusting(&[b"http/1.1"]);
    let (listener, port) = bind().await;
    let url = format!("https://127.0.0.1:{port}/");
    for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let server = async {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = acceptor.accept(stream).await.unwrap();
            assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
            stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await.unwrap();
            let made = stream.get_ref().1.handshake_kind();
            drop(stream.shutdown().await);
            made
        };
        let (answer, made) = tokio::join!(client.send(post(&url), LONG), server);
        assert_eq!((answer.unwrap().status, made), (StatusCode::NO_CONTENT, Some(kind)));
    }
}

/// Serves HTTP/2, with `answer` for each request, and counts the connections.
fn serve(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    answer: impl Fn(usize, usize, SendResponse<Bytes>) + Send + Sync + 'static,
) -> Arc<AtomicUsize> {
    let opened = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&opened);
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let connection = counting.fetch_add(1, Ordering::SeqCst);
            let (acceptor, answer) = (acceptor.clone(), Arc::clone(&answer));
            tokio::spawn(async move {
                let stream = acceptor.accept(stream).await.unwrap();
                let mut served = h2::server::handshake(stream).await.unwrap();
                let mut requests = 0;
                while let Some(Ok((_request, respond))) = served.accept().await {
                    answer(connection, requests, respond);
                    requests += 1;
                }
            });
        }
    });
    opened
}

fn no_content(mut respond: SendResponse<Bytes>) {
    let mut answer = hyper::Response::new(());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    respond.send_response(answer, true).unwrap();
}

#[tokio::test]
async fn requests_that_begin_together_share_one_http_2_connection() {
    let (client, acceptor) = trusting(&[b"h2"]);
    let (listener, port) = bind().await;
    let opened = serve(listener, acceptor, |_, _, respond| no_content(respond));
    let mut sending = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let client = client.clone();
        let url = format!("https://127.0.0.1:{port}/");
        sending.spawn(async move { client.send(post(&url), LONG).await.unwrap().status });
    }
    assert!(sending.join_all().await.iter().all(|status| *status == StatusCode::NO_CONTENT));
    assert_eq!(opened.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_refused_stream_is_tried_once_more_on_another_connection() {
    let (client, acceptor) = trusting(&[b"h2"]);
    let (listener, port) = bind().await;
    let opened = serve(listener, acceptor, |connection, request, mut respond| {
        if (connection, request) == (0, 1) {
            respond.send_reset(Reason::REFUSED_STREAM);
        } else {
            no_content(respond);
        }
    });
    let url = format!("https://127.0.0.1:{port}/");
    for _ in 0..3 {
        assert_eq!(client.send(post(&url), LONG).await.unwrap().status, StatusCode::NO_CONTENT);
    }
    assert_eq!(opened.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_not_tried_again() {
    let (client, acceptor) = trusting(&[b"h2"]);
    let (listener, port) = bind().await;
    let opened = serve(listener, acceptor, |_, request, mut respond| {
        if request == 1 { respond.send_reset(Reason::INTERNAL_ERROR) } else { no_content(respond) }
    });
    let url = format!("https://127.0.0.1:{port}/");
    assert!(client.send(post(&url), LONG).await.is_ok());
    let error = client.send(post(&url), LONG).await.unwrap_err();
    assert!(matches!(error, HttpError::Reset { maybe_sent: true, .. }), "{error:?}");
    assert_eq!(opened.load(Ordering::SeqCst), 1);
}
