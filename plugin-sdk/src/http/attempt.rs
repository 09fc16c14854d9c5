//! One request on its way; where the first connection turns out to be closed, on a second one.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, header::HOST, response};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use tokio::time::{Instant, timeout_at};

use super::{
    body::{Kept, Outgoing, Sent},
    endpoint::Endpoint,
    error::Failure,
    http2,
    pool::{Lease, Own, Pool, Stream},
};

/// A request.
pub(super) struct Attempt<'a> {
    to: &'a Endpoint,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
}

/// The head of an answer, and what its body comes on.
pub(super) struct Answered {
    pub(super) head: response::Parts,
    body: Incoming,
    on: Lease,
}

/// The answer, or `None`: the far side did nothing with the request, and another connection may take it.
type Tried = Result<Option<Answered>, Failure>;

impl<'a> Attempt<'a> {
    pub(super) fn new(to: &'a Endpoint, method: Method, headers: HeaderMap, body: Bytes) -> Self {
        Self { to, method, headers, body }
    }

    /// Sends it and waits for the head of the answer; `sent` says meanwhile whether the far side may have it.
    pub(super) async fn answer(mut self, pool: &Pool, sent: &mut Sent) -> Result<Answered, Failure> {
        if let Some(answered) = self.once(pool, false, sent).await? {
            return Ok(answered);
        }
        *sent = Sent::No;
        self.once(pool, true, sent).await?.ok_or(Failure::Closed)
    }

    async fn once(&mut self, pool: &Pool, fresh: bool, sent: &mut Sent) -> Tried {
        match pool.lease(self.to, fresh).await? {
            Lease::Own(own) => self.on_own(own, sent).await,
            Lease::Stream(stream) => self.on_stream(stream, sent).await,
        }
    }

    async fn on_own(&mut self, mut own: Own, sent: &mut Sent) -> Tried {
        let mut headers = std::mem::take(&mut self.headers);
        headers.entry(HOST).or_insert_with(|| self.to.authority());
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.to.path();
        *request.headers_mut() = headers;
        *sent = Sent::Yes;
        let mut error = match own.connection.send(request).await {
            Ok(response) => return Ok(Some(Answered::of(response, Lease::Own(own)))),
            Err(error) => error,
        };
        match error.take_message() {
            Some(request) if own.reused => {
                self.headers = request.into_parts().0.headers;
                Ok(None)
            }
            unsent => Err(Failure::Http { error: error.into_error(), maybe_sent: unsent.is_none() }),
        }
    }

    async fn on_stream(&mut self, stream: Stream, sent: &mut Sent) -> Tried {
        let (outgoing, handed) = Outgoing::new(self.body.clone());
        let mut request = Request::new(outgoing);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.to.absolute();
        // Only a connection that others have used is worth a second try.
        let headers = &mut self.headers;
        *request.headers_mut() = if stream.reused { headers.clone() } else { std::mem::take(headers) };
        *sent = Sent::Asked(handed);
        let mut error = match stream.lane.send(request).await {
            Ok(response) => return Ok(Some(Answered::of(response, Lease::Stream(stream)))),
            Err(error) => error,
        };
        let untouched = error.take_message().is_some() || http2::refused(error.error());
        if untouched && stream.reused {
            stream.lane.retire();
            return Ok(None);
        }
        Err(Failure::Http { error: error.into_error(), maybe_sent: !untouched && sent.yes() })
    }
}

impl Answered {
    fn of(response: http::Response<Incoming>, on: Lease) -> Self {
        let (head, body) = response.into_parts();
        Self { head, body, on }
    }

    /// Reads the body into `kept` until it ends, has all that is wanted, or it is `until`; says whether it is whole.
    /// A connection of one's own that is not at the end of an answer then is closed.
    pub(super) async fn read(self, kept: &mut Kept, until: Instant) -> (response::Parts, bool) {
        let Self { head, body, on } = self;
        let empty = body.is_end_stream();
        let whole = match on {
            Lease::Own(mut own) => {
                let whole = empty || timeout_at(until, own.connection.read(body, kept)).await == Ok(true);
                if whole {
                    own.give_back();
                }
                whole
            }
            Lease::Stream(_lane) => empty || timeout_at(until, http2::read(body, kept)).await == Ok(true),
        };
        (head, whole)
    }
}
