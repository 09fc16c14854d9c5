//! Delivery receipts: what the vendor tells later, by a request to the host, which it signs.

use hmac::{Hmac, KeyInit, Mac};
use nuncio_plugin_sdk::{Deserialize, Inbound, Outcome, Receipt, Refusal, Secret, serde_json};
use sha2::Sha256;

/// Where the signature stands: `t=UNIX-SECONDS,v1=HEX`, an HMAC-SHA256 of `UNIX-SECONDS.BODY`.
const HEADER: &str = "acme-signature";
/// How old a request may be: long enough for clocks that differ, too short to send it again much later.
const MAX_AGE_MS: i64 = 300_000;

/// What the vendor says of a message.
#[derive(Deserialize)]
#[serde(crate = "nuncio_plugin_sdk::serde")]
struct Word {
    id: String,
    #[serde(default)]
    reference: String,
    status: String,
    #[serde(default)]
    code: u32,
}

/// Whether the vendor made this request, not long before `now_ms`.
pub(crate) fn verify(request: &Inbound, body: &[u8], secret: &Secret, now_ms: i64) -> Result<(), Refusal> {
    let refused = |why: &str| Refusal::new(HEADER, why);
    let header = request.headers.get(HEADER).ok_or_else(|| refused("the request is not signed"))?;
    let part = |name: &str| header.split(',').find_map(|part| part.trim().strip_prefix(name));
    let at = part("t=").unwrap_or_default();
    let seconds: i64 = at.parse().map_err(|_| refused("its time is not a number of seconds"))?;
    if seconds.saturating_mul(1000).abs_diff(now_ms) > MAX_AGE_MS.unsigned_abs() {
        return Err(refused("it is too old, or of the future").fix("set the clocks of both sides"));
    }
    let signature = part("v1=").and_then(unhex).ok_or_else(|| refused("it has no signature in hex"))?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .map_err(|_| refused("the secret cannot be used"))?;
    mac.update(at.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.verify_slice(&signature).map_err(|_| refused("it is not of the secret in the settings"))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.chars().map(|c| c.to_digit(16)).collect::<Option<Vec<_>>>()?;
    let bytes = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    });
    bytes.collect()
}

/// What a body says; `None` of a status that changes nothing.
pub(crate) fn read(body: &[u8], now_ms: i64) -> Result<Option<Receipt>, Refusal> {
    let word: Word = serde_json::from_slice(body)
        .map_err(|error| Refusal::new("body", format!("not a receipt: {error}")))?;
    let outcome = match word.status.as_str() {
        "delivered" => Outcome::Delivered,
        "failed" => Outcome::Rejected,
        "unsubscribed" => Outcome::Gone,
        _ => return Ok(None),
    };
    let mut receipt = Receipt::of(word.id, outcome);
    receipt.delivery = word.reference;
    receipt.code = word.code;
    receipt.reason = format!("the vendor says: {}", word.status);
    receipt.at_ms = now_ms;
    Ok(Some(receipt))
}
