//! The assertion that an access token is given for: a JWT signed by RS256 (RFC 7523; Google's "Using OAuth 2.0 for server
//! to server applications").

use std::fmt;

use aws_lc_rs::{rand::SystemRandom, rsa::KeyPair, signature::RSA_PKCS1_SHA256};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde_json::json;

use crate::service_account::ServiceAccount;

/// What the token may be used for.
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
/// An assertion holds for at most an hour, in seconds.
const HOLDS_S: i64 = 3600;

/// Signs assertions of a service account.
pub(crate) struct Signer {
    key: KeyPair,
    header: String,
    email: String,
    audience: String,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

impl Signer {
    pub(crate) fn new(account: &ServiceAccount) -> Result<Self, &'static str> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(account.private_key.expose().as_bytes())
            .map_err(|_| "its `private_key` is not a PEM text with `BEGIN PRIVATE KEY`")?;
        let key =
            KeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| "its `private_key` is no RSA key")?;
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": account.private_key_id}).to_string();
        Ok(Self {
            key,
            header: BASE64_URL_SAFE_NO_PAD.encode(header),
            email: account.client_email.clone(),
            audience: account.token_uri.clone(),
        })
    }

    /// An assertion made at `now_ms`; nothing where it cannot be signed.
    pub(crate) fn sign(&self, now_ms: i64) -> Option<String> {
        let now_s = now_ms.div_euclid(1000);
        let claims = json!({
            "iss": self.email, "scope": SCOPE, "aud": self.audience, "iat": now_s, "exp": now_s + HOLDS_S,
        });
        let signed = format!("{}.{}", self.header, BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
        Some(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;
    use crate::test_key::service_account;

    #[test]
    fn an_assertion_is_what_google_documents_and_its_signature_holds() {
        let account =
            ServiceAccount::read(&service_account("https://oauth2.googleapis.com/token").to_string());
        let signer = Signer::new(&account.ok().unwrap()).unwrap();
        let text = signer.sign(1_700_000_000_999).unwrap();
        let parts: Vec<_> = text.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else { panic!("{text}") };
        let read = |part: &str| -> serde_json::Value {
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        assert_eq!(read(header), json!({"alg": "RS256", "typ": "JWT", "kid": "key-1"}));
        assert_eq!(
            read(claims),
            json!({
                "iss": "push@demo.iam.gserviceaccount.com", "aud": "https://oauth2.googleapis.com/token",
                "scope": SCOPE, "iat": 1_700_000_000, "exp": 1_700_003_600,
            })
        );
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, signer.key.public_key().as_ref())
            .verify(
                format!("{header}.{claims}").as_bytes(),
                &BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap(),
            )
            .unwrap();
    }

    #[test]
    fn a_key_of_another_kind_is_refused() {
        let refused = |key: &str| {
            let mut json = service_account("https://a");
            json["private_key"] = key.into();
            Signer::new(&ServiceAccount::read(&json.to_string()).ok().unwrap()).unwrap_err()
        };
        assert!(refused("hunter2").contains("BEGIN PRIVATE KEY"));
        assert!(
            refused("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").contains("no RSA key")
        );
    }
}
