//! Log records: what a driver says, and what the host says of it.

use nuncio_core::abi;
use tracing::Level;

use super::{limiter::Limiter, running::Instance};
use crate::text;

/// The most records of one driver in a second; the rest is counted.
pub(super) const RECORDS_A_SECOND: u32 = 200;
/// The most warnings of the host on one driver in a second; the rest is counted.
pub(super) const WARNINGS_A_SECOND: u32 = 5;
/// The longest message and the longest fields, in bytes.
const LONGEST: usize = 4096;
/// The longest name of a place in the driver, in bytes.
const LONGEST_TARGET: usize = 128;

/// One record, with the level that the macros must know at compile time.
macro_rules! record {
    ($level:expr, $driver:expr, $module:expr, $fields:expr, $message:expr) => {
        if $fields.is_empty() {
            tracing::event!(target: "nuncio::driver", $level, driver = $driver, module = $module, "{}", $message)
        } else {
            tracing::event!(
                target: "nuncio::driver", $level, driver = $driver, module = $module, fields = $fields, "{}", $message
            )
        }
    };
}

/// The level that the header numbers like this.
pub(super) const fn level(level: i32) -> Level {
    match level {
        i32::MIN..=1 => Level::ERROR,
        2 => Level::WARN,
        3 => Level::INFO,
        4 => Level::DEBUG,
        _ => Level::TRACE,
    }
}

/// Whether anybody would read a record of `of`.
pub(super) fn is_read(of: Level) -> bool {
    match of {
        Level::ERROR => tracing::enabled!(target: "nuncio::driver", Level::ERROR),
        Level::WARN => tracing::enabled!(target: "nuncio::driver", Level::WARN),
        Level::INFO => tracing::enabled!(target: "nuncio::driver", Level::INFO),
        Level::DEBUG => tracing::enabled!(target: "nuncio::driver", Level::DEBUG),
        _ => tracing::enabled!(target: "nuncio::driver", Level::TRACE),
    }
}

impl Instance {
    /// Writes a record of the driver.
    ///
    /// # Safety
    /// The bytes must be readable (rule 2).
    pub(super) unsafe fn write(
        &self,
        of: Level,
        target: abi::Bytes,
        message: abi::Bytes,
        fields: abi::Bytes,
    ) {
        if !is_read(of) || !self.may_write(&self.records) {
            return;
        }
        let redactors = [&self.secrets.settings];
        // SAFETY: by the caller's word.
        let (module, message, fields) = unsafe {
            (
                text::shown(target, LONGEST_TARGET, &redactors),
                text::shown(message, LONGEST, &redactors),
                text::shown(fields, LONGEST, &redactors),
            )
        };
        let (driver, module, fields) = (self.name.as_str(), module.as_str(), fields.as_str());
        match of {
            Level::ERROR => record!(Level::ERROR, driver, module, fields, message),
            Level::WARN => record!(Level::WARN, driver, module, fields, message),
            Level::INFO => record!(Level::INFO, driver, module, fields, message),
            Level::DEBUG => record!(Level::DEBUG, driver, module, fields, message),
            _ => record!(Level::TRACE, driver, module, fields, message),
        }
    }

    /// Warns of the driver.
    pub(super) fn warn(&self, message: &str) {
        if self.may_write(&self.warnings) {
            tracing::warn!(target: "nuncio::driver", driver = self.name.as_str(), "{message}");
        }
    }

    fn may_write(&self, limiter: &Limiter) -> bool {
        match limiter.pass(self.clock.now_ms()) {
            None => false,
            Some(0) => true,
            Some(left_out) => {
                let driver = self.name.as_str();
                tracing::warn!(target: "nuncio::driver", driver, left_out, "records of the driver were left out");
                true
            }
        }
    }
}
