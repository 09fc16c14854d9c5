//! The way to a message centre: bound, or on its way to be bound again.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::FutureExt;
use nuncio_plugin_sdk::Secret;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep, timeout, timeout_at},
};

use super::{
    endpoint::Dial,
    pdu::{Fields, Pdu, Reader, command},
    session::{Inbox, Session, Times, Unanswered, answer_to},
    status,
    window::Window,
};

/// The first pause before it is tried again, and the longest. Refused credentials begin with a longer one, since some
/// centres lock an account after some refusals.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
const REFUSED: Duration = Duration::from_secs(15);
/// How long a submission waits for a session.
const PATIENCE: Duration = Duration::from_secs(5);
/// After so long a session the next failure counts as the first.
const STEADY: Duration = Duration::from_secs(30);
/// SMPP 3.4.
const VERSION: u8 = 0x34;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Transceiver,
    Transmitter,
    Receiver,
}

impl Role {
    const fn command(self) -> u32 {
        match self {
            Self::Transceiver => command::BIND_TRANSCEIVER,
            Self::Transmitter => command::BIND_TRANSMITTER,
            Self::Receiver => command::BIND_RECEIVER,
        }
    }
}

/// Who binds, and where.
pub(super) struct Login {
    pub(super) endpoint: Box<dyn Dial>,
    pub(super) system_id: String,
    pub(super) password: Secret,
    pub(super) system_type: String,
    pub(super) times: Times,
}

/// Why there is no session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// What happened.
    pub(super) why: String,
    /// The centre's status, 0 when there was none.
    pub(super) code: u32,
    /// Whether the credentials are at fault.
    pub(super) credentials: bool,
}

impl Trouble {
    const fn of(why: String) -> Self {
        Self { why, code: 0, credentials: false }
    }
}

/// Why a submission has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// There is no session; when it is tried again.
    Down(Trouble, Duration),
    /// All places of the window were taken for the whole time.
    Full,
    /// There was a session, and no answer.
    Unanswered(Unanswered),
}

#[derive(Clone, Debug)]
enum State {
    /// It is being bound.
    Binding,
    Bound(Arc<Session>),
    Down(Trouble, Instant),
}

/// The way to a message centre. The first who needs it has it bound; from then on it is bound again whenever it is lost.
pub(super) struct Link {
    shared: Arc<Shared>,
    window: Window,
    task: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    login: Arc<Login>,
    role: Role,
    inbox: Arc<dyn Inbox>,
    state: watch::Sender<State>,
    closing: watch::Sender<bool>,
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(task) = self.task() {
            task.abort();
        }
    }
}

impl Link {
    /// A link of `role` with a window of `window` submissions. Dials nobody yet.
    pub(super) fn new(login: Arc<Login>, role: Role, window: usize, inbox: Arc<dyn Inbox>) -> Self {
        let (state, closing) = (watch::Sender::new(State::Binding), watch::Sender::new(false));
        let shared = Arc::new(Shared { login, role, inbox, state, closing });
        Self { shared, window: Window::new(window), task: Mutex::new(None) }
    }

    /// Begins to bind, where that has not begun.
    pub(super) fn start(&self) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.is_none() && !*self.shared.closing.borrow() {
            *task = Some(tokio::spawn(supervise(self.shared.clone())));
        }
    }

    /// Submits a `submit_sm` and waits for its answer, within `left`.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn submit(&self, body: Vec<u8>, left: Duration) -> Result<Pdu, Failure> {
        self.start();
        let begun = Instant::now();
        let rest = || left.saturating_sub(begun.elapsed());
        let Ok(_place) = timeout(rest(), self.window.place()).await else { return Err(Failure::Full) };
        if rest().is_zero() {
            return Err(Failure::Full);
        }
        let session = self.session(rest()).await?;
        let answer = session.request(command::SUBMIT_SM, body, rest()).await;
        let answer =
            answer.and_then(|answer| answer_to(command::SUBMIT_SM, answer)).map_err(Failure::Unanswered)?;
        if status::is_throttling(answer.status) {
            self.window.narrow();
        } else if answer.status == status::OK {
            self.window.widen();
        }
        Ok(answer)
    }

    /// The session, when there is one within `left` and [`PATIENCE`]: a short break of the connection costs no try.
    async fn session(&self, left: Duration) -> Result<Arc<Session>, Failure> {
        let until = Instant::now() + left.min(PATIENCE);
        let mut state = self.shared.state.subscribe();
        loop {
            let now = state.borrow_and_update().clone();
            match now {
                State::Bound(session) => return Ok(session),
                State::Down(trouble, again) if again >= until => {
                    return Err(Failure::Down(trouble, again.saturating_duration_since(Instant::now())));
                }
                State::Binding | State::Down(..) => {}
            }
            if !matches!(timeout_at(until, state.changed()).await, Ok(Ok(()))) {
                let why = format!("not bound to {} yet", self.shared.login.endpoint);
                return Err(Failure::Down(Trouble::of(why), PAUSES.0));
            }
        }
    }

    /// Unbinds within `grace`.
    pub(super) async fn close(&self, grace: Duration) {
        self.shared.closing.send_replace(true);
        if let Some(task) = self.task() {
            let ended = timeout(grace, task).await;
            if ended.is_err() {
                tracing::warn!(centre = %self.shared.login.endpoint, "the message centre did not unbind in time");
            }
        }
    }

    fn task(&self) -> Option<JoinHandle<()>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Waits until the link is closed.
