//! Checks that are wrong.

use std::{sync::Arc, time::Duration};

use nuncio_plugin_sdk::{
    Checked, Context, Notice, Options, Outcomes, Refusal, Secret, SubscriberUri, async_trait,
    core::net::Policy,
};
use tokio::{net::TcpStream, time::timeout};

use crate::{
    right::{Right, Settings, place},
    twist::{Twist, breaks, broken, twist},
};

/// Makes a twist of one `check`.
macro_rules! checks {
    ($twist:ident, $name:literal, |$right:ident, $uri:ident, $options:ident| $body:expr) => {
        #[derive(Default)]
        struct $twist;
        #[async_trait]
        impl Twist for $twist {
            const NAME: &'static str = $name;
            async fn check(
                &self,
                $right: &Right,
                $uri: &SubscriberUri,
                $options: &Options,
            ) -> Result<Checked, Refusal> {
                $body
            }
        }
        twist!($twist);
    };
}

checks!(Homeless, "homeless", |right, uri, options| Ok(right.check(uri, options)?.with_destination("")));

checks!(Growing, "growing", |right, uri, options| {
    let mut checked = right.check(uri, options)?;
    checked.canonical.push_str("/more");
    Ok(checked)
});

checks!(Twofold, "twofold", |right, uri, options| {
    Ok(right.check(uri, options)?.with_destination(uri.written().split('/').next().unwrap_or("acme")))
});

checks!(Open, "open", |right, uri, options| {
    let mut checked = right.check(uri, options)?;
    checked.redacted = uri.canonical().to_owned();
    Ok(checked)
});

checks!(Curious, "curious", |right, uri, options| {
    let checked = right.check(uri, options)?;
    let (host, _) = place(uri)?;
    timeout(Duration::from_millis(50), TcpStream::connect(host)).await.ok();
    Ok(checked)
});

checks!(Welcoming, "welcoming", |right, uri, options| {
    right.check(&SubscriberUri::parse("acme://example.org/any")?, options)?;
    Ok(Checked::of(uri))
});

checks!(Short, "short", |right, uri, options| {
    let checked = right.check(uri, options)?;
    assert!(uri.canonical().len() < 150, "the URI is long");
    Ok(checked)
});

checks!(Blind, "blind", |right, uri, options| {
    right
        .check(uri, &Options::default())
        .map(|checked| if options.is_empty() { checked.clone() } else { checked })
});

checks!(Telling, "telling", |right, uri, options| {
    match options.get("pin").filter(|pin| !pin.is_string()) {
        Some(pin) => Err(Refusal::new("/options/pin", format!("{pin} is no pin"))),
        None => right.check(uri, options),
    }
});

/// Dials whatever it is told.
#[derive(Default)]
struct Unguarded;
#[async_trait]
impl Twist for Unguarded {
    const NAME: &'static str = "unguarded";
    async fn deliver(&self, right: &Right, notice: &Notice<'_>) -> Outcomes {
        let all = Policy::new(&["0.0.0.0/0".to_owned(), "::/0".to_owned()], &[]).unwrap();
        let settings = Settings { token: Some(Secret::new(right.token.clone())), prefix: None };
        let context = Context::new(Arc::clone(&right.clock), Arc::new(all), Duration::from_secs(1));
        let open = Right::of(settings, &context).unwrap();
        open.deliver(notice).await
    }
}
twist!(Unguarded);

#[test]
fn a_uri_without_a_destination_is_seen() {
    breaks::<Homeless>("uri-accepted", &["has no destination"]);
}

#[test]
fn a_canonical_form_that_is_none_is_seen() {
    assert_eq!(broken::<Growing>(), ["uri-canonical", "uri-equal", "uri-fuzz"], "the others see it as well");
}

#[test]
fn equal_uris_that_are_told_apart_are_seen() {
    breaks::<Twofold>("uri-equal", &["ACME://"]);
}

#[test]
fn a_password_that_is_shown_is_seen() {
    breaks::<Open>("uri-redacted", &["is shown as `acme://kit:nuncio-kit-password@"]);
}

#[test]
fn a_check_that_dials_is_seen() {
    breaks::<Curious>("check-offline", &["dialled the server"]);
}

#[test]
fn a_bad_uri_that_is_accepted_is_seen() {
    breaks::<Welcoming>("uri-refused", &["`acme://example.org/` is accepted"]);
}

#[test]
fn a_check_that_panics_is_caught_with_the_uri() {
    breaks::<Short>("uri-fuzz", &["acme", "it panicked at", "the URI is long"]);
}

#[test]
fn an_option_of_a_wrong_type_that_is_taken_is_seen() {
    breaks::<Blind>("options-garbage", &["`/options/priority` was taken as true"]);
}

#[test]
fn a_secret_option_that_a_refusal_repeats_is_seen() {
    breaks::<Telling>("options-silent", &["the value of `/options/pin` stands in"]);
}

#[test]
fn a_forbidden_address_that_is_dialled_is_seen() {
    let rows = ["`127.0.0.1:", "`[::ffff:127.0.0.1]:", "`localhost:", "was dialled", "Delivered"];
    breaks::<Unguarded>("guard", &rows);
}
