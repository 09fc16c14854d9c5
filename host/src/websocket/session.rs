//! A connection at work: requests are answered in their order, and what is delivered to it is pushed in between.

use std::{collections::VecDeque, future::ready, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt, future::BoxFuture, stream::FuturesOrdered};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval_at, sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, Result as Read},
};

use super::{
    actions::{Run, Verb, find, prepare},
    call::Call,
    connection::Connection,
    ending::Ending,
    form::Form,
    identity::Shown,
    outbox::Push,
    places::Place,
    request::{Reply, Request, undecoded},
};
use crate::{api::Face, tenants::Beyond};

/// The longest wait for what depends on the clock: one that is set delays it by no more.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// A connection at work.
pub(super) struct Session {
    stream: WebSocketStream<TokioIo<Upgraded>>,
    face: Face,
    connection: Arc<Connection>,
    /// Posts under way, with what is to be said after them.
    answers: FuturesOrdered<BoxFuture<'static, Option<Message>>>,
    shown: Shown,
    place: Place,
    /// Until when somebody must be let in, while nobody was.
    stranger: Option<Instant>,
    heard: Instant,
}

/// What happens on a connection.
enum Happened {
    Answer(Option<Message>),
    Push(VecDeque<Push>),
    Frame(Option<Read<Message>>),
    Tick,
    /// The identity may have ended, or the time in which there must be one.
    Look,
}

impl Session {
    /// A connection whose handshake is done.
    pub(super) fn new(
        stream: WebSocketStream<TokioIo<Upgraded>>,
        face: Face,
        connection: Arc<Connection>,
        place: Place,
    ) -> Self {
        let answers = FuturesOrdered::new();
        let heard = Instant::now();
        let (shown, stranger) = (Shown::default(), Some(heard + face.config.websocket.login_timeout));
        Self { stream, face, connection, answers, shown, place, stranger, heard }
    }

    /// Serves until either side ends it; `largest` is the most bytes of a message.
    pub(super) async fn run(mut self, stop: watch::Receiver<bool>, largest: usize) {
        let ending = self.serve(stop).await;
        metrics::counter!("nuncio_websocket_closed_total", "reason" => ending.name()).increment(1);
        if ending == Ending::Stop {
            // What was taken is answered.
            self.catch_up().await.ok();
        }
        self.connection.close().await;
        if let Some(frame) = ending.frame(&self.face.config.websocket, largest) {
            tracing::debug!(reason = %frame.reason, "a WebSocket connection is closed");
            // Who is to make room does not keep it by not answering.
            let waits = ending != Ending::Crowded;
            let patience = if waits { self.face.config.websocket.close_timeout } else { Duration::ZERO };
            let goodbye = async {
                if self.stream.close(Some(frame)).await.is_ok() {
                    while let Some(Ok(_)) = self.stream.next().await {}
                }
            };
            // Who does not answer is cut off.
            timeout(patience, goodbye).await.ok();
        }
    }

