//! A service account of nobody's, for tests.

use std::sync::LazyLock;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

/// Made once: an RSA key takes its time.
static KEY: LazyLock<String> = LazyLock::new(|| {
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = key.as_der().unwrap();
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        BASE64_STANDARD.encode(der.as_ref())
    )
});

/// A service account that gets its tokens at `token_uri`.
pub(crate) fn service_account(token_uri: &str) -> Value {
    json!({
        "type": "service_account", "project_id": "demo", "private_key_id": "key-1", "private_key": *KEY,
        "client_email": "push@demo.iam.gserviceaccount.com", "token_uri": token_uri,
    })
}
