//! Which route is whose.

use std::sync::Arc;

#[cfg(test)]
use axum::http::Method;
use axum::{Extension, Router, middleware, routing::get};
use tower_layer::layer_fn;

use super::{
    base, claims,
    context::{self, Gate},
    deliveries, devices, drivers,
    face::Face,
    health, inbound, jobs, keys, later, messages, notifications,
    openapi::{self, Document},
    pages, probes,
    problem::Problem,
    queues, reload,
    requests::{Named, Requests},
    routes::{Routes, Rule},
    share, subscriptions, usage,
};
use crate::{access::Action, websocket::upgrade};

/// All routes over what they share.
pub fn router(face: Face) -> Router {
    let (zaqar, zaqars) = zaqar().parts();
    let (own, owns) = own().parts();
    let (bare, bares) = bare().parts();
    let served = if face.config.http.enabled { vec![&*zaqars, &*owns, &*bares] } else { vec![&*bares] };
    let document = Document::new(&face.config, served);
    let zaqars = Gate { face: face.clone(), rules: zaqars };
    let owns = Gate { face: face.clone(), rules: owns };
    let bare = bare.layer(Extension(document));
    let all = if face.config.http.enabled {
        bare.merge(zaqar.route_layer(middleware::from_fn_with_state(zaqars, context::zaqar)))
            .merge(own.route_layer(middleware::from_fn_with_state(owns, context::own)))
    } else {
        bare
    };
    named(all.fallback(later::fallback)).with_state(face)
}

/// What a listener for WebSocket alone serves.
pub fn sockets(face: Face) -> Router {
    let routes = Router::new().route("/", get(upgrade::accept));
    named(routes.fallback(async || Problem::no_route())).with_state(face)
}

/// Gives each request its id.
fn named(routes: Router<Face>) -> Router<Face> {
    let requests = Requests::new();
    routes
        .method_not_allowed_fallback(async || Problem::no_method())
        .layer(layer_fn(move |inner| Named { requests: Arc::clone(&requests), inner }))
}

/// Zaqar's own routes.
pub(super) fn zaqar() -> Routes {
    let routes = Routes::default()
        .get("/v2/", Action::HomeGet, base::home)
        .get("/v2/ping", Action::PingGet, base::ping)
        .head("/v2/ping", Action::PingGet, base::alive);
    let routes = routes.get("/v2/health", Action::HealthGet, health::show);
    let routes = zaqars_claims(zaqars_subscriptions(zaqars_messages(zaqars_queues(routes))));
    topics_subscriptions(topics_messages(topics(routes)))
}

fn zaqars_queues(routes: Routes) -> Routes {
    routes
        .get("/v2/queues", Action::QueuesGetAll, queues::list)
        .put("/v2/queues/{queue}", Action::QueuesCreate, queues::create)
        .get("/v2/queues/{queue}", Action::QueuesGet, queues::show)
        .patch("/v2/queues/{queue}", Action::QueuesUpdate, queues::update)
        .delete("/v2/queues/{queue}", Action::QueuesDelete, queues::delete)
        .get("/v2/queues/{queue}/stats", Action::QueuesStats, queues::stats)
        .post("/v2/queues/{queue}/purge", Action::QueuesPurge, queues::purge)
        .post("/v2/queues/{queue}/share", Action::QueuesShare, share::share)
}

fn zaqars_messages(routes: Routes) -> Routes {
    const ALL: &str = "/v2/queues/{queue}/messages";
    const ONE: &str = "/v2/queues/{queue}/messages/{message}";
    routes
        .post(ALL, Action::MessagesCreate, messages::post)
        .get(ALL, Action::MessagesGetAll, messages::list)
        .delete(ALL, Action::MessagesDeleteAll, messages::delete_many)
        .get(ONE, Action::MessagesGet, messages::show)
        .delete(ONE, Action::MessagesDelete, messages::delete)
}

fn zaqars_subscriptions(routes: Routes) -> Routes {
    const ALL: &str = "/v2/queues/{queue}/subscriptions";
    const ONE: &str = "/v2/queues/{queue}/subscriptions/{subscription}";
    const CONFIRM: &str = "/v2/queues/{queue}/subscriptions/{subscription}/confirm";
    routes
        .post(ALL, Action::SubscriptionCreate, subscriptions::create)
        .get(ALL, Action::SubscriptionGetAll, subscriptions::list)
        .get(ONE, Action::SubscriptionGet, subscriptions::show)
        .patch(ONE, Action::SubscriptionUpdate, subscriptions::update)
        .delete(ONE, Action::SubscriptionDelete, subscriptions::delete)
        .put(CONFIRM, Action::SubscriptionConfirm, subscriptions::confirm)
}

fn zaqars_claims(routes: Routes) -> Routes {
    const ONE: &str = "/v2/queues/{queue}/claims/{claim}";
    routes
        .post("/v2/queues/{queue}/claims", Action::ClaimsCreate, claims::create)
        .get(ONE, Action::ClaimsGet, claims::show)
        .patch(ONE, Action::ClaimsUpdate, claims::renew)
        .delete(ONE, Action::ClaimsDelete, claims::release)
}

fn topics(routes: Routes) -> Routes {
    routes
        .get("/v2/topics", Action::TopicsGetAll, queues::topics)
        .put("/v2/topics/{topic}", Action::TopicsCreate, queues::create)
        .get("/v2/topics/{topic}", Action::TopicsGet, queues::show)
        .patch("/v2/topics/{topic}", Action::TopicsUpdate, queues::update)
        .delete("/v2/topics/{topic}", Action::TopicsDelete, queues::delete)
        .get("/v2/topics/{topic}/stats", Action::TopicsStats, queues::stats)
        .post("/v2/topics/{topic}/purge", Action::TopicsPurge, queues::purge)
}

