//! What a person is written who is asked.

use nuncio_core::Kind;

use super::Link;
use crate::{render::Rendered, times};

/// The built-in text; `url` is where the answer is given.
pub(super) fn letter(kind: Kind, link: &Link, url: &str) -> Rendered {
    let queue = link.name();
    let expires = times::minute(link.expires);
    match kind {
        Kind::Unsubscribe => Rendered::text(format!(
            "You have unsubscribed: notifications from the queue \"{queue}\" are no longer sent to this address.\n\n\
             If that was not your wish, open this page and press its button to confirm that you want them:\n\n\
             {url}\n\nThe link works until {expires} UTC.\n"
        ))
        .with_subject(format!("You have unsubscribed from \"{queue}\"")),
        _ => Rendered::text(format!(
            "Somebody asked that notifications from the queue \"{queue}\" be sent to this address.\n\n\
             If you want them, open this page and press its button to confirm:\n\n{url}\n\n\
             If you do not, there is nothing to do: you are sent none.\n\nThe link works until {expires} UTC.\n"
        ))
        .with_subject(format!("Please confirm: notifications from \"{queue}\"")),
    }
}
