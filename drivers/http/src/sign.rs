//! Standard Webhooks signatures: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.
//!
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
//!
//! What depends on the secret alone is done once: [`Key`] is the decoded secret with both of HMAC's padded key blocks
//! already hashed, and it is kept with the subscription's plan. The rest is done for every delivery. The id and the
//! time come before the body in what is signed, and a hash goes from front to back, so two deliveries of one message
//! share no state of it: the body is hashed once for each of them.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use nuncio_plugin_sdk::Refusal;
use sha2::Sha256;

/// A secret's length in bytes, as the standard has it.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// One key of a subscription. It has no `Debug`: what it holds is secret.
#[derive(Clone)]
pub(crate) struct Key(Hmac<Sha256>);

impl Key {
    /// Reads `whsec_` and base64; `at` says where it stands. The refusal does not repeat the secret.
    pub(crate) fn read(text: &str, at: &str) -> Result<Self, Refusal> {
        let refusal = |why: &str| {
            Refusal::new(at, why)
                .fix("write `whsec_` and the base64 of 24 to 64 random bytes, as `openssl rand -base64 32` makes them")
        };
        let encoded =
            text.strip_prefix("whsec_").ok_or_else(|| refusal("a signing secret begins with `whsec_`"))?;
        let bytes =
            STANDARD.decode(encoded).map_err(|_| refusal("a signing secret is base64 after `whsec_`"))?;
        if !BYTES.contains(&bytes.len()) {
            return Err(refusal(&format!("this signing secret has {} bytes", bytes.len())));
        }
        Hmac::new_from_slice(&bytes).map(Self).map_err(|_| refusal("this signing secret cannot be used"))
    }

    fn signature(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// The value of `webhook-signature`: one signature for each key, so that a receiver may change its own at any time
/// while a secret is rotated.
pub(crate) fn signatures(keys: &[Key], id: &str, timestamp: i64, body: &[u8]) -> String {
    keys.iter().map(|key| key.signature(id, timestamp, body)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    /// The vector that the reference libraries of Standard Webhooks are tested with.
    #[test]
    fn the_reference_vector_is_signed_as_the_reference_does() {
        let key = Key::read(SECRET, "/options/secret").unwrap_or_else(|refusal| panic!("{refusal}"));
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", br#"{"test": 2432232314}"#);
        let want = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signatures(std::slice::from_ref(&key), id, 1_614_265_330, body), want);
        assert_eq!(signatures(&[key.clone(), key], id, 1_614_265_330, body), format!("{want} {want}"));
    }

    #[test]
    fn a_bad_secret_is_refused_without_being_repeated() {
        let long = format!("whsec_{}", STANDARD.encode([7; 65]));
        for secret in ["hunter2hunter2", "whsec_hunter2!", "whsec_aHVudGVyMg==", &long] {
            let refusal = Key::read(secret, "/options/secret").err().map(|refusal| refusal.to_string());
            let refusal = refusal.unwrap_or_else(|| panic!("{secret} was taken"));
            let told = secret.trim_start_matches("whsec_");
            assert!(refusal.starts_with("/options/secret: ") && !refusal.contains(told), "{refusal}");
        }
    }

    proptest! {
        #[test]
        fn no_secret_panics(text in "(whsec_)?.*") {
            prop_assert!(Key::read(&text, "/").is_err() || text.starts_with("whsec_"));
        }

        #[test]
        fn every_secret_of_24_to_64_bytes_is_taken(bytes in proptest::collection::vec(any::<u8>(), BYTES)) {
            let text = format!("whsec_{}", STANDARD.encode(bytes));
            prop_assert!(Key::read(&text, "/").is_ok());
        }
    }
}
