//! One connection to a message centre: requests and their answers, and what the centre asks.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf},
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep_until, timeout},
};

use super::{
    endpoint::Stream,
    pdu::{Delivery, Pdu, Reader, command},
    status,
};

/// How many PDUs wait to be written.
const QUEUED: usize = 1024;
/// How many of them go out in one write.
const TOGETHER: usize = 64;
/// What is read at a time, in octets.
const READ: usize = 16 * 1024;
/// How long the last PDUs may take to be written when a session ends.
const FAREWELL: Duration = Duration::from_secs(1);

/// Takes what the centre says of messages, in its order, and is done with each word when it returns.
pub(super) trait Inbox: Send + Sync {
    /// It took a message, and calls it `id`.
    fn taken(&self, id: &str);
    /// It delivers a receipt, or a message of a phone.
    fn delivered(&self, delivery: &Delivery);
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unanswered {
    /// Whether the centre may have got it.
    pub(super) maybe_sent: bool,
    /// What happened.
    pub(super) why: String,
}

/// The times of a session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// How long an answer may take.
    pub(super) answer: Duration,
    /// After how long a silence the centre is asked whether it is there.
    pub(super) silence: Duration,
}

/// A connection, from the side of those who ask.
#[derive(Debug)]
pub(super) struct Session {
    out: mpsc::Sender<Out>,
    waiting: Mutex<Waiting>,
    sequence: AtomicU32,
    heard: watch::Sender<Instant>,
    times: Times,
}

#[derive(Debug)]
enum Out {
    Pdu(Pdu),
    /// Nothing comes after it.
    End,
}

/// Requests that wait for their answers; once the session has ended, why it did.
#[derive(Debug, Default)]
struct Waiting {
    requests: HashMap<u32, oneshot::Sender<Pdu>>,
    ended: Option<String>,
}

/// Takes a request out of those that wait, when nobody waits for its answer any more.
struct Leave<'a>(&'a Session, u32);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.waiting().requests.remove(&self.1);
    }
}

impl Session {
    /// A session on `stream`, and the future that keeps it and says why it ended.
    pub(super) fn over(
        stream: Box<dyn Stream>,
        times: Times,
        inbox: Arc<dyn Inbox>,
    ) -> (Arc<Self>, impl Future<Output = String>) {
        let (out, queue) = mpsc::channel(QUEUED);
        let session = Arc::new(Self {
            out,
            waiting: Mutex::default(),
            sequence: AtomicU32::new(1),
            heard: watch::Sender::new(Instant::now()),
            times,
        });
        (session.clone(), keep(session, stream, queue, inbox))
    }

    /// Sends a request and waits for its answer, for the time that an answer may take and no longer than `left`.
    ///
    /// # Errors
    /// That there is no answer, and whether the request was sent.
    pub(super) async fn request(
        &self,
        command: u32,
        body: Vec<u8>,
        left: Duration,
    ) -> Result<Pdu, Unanswered> {
        let unanswered = |maybe_sent: bool, why: String| Unanswered { maybe_sent, why };
        let sequence = self.next();
        let (answered, answer) = oneshot::channel();
        {
            let mut waiting = self.waiting();
            if let Some(why) = &waiting.ended {
                return Err(unanswered(false, why.clone()));
            }
            waiting.requests.insert(sequence, answered);
        }
        let leave = Leave(self, sequence);
        let patience = self.times.answer.min(left);
        let exchange = async {
            if self.out.send(Out::Pdu(Pdu::new(command, sequence, body))).await.is_err() {
                return Err(unanswered(false, self.ending()));
            }
            answer.await.map_err(|_| unanswered(true, self.ending()))
        };
        let answer = timeout(patience, exchange).await;
        drop(leave);
        let late = || unanswered(true, format!("no answer within {} ms", patience.as_millis()));
        answer.unwrap_or_else(|_| Err(late()))
    }

    /// Nothing is written behind what is queued.
    pub(super) async fn end(&self) {
        // A session that has ended already has no queue.
        drop(self.out.send(Out::End).await);
    }

    /// From 1 to 0x7FFFFFFF, then again (SMPP 3.4 section 3.2).
    fn next(&self) -> u32 {
        self.sequence.fetch_add(1, Ordering::Relaxed) % 0x7FFF_FFFF + 1
    }

