//! Who we are to a push service: a token signed with an account's key (RFC 8292, "VAPID").

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use aws_lc_rs::{
    agreement::{ECDH_P256, PrivateKey},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use nuncio_plugin_sdk::{Refusal, http::HeaderValue};
use rustls_pki_types::{PrivateKeyDer, pem::PemObject as _};
use serde_json::json;
use url::Url;
use zeroize::Zeroizing;

use crate::base64url;

/// How long a token holds: at most 24 hours (RFC 8292, section 2), and clocks differ.
const LIFE_MS: i64 = 12 * 60 * 60 * 1000;
/// The most origins whose tokens are kept. A project may name any number of them; a token costs a signature.
const MOST_TOKENS: usize = 256;
const KEY_FIX: &str =
    "make one with `openssl ecparam -name prime256v1 -genkey -noout`, and give it as { file = \"PATH\" }";
const SUBJECT_FIX: &str = "write mailto:ops@example.org or https://example.org/contact";

/// The key of an account, and the tokens that it has signed.
pub(crate) struct Signer {
    pair: EcdsaKeyPair,
    public: String,
    subject: String,
    tokens: Mutex<BTreeMap<String, Token>>,
}

struct Token {
    made_ms: i64,
    value: HeaderValue,
}

impl Signer {
    /// A signer with `key` (PEM, or the 32 bytes of the private key in base64url) for `subject`, which tells a service whom
    /// to write to.
    ///
    /// # Errors
    /// What is wrong, as `/key` and `/subject`.
    pub(crate) fn of(key: &str, subject: &str) -> Result<Self, Vec<Refusal>> {
        let mut wrong = Vec::new();
        if let Err(why) = check_subject(subject) {
            wrong.push(Refusal::new("/subject", why).fix(SUBJECT_FIX));
        }
        match pair(key) {
            Some(pair) if wrong.is_empty() => {
                let public = base64url::write(pair.public_key());
                Ok(Self { pair, public, subject: subject.to_owned(), tokens: Mutex::default() })
            }
            Some(_) => Err(wrong),
            None => {
                let why = "not a private key of the curve P-256, in PEM or as 32 bytes in base64url";
                wrong.push(Refusal::new("/key", why).fix(KEY_FIX));
                Err(wrong)
            }
        }
    }

    /// The public key as a page gives it to `pushManager.subscribe` as `applicationServerKey`.
    pub(crate) fn public(&self) -> &str {
        &self.public
    }

    /// The `Authorization` for the service at `origin`, at `now_ms`. One token is used until half of its life is over.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub(crate) fn authorization(&self, origin: &str, now_ms: i64) -> Result<HeaderValue, Refusal> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |token: &Token| (0..LIFE_MS / 2).contains(&(now_ms - token.made_ms));
        if let Some(token) = tokens.get(origin).filter(|token| fresh(token)) {
            return Ok(token.value.clone());
        }
        if tokens.len() >= MOST_TOKENS {
            tokens.retain(|_, token| fresh(token));
        }
        if tokens.len() >= MOST_TOKENS {
            tokens.clear();
        }
        let value = self.signed(origin, now_ms)?;
        tokens.insert(origin.to_owned(), Token { made_ms: now_ms, value: value.clone() });
        Ok(value)
    }

    fn signed(&self, origin: &str, now_ms: i64) -> Result<HeaderValue, Refusal> {
        let failed = || Refusal::new("key", "the token for the push service could not be signed");
        let part = |value: serde_json::Value| base64url::write(value.to_string());
        let claims = json!({"aud": origin, "exp": (now_ms + LIFE_MS).div_euclid(1000), "sub": self.subject});
        let text = format!("{}.{}", part(json!({"typ": "JWT", "alg": "ES256"})), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), text.as_bytes()).map_err(|_| failed())?;
        let value = format!("vapid t={text}.{}, k={}", base64url::write(signature), self.public);
        let mut value = HeaderValue::from_str(&value).map_err(|_| failed())?;
        value.set_sensitive(true);
        Ok(value)
    }
}

fn pair(key: &str) -> Option<EcdsaKeyPair> {
    let key = key.trim();
    if key.contains("-----BEGIN") {
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).ok()?;
        return EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, key.secret_der()).ok();
    }
    let private = Zeroizing::new(base64url::read::<32>(key)?);
    let public = PrivateKey::from_private_key(&ECDH_P256, private.as_slice()).ok()?;
    let public = public.compute_public_key().ok()?;
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    EcdsaKeyPair::from_private_key_and_public_key(algorithm, private.as_slice(), public.as_ref()).ok()
}