fn topics_messages(routes: Routes) -> Routes {
    const ALL: &str = "/v2/topics/{topic}/messages";
    const ONE: &str = "/v2/topics/{topic}/messages/{message}";
    routes
        .post(ALL, Action::MessagesCreate, messages::post)
        .get(ALL, Action::MessagesGetAll, messages::list)
        .delete(ALL, Action::MessagesDeleteAll, messages::delete_many)
        .get(ONE, Action::MessagesGet, messages::show)
        .delete(ONE, Action::MessagesDelete, messages::delete)
}

fn topics_subscriptions(routes: Routes) -> Routes {
    const ALL: &str = "/v2/topics/{topic}/subscriptions";
    const ONE: &str = "/v2/topics/{topic}/subscriptions/{subscription}";
    const CONFIRM: &str = "/v2/topics/{topic}/subscriptions/{subscription}/confirm";
    routes
        .post(ALL, Action::SubscriptionCreate, subscriptions::create)
        .get(ALL, Action::SubscriptionGetAll, subscriptions::list)
        .get(ONE, Action::SubscriptionGet, subscriptions::show)
        .patch(ONE, Action::SubscriptionUpdate, subscriptions::update)
        .delete(ONE, Action::SubscriptionDelete, subscriptions::delete)
        .put(CONFIRM, Action::SubscriptionConfirm, subscriptions::confirm)
}

/// What Zaqar lacks.
pub(super) fn own() -> Routes {
    const ENABLE: &str = "/v2/queues/{queue}/subscriptions/{subscription}/enable";
    const ENABLE_OF_TOPIC: &str = "/v2/topics/{topic}/subscriptions/{subscription}/enable";
    Routes::default()
        .post("/v2/notifications", Action::NotificationsSend, notifications::send)
        .get("/v2/deliveries", Action::DeliveriesGetAll, deliveries::list)
        .post("/v2/deliveries/replay", Action::DeliveriesReplayAll, jobs::replay)
        .post("/v2/deliveries/cancel", Action::DeliveriesCancelAll, jobs::cancel)
        .get("/v2/deliveries/{delivery}", Action::DeliveriesGet, deliveries::show)
        .post("/v2/deliveries/{delivery}/retry", Action::DeliveriesRetry, deliveries::retry)
        .post("/v2/deliveries/{delivery}/cancel", Action::DeliveriesCancel, deliveries::cancel)
        .get("/v2/jobs", Action::JobsGetAll, jobs::list)
        .get("/v2/jobs/{job}", Action::JobsGet, jobs::show)
        .delete("/v2/jobs/{job}", Action::JobsDelete, jobs::stop)
        .post(ENABLE, Action::SubscriptionEnable, subscriptions::enable)
        .post(ENABLE_OF_TOPIC, Action::SubscriptionEnable, subscriptions::enable)
        .get("/v2/keys", Action::KeysGetAll, keys::list)
        .post("/v2/keys", Action::KeysCreate, keys::create)
        .delete("/v2/keys/{key}", Action::KeysDelete, keys::revoke)
        .get("/v2/devices", Action::DevicesGetAll, devices::list)
        .post("/v2/devices", Action::DevicesCreate, devices::create)
        .get("/v2/devices/{device}", Action::DevicesGet, devices::show)
        .put("/v2/devices/{device}", Action::DevicesCreate, devices::put)
        .delete("/v2/devices/{device}", Action::DevicesDelete, devices::remove)
        .get("/v2/usage", Action::UsageGet, usage::show)
        .get("/v2/drivers", Action::DriversList, drivers::list)
        .post("/v2/reload", Action::Reload, reload::reload)
}

/// What needs no header and no token.
pub(super) fn bare() -> Routes {
    const VERSIONS: Rule =
        Rule::Open("it is the same for everybody, and clients ask it before they have a token");
    const PROBE: Rule =
        Rule::Open("probes of load balancers and supervisors have no token; it names no project");
    const METRICS: Rule =
        Rule::Open("scrapers have no token, and it names no project; `http.metrics` closes it");
    const DOCUMENT: Rule =
        Rule::Open("clients are made from it; it tells of routes and limits, and of no project");
    const INBOUND: Rule = Rule::Open("the far side knows no project: the driver checks who it is");
    const LETTER: Rule = Rule::Open("whoever reads the mail has no token: the link is signed");
    let inbound = [
        "/v2/inbound/{driver}/{account}",
        "/v2/inbound/{driver}/{account}/",
        "/v2/inbound/{driver}/{account}/{*below}",
    ];
    let routes = Routes::default()
        .get("/", VERSIONS, base::root)
        .get("/healthz", PROBE, probes::healthz)
        .get("/readyz", PROBE, probes::readyz)
        .get("/metrics", METRICS, probes::metrics)
        .get("/v2/openapi.json", DOCUMENT, openapi::show)
        .get("/v2/confirm", LETTER, pages::ask)
        .post("/v2/confirm", LETTER, pages::confirm)
        .get("/v2/unsubscribe", LETTER, pages::leave)
        .post("/v2/unsubscribe", LETTER, pages::left);
    inbound.into_iter().fold(routes, |routes, path| {
        routes.get(path, INBOUND, inbound::receive).post(path, INBOUND, inbound::receive)
    })
}

/// Every route with its rule.
#[cfg(test)]
pub(super) fn all() -> Vec<(&'static str, Method, Rule)> {
    let rules = [zaqar(), own(), bare()].map(|routes| routes.parts().1);
    rules.iter().flat_map(|rules| rules.iter()).collect()
}
