//! How a driver ends: by its owner's word, with its owner, and with a host that was killed.

use std::{
    env,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use nuncio_core::{Driver as _, Outcome};

use crate::support::{alive, quick, start, until};

#[tokio::test]
async fn a_shutdown_lets_the_process_end_by_itself() {
    let child = start("well", quick()).await;
    assert_eq!(child.page("d", "hello").await.outcome, Outcome::Delivered);
    child.driver.shutdown(Duration::from_secs(30)).await;
    child.noted("shutdown").await;
    assert!(!alive(&child.pid()));
    assert_eq!(child.driver.disabled().as_deref(), Some("the driver was shut down"));
    assert_eq!(child.page("d", "hello").await.outcome, Outcome::Deferred);
}

#[tokio::test]
async fn a_process_that_does_not_end_is_killed_after_the_grace() {
    let child = start("slow", quick()).await;
    let (waiting, ()) = tokio::join!(child.page("d", "ignore"), async {
        child.noted("ignore").await;
        child.driver.shutdown(Duration::from_millis(200)).await;
    });
    assert!(!alive(&child.pid()));
    assert!(waiting.outcome == Outcome::Deferred && waiting.maybe_sent, "{waiting:?}");
}

#[tokio::test]
async fn a_driver_that_is_dropped_takes_its_process_with_it() {
    let child = start("slow", quick()).await;
    let pid = child.pid();
    drop(child);
    until(|| (!alive(&pid)).then_some(())).await;
}

/// The variable that makes the test below the host that it kills.
const HOST: &str = "NUNCIO_TEST_IS_HOST";

#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "the time of real processes")]
async fn a_killed_host_takes_its_drivers_with_it_though_they_ignore_the_end_of_stdin() {
    if env::var_os(HOST).is_some() {
        let child = start("slow", quick()).await;
        println!("driver {}", child.pid());
        return std::future::pending().await;
    }
    let name = "ends::a_killed_host_takes_its_drivers_with_it_though_they_ignore_the_end_of_stdin";
    let mut host = Command::new(env::current_exe().unwrap());
    host.args([name, "--exact", "--nocapture"]).env(HOST, "1").stdout(Stdio::piped());
    let mut host = host.spawn().unwrap();
    let lines = BufReader::new(host.stdout.take().unwrap()).lines();
    let mut lines = lines.map_while(Result::ok);
    let pid = lines.find_map(|line| Some(line.split_once("driver ")?.1.to_owned())).expect("the host is up");
    assert!(alive(&pid));
    let begun = Instant::now();
    host.kill().unwrap();
    host.wait().unwrap();
    until(|| (!alive(&pid)).then_some(())).await;
    assert!(begun.elapsed() < Duration::from_secs(50), "it slept to its end");
}
