//! The account of this host at Keystone: its own token, and what is asked with it.

use std::{fmt, sync::Arc};

use nuncio_core::Clock;
use tokio::sync::Mutex;

use super::{
    face::{Away, Face, Own, Told},
    wire::Token,
};
use crate::{access::StartError, config};

/// Our own token is renewed so long before its end.
const RENEWED_BEFORE_MS: i64 = 60_000;

/// The account of this host at one Keystone.
pub(super) struct Account {
    pub(super) face: Face,
    clock: Arc<dyn Clock>,
    own: Mutex<Option<Arc<Own>>>,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("face", &self.face).finish_non_exhaustive()
    }
}

impl Account {
    /// As the configuration says. Keystone itself need not be there yet.
    pub(super) fn new(config: &config::Keystone, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        Ok(Self { face: Face::new(config)?, clock, own: Mutex::default() })
    }

    /// Whose `token` is; asks once more with a new token of our own where the old one is refused.
    pub(super) async fn describe(&self, token: &str) -> Result<Option<Token>, Away> {
        for again in [false, true] {
            let own = self.own(again).await?;
            match self.face.ask(&own.text, token).await? {
                Told::Is(token) => return Ok(Some(token)),
                Told::Unknown => return Ok(None),
                Told::OwnRefused => {}
            }
        }
        Err(Away("Keystone refuses the token of this host that it has just given".to_owned()))
    }

    /// A token of our own: a new one where `renew` says so, or the old one ends.
    pub(super) async fn own(&self, renew: bool) -> Result<Arc<Own>, Away> {
        let mut own = self.own.lock().await;
        let good_until = self.clock.now_ms().saturating_add(RENEWED_BEFORE_MS);
        if let Some(own) = own.as_ref().filter(|own| !renew && own.expires > good_until) {
            return Ok(Arc::clone(own));
        }
        let new = Arc::new(self.face.login().await?);
        *own = Some(Arc::clone(&new));
        Ok(new)
    }
}
