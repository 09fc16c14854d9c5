//! How drivers leave: what they have begun may end, and none of them keeps the host.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use nuncio_core::{Driver, Entry};

/// What a driver gets beyond its grace before it is left behind.
const WATCHDOG: Duration = Duration::from_secs(2);
/// How often a driver that was replaced is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Shuts all `entries` down, all at once; each has `grace`, and one that does not end soon after is left behind.
pub async fn dismiss(entries: Vec<Entry>, grace: Duration) {
    join_all(entries.into_iter().map(|entry| leave(entry.manifest.name.clone(), entry.driver, grace))).await;
}

/// Shuts a driver down that nobody is given any more: first what was begun may end, all within `grace`.
pub async fn retire(entry: Entry, grace: Duration) {
    let Entry { manifest, driver, .. } = entry;
    let name = manifest.name.clone();
    let looks = grace.as_millis() / LOOK.as_millis();
    let mut left = grace;
    // Each attempt that is under way holds a handle: when ours is the last one, all have ended.
    for _ in 0..looks {
        if Arc::strong_count(&driver) == 1 {
            break;
        }
        tokio::time::sleep(LOOK).await;
        left = left.saturating_sub(LOOK);
    }
    if Arc::strong_count(&driver) > 1 {
        tracing::warn!(driver = name, "attempts of a replaced driver outlast their grace");
    }
    leave(name, driver, left).await;
}

/// In a task of its own: a driver that blocks its thread blocks nobody else.
async fn leave(name: String, driver: Arc<dyn Driver>, grace: Duration) {
    let shutdown = tokio::spawn(async move { driver.shutdown(grace).await });
    match tokio::time::timeout(grace + WATCHDOG, shutdown).await {
        Ok(Ok(())) => tracing::debug!(driver = name, "a driver was shut down"),
        Ok(Err(error)) => tracing::error!(driver = name, %error, "a driver panicked while it was shut down"),
        Err(_) => tracing::error!(driver = name, "a driver does not shut down: it is left behind"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_core::{Manifest, Notice, Origin, Outcome, Outcomes};
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Shuts down at once, or never.
    struct Guest {
        stays: bool,
        left: Arc<AtomicBool>,
    }

    #[async_trait::async_trait]
    impl Driver for Guest {
        async fn deliver(&self, _: &Notice<'_>) -> Outcomes {
            Outcome::Delivered.into()
        }
        async fn shutdown(&self, _: Duration) {
            if self.stays {
                std::future::pending::<()>().await;
            }
            self.left.store(true, Ordering::Release);
        }
    }

    fn entry(name: &str, stays: bool) -> (Entry, Arc<AtomicBool>) {
        let left = Arc::new(AtomicBool::new(false));
        let driver = Arc::new(Guest { stays, left: Arc::clone(&left) });
        (Entry { manifest: Arc::new(Manifest::new(name, "1", &[])), origin: Origin::Host, driver }, left)
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_does_not_leave_is_left_behind() {
        let ((good, left), (bad, _)) = (entry("good", false), entry("bad", true));
        let grace = Duration::from_secs(5);
        let began = tokio::time::Instant::now();
        dismiss(vec![bad, good], grace).await;
        assert!(left.load(Ordering::Acquire));
        assert!(began.elapsed() < grace + 2 * WATCHDOG);
    }

    #[tokio::test(start_paused = true)]
    async fn a_replaced_driver_leaves_when_its_last_attempt_ends() {
        let (old, left) = entry("old", false);
        let attempt = Arc::clone(&old.driver);
        let retired = tokio::spawn(retire(old, Duration::from_secs(3600)));
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(!left.load(Ordering::Acquire), "an attempt is under way");
        drop(attempt);
        retired.await.unwrap();
        assert!(left.load(Ordering::Acquire));
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_never_ends_does_not_keep_a_replaced_driver() {
        let (old, left) = entry("old", false);
        let _attempt = Arc::clone(&old.driver);
        retire(old, Duration::from_secs(5)).await;
        assert!(left.load(Ordering::Acquire));
    }
}
