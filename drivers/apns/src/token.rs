//! The provider token: a JWT (RFC 7519) that says who sends, signed by ES256 (RFC 7518, section 3.4).
//!
//! Apple's "Establishing a token-based connection to APNs": header `alg` and `kid`, claims `iss` and `iat`; not made anew
//! more than once in 20 minutes, and refused when it is older than an hour.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use nuncio_plugin_sdk::http::HeaderValue;
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde_json::json;

/// A token is used for so long, in seconds: between the 20 and the 60 minutes that Apple names. All processes with a key
/// (hosts, `nuncio send`) begin one at the same times, so that Apple sees no more of them than of one process.
const USED_S: i64 = 40 * 60;
/// A token younger than this is never made anew, in seconds.
const YOUNGEST_S: i64 = 20 * 60;

/// Signs tokens, one for all deliveries at a time.
pub(crate) struct Tokens {
    key: EcdsaKeyPair,
    random: SystemRandom,
    header: String,
    team: String,
    current: Mutex<Option<Arc<Token>>>,
}

/// A token.
pub(crate) struct Token {
    /// What goes into `authorization`.
    pub(crate) bearer: HeaderValue,
    made_s: i64,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

impl Tokens {
    /// Tokens of `team`, signed with the PKCS#8 PEM `key` called `key_id`.
    pub(crate) fn new(team: &str, key_id: &str, key: &str) -> Result<Self, &'static str> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(key.as_bytes())
            .map_err(|_| "not a PEM text with `BEGIN PRIVATE KEY`")?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.secret_pkcs8_der())
            .map_err(|_| "not a key of the curve P-256")?;
        let header = BASE64_URL_SAFE_NO_PAD.encode(json!({"alg": "ES256", "kid": key_id}).to_string());
        let random = SystemRandom::new();
        Ok(Self { key, random, header, team: team.to_owned(), current: Mutex::default() })
    }

    /// The token to use at `now_ms`; nothing where it cannot be signed.
    pub(crate) fn current(&self, now_ms: i64) -> Option<Arc<Token>> {
        let now_s = now_ms.div_euclid(1000);
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let usable = |token: &Arc<Token>| (0..USED_S).contains(&(now_s - token.made_s));
        if !current.as_ref().is_some_and(usable) {
            *current = Some(Arc::new(self.sign(now_s - now_s.rem_euclid(USED_S))?));
        }
        current.clone()
    }

    /// Apple says that `token` has expired: says whether the next one will be another. A young token has expired by
    /// nothing but a wrong clock, and many new ones would be refused too.
    pub(crate) fn expired(&self, token: &Arc<Token>, now_ms: i64) -> bool {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let same = current.as_ref().is_some_and(|one| Arc::ptr_eq(one, token));
        let now_s = now_ms.div_euclid(1000);
        if same && now_s - token.made_s >= YOUNGEST_S {
            *current = self.sign(now_s).map(Arc::new);
        }
        !current.as_ref().is_some_and(|one| Arc::ptr_eq(one, token))
    }

    fn sign(&self, now_s: i64) -> Option<Token> {
        let claims = json!({"iss": self.team, "iat": now_s}).to_string();
        let signed = format!("{}.{}", self.header, BASE64_URL_SAFE_NO_PAD.encode(claims));
        let signature = self.key.sign(&self.random, signed.as_bytes()).ok()?;
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature.as_ref());
        let mut bearer = HeaderValue::from_str(&format!("bearer {signed}.{signature}")).ok()?;
        bearer.set_sensitive(true);
        Some(Token { bearer, made_s: now_s })
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    const MINUTE_MS: i64 = 60_000;
    /// When all begin a token.
    const NOW_MS: i64 = 1_437_177_600_000;

    fn tokens() -> (Tokens, Vec<u8>) {
        let own = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        (
            Tokens::new("DEF123GHIJ", "ABC123DEFG", &own.serialize_pem()).unwrap(),
            own.public_key_raw().to_vec(),
        )
    }

    #[test]
    fn a_token_is_what_apple_documents_and_its_signature_holds() {
        let (tokens, public) = tokens();
        let token = tokens.current(NOW_MS).unwrap();
        let text = token.bearer.to_str().unwrap().strip_prefix("bearer ").unwrap().to_owned();
        let parts: Vec<_> = text.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else { panic!("{text}") };
        let read = |part: &str| -> serde_json::Value {
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        assert_eq!(read(header), json!({"alg": "ES256", "kid": "ABC123DEFG"}));
        assert_eq!(read(claims), json!({"iss": "DEF123GHIJ", "iat": 1_437_177_600}));
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public)
            .verify(
                format!("{header}.{claims}").as_bytes(),
                &BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap(),
            )
            .unwrap();
        assert!(!format!("{:?}", token.bearer).contains(signature));
    }

    #[test]
    fn a_token_is_shared_and_made_anew_between_20_and_60_minutes() {
        let (tokens, _) = tokens();
        let first = tokens.current(NOW_MS).unwrap();
        assert!(Arc::ptr_eq(&first, &tokens.current(NOW_MS + 39 * MINUTE_MS).unwrap()));
        let second = tokens.current(NOW_MS + 40 * MINUTE_MS).unwrap();
        assert!(!Arc::ptr_eq(&first, &second));
        let back = tokens.current(NOW_MS - MINUTE_MS).unwrap();
        assert!(!Arc::ptr_eq(&second, &back), "a token of the future is refused");
    }

    #[test]
    fn processes_that_begin_at_different_times_make_tokens_of_one_time() {
        let made = |minute: i64| tokens().0.current(NOW_MS + minute * MINUTE_MS).unwrap().made_s;
        assert!((0..40).all(|minute| made(minute) == made(0)));
        assert_eq!(made(40) - made(0), USED_S);
    }

    #[test]
    fn a_token_that_expired_is_replaced_once_and_never_when_it_is_young() {
        let (tokens, _) = tokens();
        let first = tokens.current(NOW_MS).unwrap();
        assert!(!tokens.expired(&first, NOW_MS + 19 * MINUTE_MS));
        assert!(Arc::ptr_eq(&first, &tokens.current(NOW_MS + 19 * MINUTE_MS).unwrap()));
        assert!(tokens.expired(&first, NOW_MS + 20 * MINUTE_MS));
        let second = tokens.current(NOW_MS + 20 * MINUTE_MS).unwrap();
        assert!(
            tokens.expired(&first, NOW_MS + 21 * MINUTE_MS),
            "the late word on the first is no word on the second"
        );
        assert!(Arc::ptr_eq(&second, &tokens.current(NOW_MS + 21 * MINUTE_MS).unwrap()));
    }

    #[test]
    fn a_key_of_another_kind_is_refused_by_its_kind() {
        let error = |key: &str| Tokens::new("DEF123GHIJ", "ABC123DEFG", key).err().unwrap();
        assert!(error("secret").contains("BEGIN PRIVATE KEY"));
        let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        assert!(error(&other.serialize_pem()).contains("P-256"));
    }
}
