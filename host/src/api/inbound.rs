//! `/v2/inbound/{driver}/{account}`: what the far side sends to a driver. It knows no project, so no header is asked.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, Request, Uri, request::Parts},
};
use nuncio_core::{
    Entry,
    wire::{Answer as Word, Inbound},
};

use super::{
    answer,
    body::{self, Limit},
    face::Face,
    problem::{Answer, Problem},
};
use crate::delivery::contained;

/// Where a driver points that has no account of that name.
const ACCOUNT: &str = "account";
/// The most receipts of one request that are taken.
const MAX_RECEIPTS: usize = 1000;
/// The method that a driver lists in its manifest when it takes requests.
const RECEIVE: &str = "receive";

/// `GET` and `POST`, also below the account: the driver answers.
pub(super) async fn receive(
    State(face): State<Face>,
    Path(path): Path<Vec<(String, String)>>,
    request: Request<Body>,
) -> Answer {
    let of = |name: &str| path.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    let drivers = face.board.now();
    let entry = drivers.by_name(of("driver")).filter(|entry| entry.manifest.has(RECEIVE));
    let Some(entry) = entry else {
        return Err(Problem::not_found(nobody(of("driver"), &drivers)));
    };
    let (parts, body) = request.into_parts();
    let limit = Limit::inbound(&face.config);
    let body = body::read(body, limit).await?;
    let public = face.config.http.public_url.as_deref();
    let asked = inbound(&parts, of("account"), public);
    let mut word = ask(entry, &asked, &body, face.config.delivery.deadline).await?;
    if word.receipts.len() > MAX_RECEIPTS {
        tracing::warn!(
            driver = entry.manifest.name,
            MAX_RECEIPTS,
            "a request has too many receipts: the first count"
        );
    }
    word.receipts.truncate(MAX_RECEIPTS);
    // The far side hears that they are taken when they are written down; else it tells them again.
    face.behind.take(&entry.manifest.name, std::mem::take(&mut word.receipts)).await?;
    if word.body.len() > limit.bytes {
        tracing::error!(
            driver = entry.manifest.name,
            limit = limit.name,
            "the answer of a driver is too large"
        );
        return Err(Problem::driver("The driver's answer is too large."));
    }
    answer::foreign(word.status, &word.content_type, word.body)
        .ok_or_else(|| Problem::driver("The driver's answer has no valid status."))
}

fn nobody(driver: &str, drivers: &nuncio_core::Dispatcher) -> String {
    match drivers.by_name(driver) {
        None => format!("No driver is called `{driver}`."),
        Some(_) => format!("The driver `{driver}` takes no requests."),
    }
}

/// Asks the driver, within the time of an attempt.
async fn ask(entry: &Entry, request: &Inbound, body: &[u8], patience: Duration) -> Result<Word, Problem> {
    let name = &entry.manifest.name;
    let asked = contained(entry.driver.receive(request, body));
    match tokio::time::timeout(patience, asked).await {
        Ok(Ok(Ok(word))) => Ok(word),
        Ok(Ok(Err(refusal))) if refusal.at == ACCOUNT => Err(Problem::not_found(refusal.to_string())),
        Ok(Ok(Err(refusal))) => Err(Problem::request(refusal.to_string())),
        Ok(Err(panic)) => {
            tracing::error!(driver = name, panic, "a driver panicked at an inbound request");
            Err(Problem::driver("The driver failed; the log of the host says more."))
        }
        Err(_) => {
            tracing::warn!(driver = name, "a driver does not answer an inbound request");
            Err(Problem::silent())
        }
    }
}

/// The request as the driver is told it. `public` is where the far side reaches this host: what it signs is under it.
fn inbound(parts: &Parts, account: &str, public: Option<&str>) -> Inbound {
    let mut inbound = Inbound::default();
    account.clone_into(&mut inbound.account);
    inbound.method = parts.method.as_str().to_owned();
    inbound.path = below(&parts.uri);
    inbound.query = parts.uri.query().unwrap_or_default().to_owned();
    inbound.headers = headers(&parts.headers);
    if let Some(public) = public {
        let asked = parts.uri.path_and_query().map_or_else(|| parts.uri.path(), |asked| asked.as_str());
        inbound.url = format!("{}{asked}", public.trim_end_matches('/'));
    }
    inbound
}

/// What stands behind the account, as it was written: `/v2/inbound/{driver}/{account}` has five slashes less one.
fn below(uri: &Uri) -> String {
    let mut slashes = uri.path().char_indices().filter(|(_, c)| *c == '/').map(|(at, _)| at);
    slashes.nth(4).and_then(|at| uri.path().get(at..)).unwrap_or_default().to_owned()
}

fn headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        all.entry(name.as_str().to_owned())
            .and_modify(|known| {
                known.push_str(", ");
                known.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_behind_the_account_is_kept_as_it_was_written() {
        for (path, below_account) in [
            ("/v2/inbound/acme/default", ""),
            ("/v2/inbound/acme/default/", "/"),
            ("/v2/inbound/acme/default/a%2Fb/c?x=1", "/a%2Fb/c"),
        ] {
            assert_eq!(below(&path.parse().unwrap()), below_account, "{path}");
        }
    }

    #[test]
    fn the_url_is_the_one_that_the_far_side_wrote() {
        let request = axum::http::Request::get("/v2/inbound/acme/oslo/a%2Fb?x=1&y=%20").body(()).unwrap();
        let (parts, ()) = request.into_parts();
        let url = |public: Option<&str>| inbound(&parts, "oslo", public).url;
        assert_eq!(url(None), "");
        let wanted = "https://n.example/deep/v2/inbound/acme/oslo/a%2Fb?x=1&y=%20";
        assert_eq!(
            (url(Some("https://n.example/deep")), url(Some("https://n.example/deep/"))),
            (wanted.into(), wanted.into())
        );
    }

    #[test]
    fn a_header_that_came_twice_is_joined() {
        let mut map = HeaderMap::new();
        map.append("X-Sig", "a".parse().unwrap());
        map.append("x-sig", "b".parse().unwrap());
        map.append("x-raw", axum::http::HeaderValue::from_bytes(b"\xff").unwrap());
        let joined = headers(&map);
        assert_eq!((joined["x-sig"].as_str(), joined["x-raw"].as_str()), ("a, b", "\u{fffd}"));
    }
}