    fn ending(&self) -> String {
        self.waiting().ended.clone().unwrap_or_else(|| "the connection ended".to_owned())
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An answer goes to who waits for it; one that nobody waits for any more is dropped.
    fn answered(&self, pdu: Pdu) {
        let waiting = self.waiting().requests.remove(&pdu.sequence);
        if let Some(waiting) = waiting {
            drop(waiting.send(pdu));
        }
    }
}

/// `answer`, unless it is a success of something else than `command`: a `generic_nack` without a status says no all the same.
///
/// # Errors
/// That it is no answer to `command`; something may have been sent where it is no `generic_nack`.
pub(super) fn answer_to(command: u32, answer: Pdu) -> Result<Pdu, Unanswered> {
    if answer.status != status::OK || answer.command == command | command::RESPONSE {
        return Ok(answer);
    }
    let why = format!("the message centre answers with the command {:#010x}", answer.command);
    Err(Unanswered { maybe_sent: answer.command != command::GENERIC_NACK, why })
}

async fn keep(
    session: Arc<Session>,
    stream: Box<dyn Stream>,
    queue: mpsc::Receiver<Out>,
    inbox: Arc<dyn Inbox>,
) -> String {
    let (reader, writer) = tokio::io::split(stream);
    let mut writing = std::pin::pin!(write(writer, queue));
    let (why, written) = tokio::select! {
        why = &mut writing => (why, true),
        why = read(&session, reader, inbox) => (why, false),
        why = watch_silence(&session) => (why, false),
    };
    // Who waits for an answer learns why there is none.
    {
        let mut waiting = session.waiting();
        waiting.ended = Some(why.clone());
        waiting.requests.clear();
    }
    if !written {
        let both = async { tokio::join!(session.end(), writing) };
        drop(timeout(FAREWELL, both).await);
    }
    why
}

async fn write(mut writer: WriteHalf<Box<dyn Stream>>, mut queue: mpsc::Receiver<Out>) -> String {
    let (mut batch, mut octets) = (Vec::with_capacity(TOGETHER), Vec::new());
    loop {
        queue.recv_many(&mut batch, TOGETHER).await;
        let mut ends = batch.is_empty();
        for one in batch.drain(..) {
            match one {
                Out::Pdu(pdu) => pdu.write(&mut octets),
                Out::End => ends = true,
            }
        }
        let sent = async {
            writer.write_all(&octets).await?;
            writer.flush().await
        };
        if let Err(error) = sent.await {
            return format!("the connection broke: {error}");
        }
        octets.clear();
        if ends {
            drop(writer.shutdown().await);
            return "the connection was ended".to_owned();
        }
    }
}

async fn read(session: &Session, mut reader: ReadHalf<Box<dyn Stream>>, inbox: Arc<dyn Inbox>) -> String {
    let mut octets = Vec::with_capacity(READ);
    loop {
        match reader.read_buf(&mut octets).await {
            Ok(0) => return "the message centre closed the connection".to_owned(),
            Ok(_) => {}
            Err(error) => return format!("the connection broke: {error}"),
        }
        session.heard.send_replace(Instant::now());
        let mut done = 0;
        loop {
            match Pdu::read(octets.get(done..).unwrap_or_default()) {
                Ok(None) => break,
                Ok(Some((pdu, length))) => {
                    done += length;
                    if let Some(why) = take(session, pdu, &*inbox).await {
                        return why;
                    }
                }
                Err(why) => return format!("the message centre sent what is no SMPP: {why}"),
            }
        }
        octets.drain(..done);
    }
}

/// Takes one PDU of the centre; why the session ends, if it does.
async fn take(session: &Session, pdu: Pdu, inbox: &dyn Inbox) -> Option<String> {
    if pdu.is_response() {
        if pdu.command == command::SUBMIT_SM | command::RESPONSE && pdu.status == status::OK {
            // Here, since its receipt may be the next that is read.
            inbox.taken(Reader(&pdu.body).text().trim());
        }
        session.answered(pdu);
        return None;
    }
    let (answer, ends) = match pdu.command {
        command::DELIVER_SM => {
            // Answered only when it was handed over: an unanswered one comes again.
            inbox.delivered(&Delivery::read(&pdu.body));
            (Pdu::answer(&pdu, status::OK, vec![0]), None)
        }
        command::ENQUIRE_LINK => (Pdu::answer(&pdu, status::OK, Vec::new()), None),
        command::UNBIND => (
            Pdu::answer(&pdu, status::OK, Vec::new()),
            Some("the message centre ended the session".to_owned()),
        ),
        command::ALERT_NOTIFICATION | command::OUTBIND => return None,
        command::DATA_SM => (Pdu::answer(&pdu, status::INVALID_COMMAND, vec![0]), None),
        _ => {
            let nack = Pdu {
                command: command::GENERIC_NACK,
                status: status::INVALID_COMMAND,
                sequence: pdu.sequence,
                body: Vec::new(),
            };
            (nack, None)
        }
    };
    // Where nothing can be written any more, the writer says why.
    drop(session.out.send(Out::Pdu(answer)).await);
    ends
}

/// Asks the centre whether it is there when it was silent; why the session ends, when it is not.
async fn watch_silence(session: &Session) -> String {
    loop {
        let heard = *session.heard.borrow();
        sleep_until(heard + session.times.silence).await;
        if *session.heard.borrow() > heard {
            continue;
        }
        let asked = session.request(command::ENQUIRE_LINK, Vec::new(), session.times.answer).await;
        if let Err(Unanswered { why, .. }) = asked {
            return format!("the message centre is silent: {why} to enquire_link");
        }
        session.heard.send_replace(Instant::now());
    }
}
