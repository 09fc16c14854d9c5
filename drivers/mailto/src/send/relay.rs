//! A relay with its connections, which are kept and used again.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use lettre::transport::smtp::{client::AsyncSmtpConnection, commands::Rset};
use nuncio_plugin_sdk::Report;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

use super::{
    Endpoint, Mail,
    reply::{Fault, Step},
    transaction::Transaction,
};

/// How long a connection may lie idle and still be used: below the five minutes that RFC 5321, section 4.5.3.2.7,
/// makes a relay wait, and below what firewalls on the way remember.
const IDLE: Duration = Duration::from_secs(60);

/// An SMTP relay.
pub(crate) struct Relay {
    endpoint: Endpoint,
    slots: Semaphore,
    /// Never more than `slots` has permits: only the holder of one puts a connection back.
    idle: Mutex<Vec<(Instant, AsyncSmtpConnection)>>,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Relay").field(&self.endpoint).finish()
    }
}

impl Relay {
    /// The relay at `endpoint`, with at most `connections` to it.
    pub(crate) fn new(endpoint: Endpoint, connections: usize) -> Self {
        Self { endpoint, slots: Semaphore::new(connections), idle: Mutex::default() }
    }

    /// Where mail goes, for a person.
    pub(crate) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Sends `mail` within `left`; a report for each recipient, in their order.
    pub(crate) async fn send(&self, mail: &Mail, left: Duration) -> Vec<Report> {
        let mut transaction = Transaction::new(mail);
        if timeout(left, self.attempt(&mut transaction)).await.is_err() && !transaction.is_settled() {
            let why = format!("the relay {} did not answer in time", self.endpoint);
            transaction.fail(&Fault::Lost(why));
        }
        transaction.reports()
    }

    async fn attempt(&self, transaction: &mut Transaction<'_>) {
        let Ok(_slot) = self.slots.acquire().await else { return };
        let mut connection = match self.begin(transaction).await {
            Ok(connection) => connection,
            Err(fault) => return transaction.fail(&fault),
        };
        let result = transaction.finish(&mut connection).await;
        let clean = transaction.step == Step::Body && result.is_ok();
        if let Err(fault) = &result {
            transaction.fail(fault);
        }
        let alive = result.as_ref().err().is_none_or(Fault::leaves_connection);
        if clean || (alive && connection.command(Rset).await.is_ok()) {
            self.put(connection);
        }
    }

    /// A connection on which the relay took MAIL FROM.
    ///
    /// One that lay idle may have died meanwhile; nothing of the mail has been sent by then, so that a new one is
    /// opened instead.
    async fn begin(&self, transaction: &mut Transaction<'_>) -> Result<AsyncSmtpConnection, Fault> {
        if let Some(mut connection) = self.take() {
            match transaction.begin(&mut connection).await {
                Ok(()) => return Ok(connection),
                Err(fault) if fault.leaves_connection() => return Err(self.refused(connection, fault).await),
                Err(_) => transaction.step = Step::Connect,
            }
        }
        let opened = self.endpoint.connect().await;
        let mut connection = opened.map_err(|(step, fault)| {
            transaction.step = step;
            fault
        })?;
        match transaction.begin(&mut connection).await {
            Ok(()) => Ok(connection),
            Err(fault) if fault.leaves_connection() => Err(self.refused(connection, fault).await),
            Err(fault) => Err(fault),
        }
    }

    /// Keeps a connection on which the relay refused MAIL FROM: it is as good as before.
    async fn refused(&self, connection: AsyncSmtpConnection, fault: Fault) -> Fault {
        self.put(connection);
        fault
    }

    fn take(&self) -> Option<AsyncSmtpConnection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(since, _)| since.elapsed() < IDLE);
        idle.pop().map(|(_, connection)| connection)
    }

    fn put(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push((Instant::now(), connection));
    }
}
