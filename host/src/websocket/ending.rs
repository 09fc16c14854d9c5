//! Why a connection ends, and what its client is told.

use tokio_tungstenite::tungstenite::{
    self,
    error::CapacityError,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::config::Websocket;

/// Zaqar's code for authentication that has expired.
const EXPIRED: u16 = 4003;

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Its client closed it, or is gone.
    Gone,
    /// The host stops.
    Stop,
    /// Its client does not read what it is sent.
    Slow,
    /// Nothing was heard of its client.
    Idle,
    /// Nothing that its client asked for was let in.
    Stranger,
    /// Nobody was let in on it yet, and others came.
    Crowded,
    /// Its client's authentication has expired, or was revoked.
    Expired,
    /// A message is too large.
    TooLarge,
    /// What came is not WebSocket.
    Broken,
}

impl Ending {
    /// What a failed read or write says.
    pub(super) const fn of(error: &tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Capacity(CapacityError::MessageTooLong { .. }) => Self::TooLarge,
            tungstenite::Error::Protocol(_) | tungstenite::Error::Utf8(_) => Self::Broken,
            _ => Self::Gone,
        }
    }

    /// Its name in metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Stop => "stop",
            Self::Slow => "slow",
            Self::Idle => "idle",
            Self::Stranger => "stranger",
            Self::Crowded => "crowded",
            Self::Expired => "expired",
            Self::TooLarge => "too_large",
            Self::Broken => "broken",
        }
    }

    /// What its client is told; nothing where it is gone. RFC 6455 section 5.5: a reason has at most 123 bytes.
    pub(super) fn frame(self, config: &Websocket, largest: usize) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Gone => return None,
            Self::Stop => (CloseCode::Away, "the host stops".to_owned()),
            Self::Slow => {
                let ms = config.write_timeout.as_millis();
                (CloseCode::Policy, format!("slow reader: not read within {ms} ms (websocket.write_timeout)"))
            }
            Self::Idle => {
                let ms = config.idle_timeout.as_millis();
                (CloseCode::Policy, format!("nothing heard for {ms} ms (websocket.idle_timeout)"))
            }
            Self::Stranger => {
                let ms = config.login_timeout.as_millis();
                (CloseCode::Policy, format!("nobody was let in for {ms} ms (websocket.login_timeout)"))
            }
            Self::Crowded => {
                let most = config.max_unauthenticated;
                let why = format!(
                    "others came, and nobody was let in here yet (websocket.max_unauthenticated = {most})"
                );
                (CloseCode::Again, why)
            }
            Self::Expired => (CloseCode::from(EXPIRED), "Authentication expired.".to_owned()),
            Self::TooLarge => {
                let why =
                    format!("a message may have at most {largest} bytes (queues.max_messages_post_size)");
                (CloseCode::Size, why)
            }
            Self::Broken => (CloseCode::Protocol, "what came breaks the protocol (RFC 6455)".to_owned()),
        };
        Some(CloseFrame { code, reason: reason.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn every_reason_fits_into_a_close_frame() {
        let mut config = Config::default().websocket;
        config.idle_timeout = std::time::Duration::from_millis(u64::MAX);
        config.write_timeout = config.idle_timeout;
        config.login_timeout = config.idle_timeout;
        config.max_unauthenticated = u32::MAX;
        use Ending::{Broken, Crowded, Expired, Idle, Slow, Stop, Stranger, TooLarge};
        for ending in [Stop, Slow, Idle, Stranger, Crowded, Expired, TooLarge, Broken] {
            let frame = ending.frame(&config, usize::MAX).unwrap();
            assert!(frame.code.is_allowed() && frame.reason.len() <= 123, "{frame}");
        }
        assert_eq!(Ending::Gone.frame(&config, 1), None);
    }
}
