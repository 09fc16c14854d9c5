//! One database, one host.

use std::time::Duration;

use nuncio_tests::{Recipe, command::run};

#[test]
fn a_second_host_on_the_same_database_is_refused() {
    let host = Recipe::new().start();
    let configuration = host.folder().join("nuncio.toml");
    let mut second = host.recipe().command(Duration::from_secs(20));
    let output = run(second.args(["serve", "--config"]).arg(configuration));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && output.status.code() != Some(124), "{}: {said}", output.status);
    assert!(said.contains("nuncio.db"), "it does not name the database: {said}");
    host.get("/healthz").expect(200);
}
