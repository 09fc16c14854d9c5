//! The HTTP client against real sockets: what is sent, what each failure is called, and that deadlines hold.

// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod far_side;

use std::{convert::Infallible, io::Write, sync::Arc, time::Duration};

use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use nuncio_plugin_sdk::{
    core::net::Policy,
    http::{Answer, BODY_CAP, Client, HttpError, StatusCode},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use far_side::{LONG, OK, bind, loopback, post, request_of, tls_acceptor};

const SHORT: Duration = Duration::from_millis(150);

/// One connection; `then` plays the server after the request has been read.
async fn exchange<F>(
    deadline: Duration,
    then: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> Result<Answer, HttpError>
where
    F: Future<Output = ()> + Send + 'static,
{
    let (listener, port) = bind().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        request_of(&mut stream).await;
        then(stream).await;
    });
    let client = Client::new(loopback(), None).unwrap();
    let answer = client.send(post(&format!("http://127.0.0.1:{port}/")), deadline).await;
    server.abort();
    answer
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let (listener, port) = bind().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        for _ in 0..2 {
            let request = request_of(&mut stream).await;
            assert!(request.starts_with("POST /a?b=c HTTP/1.1\r\n"), "{request}");
            stream.write_all(OK.as_bytes()).await.unwrap();
        }
    });
    let client = Client::new(loopback(), None).unwrap();
    for _ in 0..2 {
        let answer = client.send(post(&format!("http://127.0.0.1:{port}/a?b=c")), LONG).await.unwrap();
        assert_eq!(
            (answer.status, answer.body.as_slice(), answer.truncated),
            (StatusCode::OK, &b"ok"[..], false)
        );
    }
    server.await.unwrap();
}

#[tokio::test]
async fn a_hanging_server_is_a_timeout_that_may_have_been_sent() {
    let error = exchange(SHORT, |stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    });
    let error = error.await.unwrap_err();
    assert!(matches!(error, HttpError::Timeout { after: SHORT, maybe_sent: true, .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_that_hangs_up_is_a_reset_that_may_have_been_sent() {
    let error = exchange(LONG, |stream| async move { drop(stream) }).await.unwrap_err();
    assert!(matches!(error, HttpError::Reset { maybe_sent: true, .. }), "{error:?}");
    let error = exchange(LONG, |stream| async move {
        stream.set_zero_linger().unwrap();
        drop(stream);
    });
    let error = error.await.unwrap_err();
    assert!(matches!(error, HttpError::Reset { maybe_sent: true, .. }), "{error:?}");
}

#[tokio::test]
async fn what_is_not_http_is_told_apart() {
    let error =
        exchange(
            LONG,
            |mut stream| async move { stream.write_all(b"220 mail ready\r\n\r\n").await.unwrap() },
        );
    let error = error.await.unwrap_err();
    assert!(matches!(error, HttpError::Other { .. }), "{error:?}");
}

#[tokio::test]
async fn a_body_beyond_the_cap_is_cut() {
    let answer = exchange(LONG, |mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    });
    let answer = answer.await.unwrap();
    assert_eq!((answer.body.len(), answer.truncated), (BODY_CAP, true));
}

#[tokio::test]
async fn a_body_that_drips_ends_with_the_deadline_and_the_status_stands() {
    let answer = exchange(SHORT, |mut stream| async move {
        stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 100\r\n\r\ndrip").await.unwrap();
        std::future::pending::<()>().await;
    });
    let answer = answer.await.unwrap();
    assert_eq!(
        (answer.status, answer.body.as_slice(), answer.truncated),
        (StatusCode::ACCEPTED, &b"drip"[..], true)
    );
}

#[tokio::test]
async fn a_closed_port_and_a_missing_name_are_told_apart() {
    let (listener, port) = bind().await;
    drop(listener);
    let client = Client::new(loopback(), None).unwrap();
    let error = client.send(post(&format!("http://127.0.0.1:{port}/secret")), LONG).await.unwrap_err();
    assert_eq!(error.to_string(), format!("connection refused by http://127.0.0.1:{port}"));
    let error = client.send(post("http://nobody.invalid/secret"), LONG).await.unwrap_err();
    assert_eq!(error.to_string(), "the name in http://nobody.invalid:80 cannot be resolved");
}

#[tokio::test]
async fn the_guard_stands_before_the_client() {
    let (_listener, port) = bind().await;
    let client = Client::new(Arc::new(Policy::default()), None).unwrap();
    for host in ["127.0.0.1", "[::1]", "localhost"] {
        let error = client.send(post(&format!("http://{host}:{port}/")), LONG).await.unwrap_err();
        assert_eq!(error, HttpError::Forbidden, "{host}");
    }
}

#[tokio::test]
async fn tls_is_verified_and_a_root_can_be_added() {
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let mut pem = tempfile::NamedTempFile::new().unwrap();
    pem.write_all(own.cert.pem().as_bytes()).unwrap();
    let (listener, port) = bind().await;
    let acceptor = tls_acceptor(&own, &[]);
    let server = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // A client that does not trust us ends the handshake.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0; 1024];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            stream.write_all(OK.as_bytes()).await.unwrap();
        }
    });
    let url = format!("https://127.0.0.1:{port}/");
    let stranger = Client::new(loopback(), None).unwrap().send(post(&url), LONG).await.unwrap_err();
    assert!(stranger.to_string().contains("invalid peer certificate"), "{stranger}");
    let friend = Client::new(loopback(), Some(pem.path())).unwrap().send(post(&url), LONG).await.unwrap();
    assert_eq!(friend.status, StatusCode::OK);
    server.abort();
}

#[tokio::test]
async fn http_2_is_spoken_where_tls_offers_it_and_one_connection_carries_many_requests() {
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let mut pem = tempfile::NamedTempFile::new().unwrap();
    pem.write_all(own.cert.pem().as_bytes()).unwrap();
    let (listener, port) = bind().await;
    let acceptor = tls_acceptor(&own, &[b"h2"]);
    let server = tokio::spawn(async move {
        // A second connection would wait for ever.
        let (stream, _) = listener.accept().await.unwrap();
        let stream = TokioIo::new(acceptor.accept(stream).await.unwrap());
        let answer = service_fn(|request: hyper::Request<Incoming>| async move {
            assert_eq!(request.version(), hyper::Version::HTTP_2);
            let body = request.into_body().collect().await.unwrap().to_bytes();
            Ok::<_, Infallible>(hyper::Response::new(Full::new(body)))
        });
        http2::Builder::new(TokioExecutor::new()).serve_connection(stream, answer).await
    });
    let client = Client::new(loopback(), Some(pem.path())).unwrap();
    let url = format!("https://127.0.0.1:{port}/");
    assert_eq!(client.send(post(&url), LONG).await.unwrap().body, b"hello");
    let (one, two) = tokio::join!(client.send(post(&url), LONG), client.send(post(&url), LONG));
    assert_eq!((one.unwrap().body, two.unwrap().body), (b"hello".to_vec(), b"hello".to_vec()));
    server.abort();
}
