//! The ceiling: a plain axum server that takes what the host takes and answers what it answers, and does nothing else.

use std::{convert::Infallible, fs, net::Ipv4Addr};

use anyhow::Result;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, State},
    http::{Request, StatusCode, header},
    response::IntoResponse,
    routing::{delete, post},
};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use nuncio_host::config::Config;
use tokio::net::TcpListener;

use crate::canned::Canned;

/// Serves until it is killed.
///
/// # Errors
/// When it cannot listen.
pub(crate) fn serve(canned: &Canned) -> Result<()> {
    let answer = Bytes::from(fs::read(&canned.answer)?);
    let router = Router::new()
        .route("/v2/queues/{queue}/messages", post(created))
        .route("/v2/queues/{queue}/messages/{message}", delete(async |_: Bytes| StatusCode::NO_CONTENT))
        .route("/v2/queues/{queue}/claims", post(created))
        .layer(DefaultBodyLimit::disable())
        .with_state(answer);
    tokio::runtime::Runtime::new()?.block_on(listen(router))
}

async fn created(State(answer): State<Bytes>, _: Bytes) -> impl IntoResponse {
    (StatusCode::CREATED, [(header::CONTENT_TYPE, "application/json")], answer)
}

/// With the settings of the host's own listener.
async fn listen(router: Router) -> Result<()> {
    let head = Config::default().http.head_timeout;
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(head);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(head);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let router = router.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let mut router = router.clone();
            async move {
                let Ok(response) = tower_service::Service::call(&mut router, request.map(Body::new)).await;
                Ok::<_, Infallible>(response)
            }
        });
        let served = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
        tokio::spawn(async move { served.await.ok() });
    }
}
