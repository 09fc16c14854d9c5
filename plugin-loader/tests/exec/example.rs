//! examples/exec/python/driver.py, as its README shows it.

use std::{fs, path::Path, sync::Arc, time::Duration};

use nuncio_core::{Driver as _, Notice, Options, Outcome, Recipient};
use nuncio_plugin_loader::ExecDriver;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Told, context, quick, uri};

async fn pager(settings: Value) -> Result<Arc<ExecDriver>, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/exec/python/driver.py");
    let command = [script.to_str().unwrap().to_owned()];
    let context = context(Arc::new(Told::default()));
    let started = ExecDriver::start("pager", &command, settings, &context, quick()).await;
    started.map_err(|error| error.to_string())
}

#[tokio::test]
async fn the_example_checks_renders_delivers_and_ends() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("pages");
    let driver = pager(json!({"file": file})).await.unwrap();
    let uri = uri("pager:ann");
    let checked = driver.check(&uri, &Options::default()).await.unwrap();
    assert_eq!(
        (checked.addresses, checked.destination),
        (vec!["ann".to_owned()], file.display().to_string())
    );
    let (recipients, options) = ([Recipient::new(0, "ann")], Options::default());
    let mut notice = Notice::new("d1", &uri, &recipients, &options);
    notice.content.text = "Die Küche brennt";
    assert_eq!(driver.render(&notice).await.unwrap(), "ann: Die Küche brennt");
    let report = driver.deliver(&notice).await.of(0);
    assert_eq!((report.outcome, report.provider_id.as_str()), (Outcome::Delivered, "d1"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "ann: Die Küche brennt\n");
    driver.shutdown(Duration::from_secs(30)).await;
}

#[tokio::test]
async fn the_example_says_what_is_wrong_and_where() {
    assert!(pager(json!({})).await.unwrap_err().contains("file"));
    let error = pager(json!({"file": "/nowhere/pages"})).await.unwrap_err();
    assert!(error.starts_with("/file: ") && error.contains("name a file"), "{error}");
    let folder = TempDir::new().unwrap();
    let driver = pager(json!({"file": folder.path().join("pages")})).await.unwrap();
    let refusal = driver.check(&uri("pager:a+b"), &Options::default()).await.unwrap_err();
    assert_eq!(refusal.at, "uri, column 7");
}

#[test]
fn the_example_is_short() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/exec/python/driver.py");
    let lines = fs::read_to_string(script).unwrap().lines().count();
    assert!(lines < 100, "{lines} lines");
}
