//! Tasks without which nothing is delivered.

use std::future::Future;

use tokio::task::JoinHandle;

use super::panics::contained;

/// The exit code of a host with a bug that stops delivery: `EX_SOFTWARE` of sysexits.
const SOFTWARE: i32 = 70;

/// Runs a task that delivery cannot do without. If it panics the process ends: a host that goes on taking messages
/// and delivers none is worse than one that is started again and goes on from what is stored.
pub(super) fn spawn(name: &'static str, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(async move {
        if let Err(panic) = contained(Box::pin(task)).await {
            tracing::error!(
                task = name,
                panic,
                "delivery panicked: the host stops, and goes on at its start"
            );
            std::process::exit(SOFTWARE);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    const INSIDE: &str = "NUNCIO_TEST_VITAL";

    #[tokio::test]
    async fn a_panic_ends_the_process_and_a_regular_end_does_not() {
        if std::env::var_os(INSIDE).is_some() {
            spawn("regular", async {}).await.unwrap();
            return spawn("broken", async { panic!("a bug") }).await.unwrap();
        }
        let itself = std::env::current_exe().unwrap();
        let name = "delivery::vital::tests::a_panic_ends_the_process_and_a_regular_end_does_not";
        let ended = Command::new(itself).args([name, "--exact"]).env(INSIDE, "1").output().unwrap();
        assert_eq!(ended.status.code(), Some(SOFTWARE));
    }
}
