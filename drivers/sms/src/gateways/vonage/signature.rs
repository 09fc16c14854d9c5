//! Who sent a receipt: a signature over its parameters, or a token in its header.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use nuncio_plugin_sdk::{Inbound, JsonSchema, Refusal, Secret, schemars, serde_json};
use serde::Deserialize;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;

use super::super::{pairs::Pairs, reference::unhex};

/// How old a receipt may be. Vonage tries for 24 hours, with the time of the first try.
const MAX_AGE_S: u64 = 25 * 3600;

/// How receipts are signed: the dashboard's "signature method".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(crate = "schemars")]
pub(crate) enum Method {
    /// SHA-256 HMAC over the parameters.
    #[default]
    Sha256,
    /// SHA-512 HMAC.
    Sha512,
    /// SHA-1 HMAC.
    Sha1,
    /// MD5 HMAC.
    Md5,
    /// MD5 of the parameters and the secret, which is Vonage's default; take a better one.
    Md5Hash,
    /// A JSON Web Token (HS256) in the header `Authorization`, with a hash of the body.
    Jwt,
}

/// What a request says, as far as [`verify`] looks at it: the hash of a token is that of the body, or of the query where
/// there is no body. Who saw one signed request could else send it with another query.
///
/// # Errors
/// A body that is not what its header says.
pub(super) fn said(inbound: &Inbound, body: &[u8], method: Method) -> Result<Pairs, Refusal> {
    if method == Method::Jwt && !body.is_empty() {
        Pairs::of_body(inbound, body)
    } else {
        Pairs::of(inbound, body)
    }
}

/// Whether who knows `secret` sent this, not long before `now_ms`.
///
/// # Errors
/// What is missing or wrong.
pub(super) fn verify(
    inbound: &Inbound,
    body: &[u8],
    pairs: &Pairs,
    (method, secret): (Method, &Secret),
    now_ms: i64,
) -> Result<(), Refusal> {
    if method == Method::Jwt {
        return token(inbound, body, secret, now_ms);
    }
    let refused = |why: &str| Refusal::new("sig", why);
    let sig = pairs.get("sig");
    if sig.is_empty() {
        return Err(refused("the receipt is not signed")
            .fix("have signed webhooks enabled at Vonage, or set `signature_method` to `jwt`"));
    }
    let sig = unhex(sig).ok_or_else(|| refused("not in hexadecimal digits"))?;
    let text = signed(pairs);
    let right = match method {
        Method::Sha256 => is_mac::<Hmac<Sha256>>(&text, &sig, secret),
        Method::Sha512 => is_mac::<Hmac<Sha512>>(&text, &sig, secret),
        Method::Sha1 => is_mac::<Hmac<Sha1>>(&text, &sig, secret),
        Method::Md5 => is_mac::<Hmac<Md5>>(&text, &sig, secret),
        Method::Md5Hash | Method::Jwt => {
            let hash = Md5::digest(format!("{text}{}", secret.expose()));
            hash.as_slice().ct_eq(&sig).into()
        }
    };
    if !right {
        return Err(refused("it is not of the `signature_secret` by the `signature_method`"));
    }
    fresh(pairs.get("timestamp"), now_ms)
        .ok_or_else(|| refused("its `timestamp` is too old, or of the future"))
}

/// The parameters as they are signed: in the order of their names, with `&` and `=` in values replaced.
///
/// <https://developer.vonage.com/en/getting-started/concepts/signing-messages>
fn signed(pairs: &Pairs) -> String {
    let mut sorted: Vec<_> = pairs.0.iter().filter(|(name, _)| name != "sig").collect();
    sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
    sorted.iter().map(|(name, value)| format!("&{name}={}", value.replace(['&', '='], "_"))).collect()
}

fn is_mac<M: Mac + KeyInit>(text: &str, sig: &[u8], secret: &Secret) -> bool {
    <M as KeyInit>::new_from_slice(secret.expose().as_bytes()).is_ok_and(|mut mac| {
        mac.update(text.as_bytes());
        mac.verify_slice(sig).is_ok()
    })
}

fn fresh(seconds: &str, now_ms: i64) -> Option<()> {
    let seconds: i64 = seconds.parse().ok()?;
    (seconds.abs_diff(now_ms.div_euclid(1000)) <= MAX_AGE_S).then_some(())
}

/// What we want of the token's claims.
#[derive(Deserialize)]
struct Claims {
    iat: i64,
    #[serde(default)]
    payload_hash: String,
}

/// <https://developer.vonage.com/en/getting-started/concepts/webhooks#decoding-signed-webhooks>
fn token(inbound: &Inbound, body: &[u8], secret: &Secret, now_ms: i64) -> Result<(), Refusal> {
    let refused = |why: &str| Refusal::new("authorization", why);
    let header = inbound.headers.get("authorization").map(String::as_str).unwrap_or_default();
    let token = header
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| refused("there is no token").fix("have signed webhooks enabled at Vonage"))?;
    let broken = || refused("not a token of three parts in base64url");
    let (signed, signature) = token.rsplit_once('.').ok_or_else(broken)?;
    let (head, claims) = signed.split_once('.').ok_or_else(broken)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| broken())?;
    // The algorithm is ours to choose, not the token's: anything but HS256 fails here (RFC 8725 section 3.1).
    if !is_mac::<Hmac<Sha256>>(signed, &signature, secret) {
        return Err(refused("it is not of the `signature_secret`"));
    }
    let parts = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| broken());
    let head: serde_json::Value = serde_json::from_slice(&parts(head)?).map_err(|_| broken())?;
    if head.get("alg").and_then(serde_json::Value::as_str) != Some("HS256") {
        return Err(refused("its algorithm is not HS256"));
    }
    let claims: Claims =
        serde_json::from_slice(&parts(claims)?).map_err(|_| refused("its claims cannot be read"))?;
    fresh(&claims.iat.to_string(), now_ms).ok_or_else(|| refused("it is too old, or of the future"))?;
    let hash = unhex(&claims.payload_hash).ok_or_else(|| refused("it has no `payload_hash`"))?;
    let payload = if body.is_empty() { as_object(&inbound.query).into_bytes() } else { body.to_vec() };
    if bool::from(Sha256::digest(&payload).as_slice().ct_eq(&hash)) {
        Ok(())
    } else {
        Err(refused("its `payload_hash` is not that of the receipt"))
    }
}

/// A query as the object in JSON that a token's hash is made of: names in the order of the query, no blanks.
fn as_object(query: &str) -> String {
    let text = |one: &str| serde_json::Value::from(one).to_string();
    let pairs = Pairs::form(query.as_bytes());
    let members: Vec<_> =
        pairs.0.iter().map(|(name, value)| format!("{}:{}", text(name), text(value))).collect();
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
pub(super) mod tests;
