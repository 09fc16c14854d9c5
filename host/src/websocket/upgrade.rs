//! RFC 6455 section 4.2: the handshake of the server.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, Version, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::api::{Face, Problem};

const SUPPORTED: HeaderValue = HeaderValue::from_static("13");

/// Whether a request wants to become a WebSocket connection.
pub(crate) fn is_wanted(headers: &HeaderMap) -> bool {
    lists(headers, &header::CONNECTION, "upgrade") && lists(headers, &header::UPGRADE, "websocket")
}

/// Answers a handshake, and serves the connection from then on.
pub(crate) async fn accept(State(face): State<Face>, mut request: Request) -> Response {
    let headers = request.headers();
    if !is_wanted(headers) {
        return missing().into_response();
    }
    let key = match checked(&face, &request) {
        Ok(key) => key.clone(),
        Err(refusal) => return *refusal,
    };
    let Ok(place) = face.sessions.place() else {
        let most = face.config.websocket.max_connections;
        let why = format!("There are {most} connections (websocket.max_connections). Please try again.");
        return Problem::busy(why).into_response();
    };
    let upgrade = hyper::upgrade::on(&mut request);
    face.sessions.serve(face.clone(), place, upgrade);
    let accepted = derive_accept_key(key.as_bytes());
    let headers = [
        (header::CONNECTION, HeaderValue::from_static("upgrade")),
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::SEC_WEBSOCKET_ACCEPT, HeaderValue::from_str(&accepted).unwrap_or(SUPPORTED)),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

/// The key of a handshake that is as it must be.
fn checked<'a>(face: &Face, request: &'a Request) -> Result<&'a HeaderValue, Box<Response>> {
    let refuse = |problem: Problem| Err(Box::new(problem.into_response()));
    let headers = request.headers();
    if request.version() != Version::HTTP_11 {
        return refuse(Problem::request("A WebSocket handshake is made over HTTP/1.1."));
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION) != Some(&SUPPORTED) {
        return Err(Box::new(missing().into_response()));
    }
    if let Err(denied) = face.access.reached(request) {
        return refuse(denied.into());
    }
    if !from_here(headers, &face.config.websocket.allow_origins) {
        return refuse(Problem::forbidden(
            "The page at this Origin may not connect (websocket.allow_origins lists those that may).",
        ));
    }
    // Section 4.1: 16 bytes in base64.
    let sound = |key: &&HeaderValue| STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 16);
    match headers.get(header::SEC_WEBSOCKET_KEY).filter(sound) {
        Some(key) => Ok(key),
        None => refuse(Problem::request("Sec-WebSocket-Key must be 16 bytes in base64.")),
    }
}

/// Section 10.2: browsers let any page connect to any host, and say only which page it is. Without the header it is no
/// browser.
fn from_here(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(text) = origin.to_str() else { return false };
    let authority = text.parse::<Uri>().ok().and_then(|uri| uri.authority().map(ToString::to_string));
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let same = authority.is_some_and(|one| host.is_some_and(|host| one.eq_ignore_ascii_case(host)));
    same || allowed.iter().any(|one| one.eq_ignore_ascii_case(text))
}

fn missing() -> impl IntoResponse {
    let headers = [
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::SEC_WEBSOCKET_VERSION, SUPPORTED),
    ];
    (StatusCode::UPGRADE_REQUIRED, headers, "this is a WebSocket endpoint (RFC 6455, version 13)\n")
}

/// Whether a header that is a list has `word` in it.
fn lists(headers: &HeaderMap, name: &header::HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_page_of_another_origin_connects_only_where_it_is_listed() {
        let from = |origin: &str, allowed: &[&str]| {
            let allowed: Vec<_> = allowed.iter().map(|one| (*one).to_owned()).collect();
            from_here(&headers(&[("origin", origin), ("host", "127.0.0.1:8888")]), &allowed)
        };
        assert!(from("http://127.0.0.1:8888", &[]));
        for other in ["http://127.0.0.1:9999", "https://evil.example", "null", "http://evil.example:8888"] {
            assert!(!from(other, &[]), "{other}");
        }
        assert!(from("https://shop.example", &["https://shop.example"]));
        assert!(from_here(&headers(&[("host", "x")]), &[]));
    }

    #[test]
    fn an_upgrade_to_something_else_is_none() {
        assert!(is_wanted(&headers(&[("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket")])));
        assert!(!is_wanted(&headers(&[("connection", "upgrade"), ("upgrade", "h2c")])));
        assert!(!is_wanted(&headers(&[("upgrade", "websocket")])));
    }

    proptest! {
        #[test]
        fn any_origin_is_judged(origin in "[ -~]{0,60}") {
            let foreign = from_here(&headers(&[("origin", &origin), ("host", "h:1")]), &[]);
            prop_assert!(!foreign || origin.to_ascii_lowercase().contains("h:1"));
        }
    }
}