/// Services look at it more closely than the standard does: with blanks or angle brackets in it, or without a domain, Apple
/// answers that the token is bad.
fn check_subject(subject: &str) -> Result<(), &'static str> {
    if subject.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>')) {
        return Err("there are blanks or angle brackets in it");
    }
    let url = Url::parse(subject).map_err(|_| "neither a mailto: nor an https: URI")?;
    let domain = match url.scheme() {
        "https" => url.domain().unwrap_or_default(),
        "mailto" => url.path().rsplit_once('@').map_or("", |(_, domain)| domain),
        _ => return Err("neither a mailto: nor an https: URI"),
    };
    if domain.contains('.') { Ok(()) } else { Err("it has no domain that a push service could write to") }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use proptest::prelude::*;
    use serde_json::Value;

    /// The private key of RFC 8291's example, which nobody else signs with.
    pub(crate) const RAW: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
    pub(crate) const PUBLIC: &str =
        "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
    const SUBJECT: &str = "mailto:ops@example.org";

    fn signer() -> Signer {
        Signer::of(RAW, SUBJECT).ok().unwrap()
    }

    fn refused(key: &str, subject: &str) -> String {
        let wrong = Signer::of(key, subject).err().unwrap_or_default();
        wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    /// The claims of an `Authorization` whose signature holds.
    fn claims(value: &HeaderValue) -> Value {
        let (token, key) =
            value.to_str().unwrap().strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        let (text, signature) = token.rsplit_once('.').unwrap();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, base64url::read::<65>(key).unwrap());
        let signature = base64url::read::<64>(signature).unwrap();
        key.verify(text.as_bytes(), &signature).unwrap();
        let json = |part: &str| {
            use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
            serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        let (header, claims) = text.split_once('.').unwrap();
        assert_eq!(json(header), json!({"typ": "JWT", "alg": "ES256"}));
        json(claims)
    }

    #[test]
    fn a_token_names_the_service_its_end_and_us() {
        let value = signer().authorization("https://push.example.net", 1_700_000_000_000).unwrap();
        let want = json!({"aud": "https://push.example.net", "exp": 1_700_043_200, "sub": SUBJECT});
        assert_eq!(claims(&value), want);
        assert!(value.is_sensitive() && value.to_str().unwrap().ends_with(&format!(", k={PUBLIC}")));
    }

    #[test]
    fn a_token_is_used_until_half_of_its_life_is_over_and_for_one_service_alone() {
        let (signer, start) = (signer(), 1_700_000_000_000);
        let at = |ms: i64| signer.authorization("https://a.example", start + ms).unwrap();
        let first = at(0);
        assert_eq!(at(LIFE_MS / 2 - 1), first);
        let second = at(LIFE_MS / 2);
        assert_ne!(second, first);
        assert_ne!(signer.authorization("https://b.example", start + LIFE_MS / 2).unwrap(), second);
        assert_ne!(at(0), second, "the clock was set back: its end could be too far away");
    }

    #[test]
    fn services_that_nobody_uses_any_more_are_forgotten() {
        let signer = signer();
        for n in 0..3 * MOST_TOKENS {
            signer.authorization(&format!("https://{n}.example"), 0).unwrap();
        }
        assert!(signer.tokens.lock().unwrap().len() <= MOST_TOKENS);
    }

    /// Made with `openssl ecparam -name prime256v1 -genkey`, and the same by `openssl pkcs8 -topk8 -nocrypt`.
    const SEC1: &str = include_str!("../tests/keys/sec1.pem");
    const PKCS8: &str = include_str!("../tests/keys/pkcs8.pem");
    const OF_BOTH: &str = include_str!("../tests/keys/public.txt");

    #[test]
    fn a_key_is_read_in_every_form() {
        let public = |key: &str| Signer::of(key, SUBJECT).ok().unwrap().public().to_owned();
        assert_eq!(public(RAW), PUBLIC);
        assert_eq!(public(&format!("{RAW}=\n")), PUBLIC);
        assert_eq!(public(SEC1), OF_BOTH.trim());
        assert_eq!(public(PKCS8), OF_BOTH.trim());
    }

    #[test]
    fn a_wrong_key_or_subject_is_refused_without_being_repeated() {
        let zero = base64url::write([0; 32]);
        for key in
            ["", "s3cret", &zero, PUBLIC, "-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----"]
        {
            let refusal = refused(key, SUBJECT);
            assert!(
                refusal.starts_with("/key: not a private key") && !refusal.contains("s3cret"),
                "{refusal}"
            );
        }
        for subject in
            ["", "ops@example.org", "mailto: <ops@example.org>", "http://example.org", "mailto:a@localhost"]
        {
            let refusal = refused(RAW, subject);
            assert!(
                refusal.starts_with("/subject: ") && refusal.contains("mailto:ops@example.org"),
                "{refusal}"
            );
        }
        assert_eq!(refused("", "").lines().count(), 2, "all of it at once");
        assert_eq!(refused(RAW, "https://example.org/contact"), "");
    }

    proptest! {
        #[test]
        fn any_key_and_subject_are_taken_or_refused(key in "(-----BEGIN [A-Z ]{0,20}-----\n)?\\PC{0,60}", subject in "(mailto:|https:)?\\PC{0,20}") {
            drop(Signer::of(&key, &subject));
        }
    }
}
