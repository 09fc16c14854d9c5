//! Signing, and telling what was signed here.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use nuncio_plugin_sdk::Secret;
use sha2::Sha256;

use super::{grant::Grant, presented::Presented};
use crate::times;

/// The length of a signature in bytes.
const BYTES: usize = 32;

/// The key of signed URLs.
#[derive(Clone)]
pub struct Signer(Hmac<Sha256>);

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(***)")
    }
}

impl Signer {
    /// Signs with `key`.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        match Hmac::new_from_slice(key) {
            Ok(mac) => Self(mac),
            Err(_) => unreachable!("HMAC takes a key of any length (RFC 2104, section 2)"),
        }
    }

    /// Signs with the operator's key, or with the store's own.
    #[must_use]
    pub fn of(configured: Option<&Secret>, kept: [u8; 32]) -> Self {
        configured.map_or_else(|| Self::new(&kept), |key| Self::new(key.expose().as_bytes()))
    }

    /// The signature of `grant`: HMAC-SHA256 in hexadecimal.
    #[must_use]
    pub fn sign(&self, grant: &Grant) -> String {
        let mut mac = self.0.clone();
        mac.update(grant.text().as_bytes());
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What was signed here, if that opens `method` on `path` at `now` (Unix milliseconds). Why it does not is nobody's
    /// business.
    #[must_use]
    pub fn verify(&self, shown: &Presented<'_>, method: &str, path: &str, now: i64) -> Option<Grant> {
        self.read(shown).filter(|grant| grant.opens(method, path, now))
    }

    /// What was signed here, whatever it opens, and also when it has expired.
    #[must_use]
    pub fn read(&self, shown: &Presented<'_>) -> Option<Grant> {
        let list = |text: &str| text.split(',').map(|one| one.trim().to_owned()).collect::<Vec<_>>();
        let expires = times::of_bare(shown.expires)?;
        let grant = Grant::new(shown.project, list(shown.paths), list(shown.methods), expires).ok()?;
        let signature = decoded(shown.signature)?;
        let mut mac = self.0.clone();
        mac.update(grant.text().as_bytes());
        // In constant time.
        mac.verify_slice(&signature).is_ok().then_some(grant)
    }
}

fn decoded(text: &str) -> Option<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    if text.len() != 2 * BYTES {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        for digit in pair {
            let digit = char::from(*digit).to_digit(16)?;
            *byte = *byte << 4 | u8::try_from(digit).ok()?;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LATE: i64 = 2_145_916_800_000;
    const PATH: &str = "/v2/queues/q/messages";

    fn signed(key: &[u8]) -> (String, Grant) {
        let grant = Grant::new("p", [PATH.to_owned()], ["GET".to_owned()], LATE).unwrap();
        (Signer::new(key).sign(&grant), grant)
    }

    fn shown<'a>(signature: &'a str, grant: &'a Grant) -> Presented<'a> {
        Presented { signature, methods: "GET", paths: PATH, expires: grant.expires(), project: "p" }
    }

    /// Made with Python: hmac.new(b"compat-secret-key", text, sha256).hexdigest().
    #[test]
    fn a_signature_is_the_one_that_zaqar_makes() {
        let (signature, _) = signed(b"compat-secret-key");
        assert_eq!(signature, "eb9a3ce6051a5283fec82b4844288a19c451593eafa7a26d4f18ed935a585ff8");
    }

    #[test]
    fn what_was_signed_here_opens_and_nothing_else() {
        let (signature, grant) = signed(b"key");
        let (signer, good) = (Signer::new(b"key"), shown(&signature, &grant));
        assert_eq!(signer.verify(&good, "GET", PATH, 0), Some(grant.clone()));
        let zeros = "0".repeat(64);
        for bad in [
            Presented { signature: "", ..good },
            Presented { signature: &zeros, ..good },
            Presented { methods: "GET,PUT", ..good },
            Presented { methods: "", ..good },
            Presented { paths: "/v2/queues/q", ..good },
            Presented { paths: "", ..good },
            Presented { project: "other", ..good },
            Presented { expires: "2039-01-01T00:00:00", ..good },
            Presented { expires: "2038-01-01T00:00:00Z", ..good },
            Presented { expires: "", ..good },
            Presented::default(),
        ] {
            assert_eq!(signer.verify(&bad, "GET", PATH, 0), None, "{bad:?}");
        }
        assert_eq!(Signer::new(b"other").verify(&good, "GET", PATH, 0), None);
        assert_eq!(signer.verify(&good, "GET", PATH, LATE), None);
        assert_eq!(signer.verify(&good, "PUT", PATH, 0), None);
    }

    #[test]
    fn the_order_of_lists_does_not_matter() {
        let methods = ["GET", "PUT"].map(str::to_owned);
        let grant = Grant::new("p", [PATH.to_owned()], methods, LATE).unwrap();
        let signer = Signer::new(b"key");
        let signature = signer.sign(&grant);
        let shown = Presented { methods: "PUT, GET", ..shown(&signature, &grant) };
        assert!(signer.verify(&shown, "PUT", PATH, 0).is_some());
    }

    proptest! {
        #[test]
        fn nothing_opens_without_the_key(
            signature in "[0-9a-fA-F]{64}|\\PC{0,70}", methods in "\\PC{0,20}", paths in "\\PC{0,40}",
            expires in "[0-9T:-]{0,20}|\\PC{0,20}", project in "\\PC{0,20}",
        ) {
            let shown = Presented {
                signature: &signature, methods: &methods, paths: &paths, expires: &expires, project: &project,
            };
            prop_assert_eq!(Signer::new(b"key").verify(&shown, "GET", &paths, 0), None);
        }
    }
}
