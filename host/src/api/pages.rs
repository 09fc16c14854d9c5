//! `/v2/confirm` and `/v2/unsubscribe`: the pages to which mails lead.
//!
//! GET changes nothing: programs that look for harmful links follow every link of a mail. The button posts.

use axum::{
    body::Body,
    extract::{RawQuery, State},
    response::Response,
};
use nuncio_core::SubscriptionId;
use url::form_urlencoded;

use super::{
    body::{self, Limit},
    face::Face,
    html::{self, Page, Standing},
    params::Params,
    problem::Problem,
};
use crate::{
    catalog::{Answerer, CatalogError},
    confirmation::{Link, Purpose, Queue},
    signed::Presented,
    storage::SubscriptionRow,
};

/// The field of the form that says what its button means.
const ANSWER: &str = "answer";
const YES: &str = "confirm";
const NO: &str = "unsubscribe";

/// `GET /v2/confirm`.
pub(super) async fn ask(State(face): State<Face>, RawQuery(query): RawQuery) -> Response {
    page(found(&face, Purpose::Confirm, query.as_deref()).await.map(|(link, row, _)| {
        match row.confirmed {
            false => Page::new("Do you want these notifications?")
                .says(format!(
                    "Somebody asked that notifications from the queue {} be sent to you.",
                    html::strong(link.name())
                ))
                .says("Press the button if you want them. If you do not, close this page: you are sent none.")
                .button(ANSWER, YES, "Yes, send them to me"),
            true => Page::new("You are subscribed")
                .says(format!("Notifications from the queue {} are sent to you.", html::strong(link.name())))
                .button(ANSWER, NO, "Unsubscribe"),
        }
    }))
}

/// `POST /v2/confirm`: what the button of the page says.
pub(super) async fn confirm(State(face): State<Face>, RawQuery(query): RawQuery, body: Body) -> Response {
    page(confirmed(&face, query.as_deref(), body).await)
}

async fn confirmed(face: &Face, query: Option<&str>, body: Body) -> Result<Page, Page> {
    let (link, _, id) = found(face, Purpose::Confirm, query).await?;
    let form = body::read(body, Limit::post(&face.config)).await.map_err(|_| Page::unreadable())?;
    let answer = form_urlencoded::parse(&form).find(|(name, _)| name == ANSWER).map(|(_, value)| value);
    let yes = match answer.as_deref() {
        Some(YES) => true,
        Some(NO) => false,
        _ => return Err(Page::unreadable()),
    };
    say(face, &link, id, yes, Answerer::Owner { expires: link.expires }).await?;
    Ok(if yes { welcome(face, &link, id).await } else { farewell(&link) })
}

/// `GET /v2/unsubscribe`.
pub(super) async fn leave(State(face): State<Face>, RawQuery(query): RawQuery) -> Response {
    page(found(&face, Purpose::Unsubscribe, query.as_deref()).await.map(|(link, ..)| {
        Page::new("Do you want no more of these notifications?")
            .says(format!("Notifications from the queue {} are sent to you.", html::strong(link.name())))
            .says("Press the button if you want no more of them.")
            .button(ANSWER, NO, "Unsubscribe")
    }))
}

/// `POST /v2/unsubscribe`: what the button says, and mail programs without asking anybody further (RFC 8058, section
/// 3.2): whatever is in the body.
pub(super) async fn left(State(face): State<Face>, RawQuery(query): RawQuery, body: Body) -> Response {
    page(unsubscribed(&face, query.as_deref(), body).await)
}

async fn unsubscribed(face: &Face, query: Option<&str>, body: Body) -> Result<Page, Page> {
    let (link, _, id) = found(face, Purpose::Unsubscribe, query).await?;
    body::read(body, Limit::post(&face.config)).await.map_err(|_| Page::unreadable())?;
    say(face, &link, id, false, Answerer::Recipient).await?;
    Ok(farewell(&link))
}

fn farewell(link: &Link) -> Page {
    Page::new("You have unsubscribed")
        .says(format!("No more notifications from the queue {} are sent to you.", html::strong(link.name())))
}

/// A subscription of several mailboxes begins when all of them agree.
async fn welcome(face: &Face, link: &Link, id: SubscriptionId) -> Page {
    let row = face.store.subscription(&link.project, &link.queue, id).await.ok().flatten();
    let page = Page::new("Thank you");
    let queue = html::strong(link.name());
    if row.is_some_and(|row| row.confirmed) {
        return page.says(format!("Notifications from the queue {queue} are sent to you from now on."));
    }
    page.says(format!(
        "Your answer is noted. Notifications from the queue {queue} begin when everybody else who was asked agrees."
    ))
}

async fn say(face: &Face, link: &Link, id: SubscriptionId, yes: bool, from: Answerer) -> Result<(), Page> {
    let of = Queue { project: &link.project, name: &link.queue };
    face.catalog.answer(of, id, yes, from, face.clock.now_ms()).await.map_err(|error| match error {
        CatalogError::Absent(_) => Page::ended(),
        error => {
            tracing::warn!(%error, "an answer could not be taken");
            Page::later()
        }
    })
}

/// What a link is about; or the page that says why it is about nothing.
async fn found(
    face: &Face,
    purpose: Purpose,
    query: Option<&str>,
) -> Result<(Link, SubscriptionRow, SubscriptionId), Page> {
    let params = Params::parse(query);
    let get = |name: &str| params.get(name).unwrap_or_default();
    let shown = Presented {
        signature: get("Signature"),
        methods: get("Methods"),
        paths: get("Paths"),
        expires: get("Expires"),
        project: get("Project"),
    };
    let link = Link::read(purpose, &face.signer, &shown).ok_or_else(Page::wrong)?;
    if link.expires <= face.clock.now_ms() {
        return Err(Page::expired());
    }
    let id = face.ids.parse_subscription(&link.subscription).ok_or_else(Page::wrong)?;
    let row = face.store.subscription(&link.project, &link.queue, id).await.map_err(|error| {
        tracing::warn!(%error, "a page could not be shown");
        Page::later()
    })?;
    row.map(|row| (link, row, id)).ok_or_else(Page::ended)
}

fn page(page: Result<Page, Page>) -> Response {
    let page = page.unwrap_or_else(|why| why);
    let text = page.text();
    match page.standing() {
        Standing::Here => super::answer::page(text),
        Standing::Wrong => Problem::page_not_found(text),
        Standing::Over => Problem::page_gone(text),
        Standing::Unreadable => Problem::page_unreadable(text),
        Standing::Later => Problem::page_unavailable(text),
    }
}
