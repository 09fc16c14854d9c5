//! The OpenAPI document against the program: requests are generated from it, good and bad ones, from a fixed seed.

use std::time::Duration;

use nuncio_tests::{Folder, Recipe, command, python};

/// What an answer must be: no 5xx, and as the document tells it.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance,response_headers_conformance";

/// Seconds of generated requests; with `--long`, and without.
const LONG: &str = "175";
const SHORT: &str = "75";

#[test]
fn whatever_is_asked_is_answered_as_the_document_tells() {
    let host = Recipe::new().start();
    let folder = Folder::new("openapi");
    folder.write("media_types.py", include_str!("openapi/media_types.py"));
    let seconds = if std::env::var_os("NUNCIO_LONG").is_some() { LONG } else { SHORT };
    let document = format!("http://{}/v2/openapi.json", host.address());
    let mut program = command::command(python("schemathesis", "schemathesis"), Duration::from_secs(300));
    program.args(["run", &document, "--checks", CHECKS, "--seed", "1", "--max-time", seconds]);
    program.args(["--phases", "examples,coverage,fuzzing,stateful", "--no-color", "--continue-on-failure"]);
    program.current_dir(folder.path());
    program.env("SCHEMATHESIS_HOOKS", "media_types").env("PYTHONPATH", folder.path());
    let told = command::succeed(&mut program);
    assert!(told.contains("Stateful"), "{told}");
}