    async fn serve(&mut self, mut stop: watch::Receiver<bool>) -> Ending {
        let limits = self.face.config.websocket.clone();
        let mut ticks = interval_at(Instant::now() + limits.ping_interval, limits.ping_interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let looks_in = self.looks_in();
            let happened = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return Ending::Stop,
                Some(answer) = self.answers.next(), if !self.answers.is_empty() => Happened::Answer(answer),
                pushes = self.connection.outbox.taken() => Happened::Push(pushes),
                frame = self.stream.next(), if self.answers.len() < limits.max_pipelined => Happened::Frame(frame),
                _ = ticks.tick() => Happened::Tick,
                () = self.place.crowded(), if self.stranger.is_some() => return Ending::Crowded,
                () = sleep(looks_in) => Happened::Look,
            };
            if let Err(ending) = self.take(happened).await {
                return ending;
            }
        }
    }

    async fn take(&mut self, happened: Happened) -> Result<(), Ending> {
        match happened {
            Happened::Answer(first) => self.answered(first).await,
            Happened::Push(pushes) => self.push(pushes).await,
            Happened::Frame(Some(Ok(message))) => {
                self.heard = Instant::now();
                self.message(message).await
            }
            Happened::Frame(Some(Err(error))) => Err(Ending::of(&error)),
            Happened::Frame(None) => Err(Ending::Gone),
            Happened::Tick => self.tick().await,
            Happened::Look => self.look().await,
        }
    }

    async fn message(&mut self, message: Message) -> Result<(), Ending> {
        match message {
            Message::Text(text) => self.request(Form::Json, text.into()).await,
            Message::Binary(bytes) => self.request(Form::MessagePack, bytes).await,
            // Pings are answered, and a close is, by what reads the frames.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => Ok(()),
        }
    }

    /// Answers a request, or begins to.
    async fn request(&mut self, form: Form, payload: Bytes) -> Result<(), Ending> {
        frames("in").increment(1);
        let read = form
            .text(payload)
            .map_err(|why| Box::new((Request::nothing(), Reply::error(400, &undecoded(form.name(), &why)))))
            .and_then(|text| Request::read(&text, form.name()));
        let request = match read {
            Ok(request) => Arc::new(request),
            Err(wrong) => {
                let (request, reply) = *wrong;
                return self.answer(form, &request, &reply).await;
            }
        };
        if request.action == "authenticate" {
            self.catch_up().await?;
            let reply = self.shown.authenticate(&self.face, &request).await;
            let project = self.shown.project().map(str::to_owned);
            let reply = project.and_then(|project| self.settle(&project).err()).unwrap_or(reply);
            return self.answer(form, &request.discreet(), &reply).await;
        }
        let called = self.called(form, Arc::clone(&request)).await;
        match called.and_then(|called| self.settle(&called.1.caller.project).map(|()| called)) {
            Ok((verb, call)) => self.act(form, request, verb, call).await,
            Err(reply) => {
                self.answer(form, &request, &reply).await?;
                self.look().await
            }
        }
    }

    /// Somebody of `project` was let in: the connection is that project's, if it may have one more.
    fn settle(&mut self, project: &str) -> Result<(), Reply> {
        if self.stranger.is_none() {
            return Ok(());
        }
        let value = self.face.tenants.quotas().of(project).websocket_connections;
        if !self.place.settle(project, value) {
            return Err(Reply::of(&Beyond::Connections { value }.into()));
        }
        self.stranger = None;
        Ok(())
    }

    /// Finds what is asked for, and looks whether it may be.
    fn called(
        &self,
        form: Form,
        request: Arc<Request>,
    ) -> impl Future<Output = Result<(&'static Verb, Call), Reply>> + Send + use<'_> {
        let (shown, face, connection) = (&self.shown, self.face.clone(), Arc::clone(&self.connection));
        async move {
            let unknown = || Reply::error(400, &format!("{} is not a valid action", request.action));
            let verb = find(&request.action).ok_or_else(unknown)?;
            let caller = shown.admit(&face, verb, &request).await?;
            Ok((verb, Call { face, caller, request, form, connection }))
        }
    }

    async fn act(
        &mut self,
        form: Form,
        request: Arc<Request>,
        verb: &Verb,
        call: Call,
    ) -> Result<(), Ending> {
        match verb.run {
            Run::Alone(run) => {
                self.catch_up().await?;
                let reply = run(call).await.unwrap_or_else(|problem| Reply::of(&problem));
                self.answer(form, &request, &reply).await
            }
            Run::Post => match prepare(call).await {
                Ok(post) => {
                    let answer = async move {
                        let reply = post.await.unwrap_or_else(|problem| Reply::of(&problem));
                        frame(form, &request, &reply)
                    };
                    self.answers.push_back(Box::pin(answer));
                    // The first poll gives it its place; there is one by one, in the order of the requests.
                    match self.answers.next().now_or_never().flatten() {
                        Some(first) => self.answered(first).await,
                        None => Ok(()),
                    }
                }
                Err(problem) => self.answer(form, &request, &Reply::of(&problem)).await,
            },
        }
    }

    /// Writes the answer that is due, and those that are ready after it.
    async fn answered(&mut self, first: Option<Message>) -> Result<(), Ending> {
        let more = std::iter::from_fn(|| self.answers.next().now_or_never().flatten()).flatten();
        let frames: Vec<_> = first.into_iter().chain(more).collect();
        self.write(frames).await
    }

    /// Answers in turn: after the posts that are under way.
    async fn answer(&mut self, form: Form, request: &Request, reply: &Reply) -> Result<(), Ending> {
        let frame = frame(form, request, reply);
        if self.answers.is_empty() {
            return self.write(frame).await;
        }
        self.answers.push_back(Box::pin(ready(frame)));
        Ok(())
    }

    /// Waits until every post is answered.
    async fn catch_up(&mut self) -> Result<(), Ending> {
        while let Some(answer) = self.answers.next().await {
            self.write(answer).await?;
        }
        Ok(())
    }

    async fn push(&mut self, pushes: VecDeque<Push>) -> Result<(), Ending> {
        let bytes = pushes.iter().map(|push| push.frame.len()).sum();
        let (frames, written): (Vec<_>, Vec<_>) =
            pushes.into_iter().map(|push| (push.frame, push.written)).unzip();
        self.write(frames).await?;
        self.connection.outbox.written(bytes);
        for one in written {
            // An attempt whose time is over does not wait any more.
            one.send(()).ok();
        }
        Ok(())
    }

    /// Writes frames, and waits until the system has taken them.
    async fn write(&mut self, all: impl IntoIterator<Item = Message>) -> Result<(), Ending> {
        let written = frames("out");
        let stream = &mut self.stream;
        let write = async {
            for frame in all {
                written.increment(1);
                stream.feed(frame).await?;
            }
            stream.flush().await
        };
        match timeout(self.face.config.websocket.write_timeout, write).await {
            Ok(done) => done.map_err(|error| Ending::of(&error)),
            Err(_) => Err(Ending::Slow),
        }
    }

    async fn tick(&mut self) -> Result<(), Ending> {
        let patience = self.face.config.websocket.idle_timeout;
        if self.heard.elapsed() >= patience {
            return Err(Ending::Idle);
        }
        self.look().await?;
        self.write([Message::Ping(Bytes::new())]).await
    }

    /// When it is to be looked who the client is.
    fn looks_in(&self) -> Duration {
        let stranger = self.stranger.map(|end| end.saturating_duration_since(Instant::now()));
        self.shown.ends_in(&*self.face.clock).min(LONGEST_SLEEP).min(stranger.unwrap_or(LONGEST_SLEEP))
    }

    /// Looks whether the client is still who it was, and is somebody in time.
    async fn look(&mut self) -> Result<(), Ending> {
        if self.stranger.is_some_and(|end| end <= Instant::now()) {
            return Err(Ending::Stranger);
        }
        if self.shown.holds(&self.face).await { Ok(()) } else { Err(Ending::Expired) }
    }
}

/// The frame that answers a request.
fn frame(form: Form, request: &Request, reply: &Reply) -> Option<Message> {
    let made = form.frame(reply.text(request));
    made.inspect_err(|error| tracing::error!(%error, "an answer could not be written")).ok()
}

fn frames(direction: &'static str) -> metrics::Counter {
    metrics::counter!("nuncio_websocket_frames_total", "direction" => direction)
}
