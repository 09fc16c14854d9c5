//! Subscriptions; those of the connection itself, and those that it attaches to.

use nuncio_core::{Options, SubscriberUri, SubscriptionId};
use serde_json::{Map, Value, json};

use super::table::Answer;
use crate::{
    api::{self, Problem},
    catalog::Wish,
    storage::{Subscribed, SubscriptionRow},
    websocket::{call::Call, driver, hub::Named, request::Reply},
};

/// By id.
pub(super) async fn list(call: Call) -> Answer {
    let rows = api::subscriptions_page(&call.face, &call.caller, &call.queue()?, &call.params()?).await?;
    let shown: Vec<_> = rows.iter().map(|row| api::subscription(&call.face, row)).collect();
    Ok(Reply::new(200, &json!({"subscriptions": shown})))
}

/// 201; 409 where that subscriber is there. Without a subscriber the connection subscribes itself.
pub(super) async fn create(call: Call) -> Answer {
    let queue = call.queue()?;
    let subscriber = call.value::<String>("subscriber")?;
    let bound = subscriber.is_none();
    if bound {
        call.connection.room().await?;
    }
    let wish = Wish {
        subscriber: subscriber.unwrap_or_else(|| driver::itself(call.connection.id)),
        ttl: call.value("ttl")?,
        options: Options(call.value::<Map<String, Value>>("options")?.unwrap_or_default()),
        bound,
        by: call.caller.bearer.clone(),
    };
    let (face, now) = (&call.face, call.face.clock.now_ms());
    let silent = face.catalog.unanswerable(&wish.subscriber);
    let (subscribed, unknown) = face.catalog.subscribe(&call.caller.project, &queue, wish, now).await?;
    let Subscribed::New(id) = subscribed else {
        return Ok(Reply::new(409, &format!("Subscription {queue} not created.")));
    };
    let named = named(&call, id);
    let mut body =
        json!({"subscription_id": named.public, "message": format!("Subscription {queue} created.")});
    let warnings = api::subscription_warnings(&unknown, silent);
    if !warnings.is_empty() {
        body["warnings"] = warnings.into();
    }
    if bound {
        call.connection.own(&call.caller.project, &queue, named, call.form).await;
    }
    Ok(Reply::new(201, &body))
}

/// 404 where it is not there.
pub(super) async fn show(call: Call) -> Answer {
    let (row, _) = found(&call).await?;
    Ok(Reply::new(200, &api::subscription(&call.face, &row)))
}

/// 204, there or not.
pub(super) async fn delete(call: Call) -> Answer {
    let (queue, text) = (call.queue()?, call.text("subscription_id")?);
    if let Some(id) = call.face.ids.parse_subscription(&text) {
        call.face.catalog.end(&call.caller.project, &queue, id).await?;
        call.connection.lost(&named(&call, id)).await;
    }
    Ok(Reply::new(204, &format!("Subscription {text} removed.")))
}

/// Takes what is delivered to a stored subscription on this connection, and what waited for it first.
pub(super) async fn attach(call: Call) -> Answer {
    let (row, text) = found(&call).await?;
    let scheme = SubscriberUri::parse(&row.uri).map(|uri| uri.scheme().to_owned());
    if scheme.as_deref() != Ok(driver::NAME) {
        return Err(Problem::request(
            "subscription_id: what is delivered to it goes elsewhere; subscribe `websocket:` to attach to it.",
        ));
    }
    if row.bound {
        return Err(Problem::conflict("It lives with the connection that made it."));
    }
    call.connection.room().await?;
    call.connection.attach(named(&call, row.id), call.form).await;
    Ok(Reply::new(
        200,
        &json!({"subscription_id": text, "message": format!("Subscription {text} attached.")}),
    ))
}

async fn found(call: &Call) -> Result<(SubscriptionRow, String), Problem> {
    let (queue, text) = (call.queue()?, call.text("subscription_id")?);
    let row = match call.face.ids.parse_subscription(&text) {
        Some(id) => call.face.store.subscription(&call.caller.project, &queue, id).await?,
        None => None,
    };
    let missing = || Problem::not_found(format!("Subscription {text} for queue {queue} does not exist."));
    row.map(|row| (row, text.clone())).ok_or_else(missing)
}

fn named(call: &Call, id: SubscriptionId) -> Named {
    Named { id, public: call.face.ids.subscription(id).to_string() }
}
