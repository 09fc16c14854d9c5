//! Secrets go over the pipe alone, and come back nowhere.

use std::{
    fs,
    io::Write,
    sync::{Arc, Mutex},
};

use nuncio_core::{Driver as _, Notice, Options, Recipient};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{quick, try_start, until, uri};

const PASSWORD: &str = "pa55-wörd \"quoted\"";

/// A log that can be read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

#[tokio::test]
async fn secrets_are_in_no_log_no_report_and_nowhere_in_proc() {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let child = try_start("well", json!({"password": PASSWORD}), quick()).await.unwrap();
    let (uri, recipients) = (uri("child://ann:in-the-uri@h/"), [Recipient::new(0, "a")]);
    let options = Options(json!({"secret": "in-the-options"}).as_object().unwrap().clone());
    let mut notice = Notice::new("d", &uri, &recipients, &options);
    notice.content.text = "leak";
    let report = child.driver.deliver(&notice).await.of(0);
    assert_eq!((report.reason.as_str(), report.excerpt.as_str()), ("535 *** ***", "***"));
    let said = ["a stray line with ***", "stderr with ***", "log with ***"];
    until(|| said.iter().all(|line| log.text().contains(line)).then_some(())).await;
    for part in ["pa55", "quoted", "in-the-options", "in-the-uri"] {
        assert!(!log.text().contains(part), "{part} in {}", log.text());
    }
    for place in ["cmdline", "environ"] {
        let shown = fs::read(format!("/proc/{}/{place}", child.pid())).unwrap();
        let shown = String::from_utf8_lossy(&shown).into_owned();
        assert!(!shown.is_empty() && !shown.contains("pa55"), "{place}: {shown}");
    }
}

#[tokio::test]
async fn a_process_is_given_few_variables_of_the_host_and_those_that_were_set_for_it() {
    let mut options = quick();
    options.environment.insert("PAGER_TONE".to_owned(), "loud".to_owned());
    let child = try_start("well", json!({}), options).await.unwrap();
    let environ = fs::read(format!("/proc/{}/environ", child.pid())).unwrap();
    let environ = String::from_utf8_lossy(&environ).into_owned();
    assert!(environ.contains("PAGER_TONE=loud") && environ.contains("PATH="), "{environ}");
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some(), "the host has it");
    assert!(!environ.contains("CARGO_MANIFEST_DIR"), "{environ}");
}