async fn closed(closing: &mut watch::Receiver<bool>) {
    drop(closing.wait_for(|closing| *closing).await);
}

/// Binds, keeps the session, and binds again when it is lost.
async fn supervise(shared: Arc<Shared>) {
    let mut closing = shared.closing.subscribe();
    let mut pause = PAUSES.0;
    loop {
        let begun = Instant::now();
        let trouble = shared.bound().await;
        if *closing.borrow() {
            return;
        }
        if begun.elapsed() >= STEADY {
            pause = PAUSES.0;
        }
        let wait = jittered(if trouble.credentials { pause.max(REFUSED) } else { pause });
        tracing::warn!(
            centre = %shared.login.endpoint, again_in_ms = wait.as_millis(), "no session: {}", trouble.why
        );
        shared.state.send_replace(State::Down(trouble, Instant::now() + wait));
        tokio::select! {
            () = sleep(wait) => {}
            () = closed(&mut closing) => return,
        }
        pause = (pause * 2).min(PAUSES.1);
        shared.state.send_replace(State::Binding);
    }
}

impl Shared {
    /// One session, from the first octet to the last; why it ended.
    async fn bound(&self) -> Trouble {
        let endpoint = &self.login.endpoint;
        let stream = match timeout(self.login.times.answer, endpoint.dial()).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Trouble::of(format!("cannot connect to {endpoint}: {error}")),
            Err(_) => return Trouble::of(format!("cannot connect to {endpoint}: no answer")),
        };
        let (session, kept) = Session::over(stream, self.login.times, self.inbox.clone());
        let mut kept = std::pin::pin!(kept);
        let patience = self.login.times.answer;
        let mut bind = std::pin::pin!(session.request(self.role.command(), self.login.body(), patience));
        let (bind, ended) = tokio::select! {
            bind = &mut bind => (Some(bind), None),
            // A centre that refuses hangs up at once: its answer may be there all the same.
            why = &mut kept => (bind.now_or_never(), Some(why)),
        };
        let bind = bind.map(|bind| bind.and_then(|answer| answer_to(self.role.command(), answer)));
        let answer = match (bind, &ended) {
            (Some(Ok(answer)), _) => answer,
            (Some(Err(Unanswered { why, .. })), None) => {
                return Trouble::of(format!("{endpoint}: {why} to the bind"));
            }
            (_, Some(why)) => return Trouble::of(format!("{endpoint}: {why} before it answered the bind")),
            (None, None) => return Trouble::of(format!("{endpoint}: no answer to the bind")),
        };
        if answer.status != status::OK {
            let why = format!("{endpoint} refuses the bind: {}", status::named(answer.status));
            return Trouble { why, code: answer.status, credentials: status::is_credentials(answer.status) };
        }
        if let Some(why) = ended {
            return Trouble::of(format!("{endpoint}: {why}"));
        }
        let name = Reader(&answer.body).text();
        tracing::info!(centre = %endpoint, name, "bound");
        self.state.send_replace(State::Bound(session.clone()));
        let mut closing = self.closing.subscribe();
        tokio::select! {
            why = &mut kept => Trouble::of(format!("{endpoint}: {why}")),
            () = closed(&mut closing) => {
                let farewell = async {
                    // The session ends in either case.
                    drop(session.request(command::UNBIND, Vec::new(), patience).await);
                    session.end().await;
                };
                tokio::join!(farewell, kept);
                Trouble::of("closed".to_owned())
            }
        }
    }
}

impl Login {
    /// The body of a bind (section 4.1.5): no type of system's addresses, any address.
    fn body(&self) -> Vec<u8> {
        Fields::default()
            .text(&self.system_id)
            .text(self.password.expose())
            .text(&self.system_type)
            .octets(&[VERSION, 0, 0])
            .text("")
            .done()
    }
}

/// `pause` and up to half as much again, so that many hosts do not come back at one time.
fn jittered(pause: Duration) -> Duration {
    pause + pause * u32::from(random() % 512) / 1024
}

/// A number that differs from process to process and from call to call; not for secrets.
pub(super) fn random() -> u16 {
    let [low, high, ..] = RandomState::new().build_hasher().finish().to_le_bytes();
    u16::from_le_bytes([low, high])
}
