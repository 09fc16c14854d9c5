//! Which route is whose.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post, put},
};

use super::{
    base, context, deliveries, drivers,
    face::Face,
    inbound, jobs, later, messages, notifications, pages, probes,
    problem::Problem,
    queues, reload,
    requests::{self, Requests},
    share, subscriptions,
};

/// All routes over what they share.
pub fn router(face: Face) -> Router {
    Router::new()
        .merge(zaqar().route_layer(middleware::from_fn_with_state(face.clone(), context::zaqar)))
        .merge(own().route_layer(middleware::from_fn_with_state(face.clone(), context::own)))
        .merge(bare())
        .fallback(later::fallback)
        .method_not_allowed_fallback(async || Problem::no_method())
        .layer(middleware::from_fn_with_state(Requests::new(), requests::named))
        // Bodies are read by `body::read`, which names its limit.
        .layer(DefaultBodyLimit::disable())
        .with_state(face)
}

/// Zaqar's own routes.
fn zaqar() -> Router<Face> {
    Router::new()
        .route("/v2/", get(base::home))
        .route("/v2/ping", get(base::ping).head(base::alive))
        .route("/v2/queues", get(queues::list))
        .route(
            "/v2/queues/{queue}",
            put(queues::create).get(queues::show).patch(queues::update).delete(queues::delete),
        )
        .route("/v2/queues/{queue}/stats", get(queues::stats))
        .route("/v2/queues/{queue}/purge", post(queues::purge))
        .route("/v2/queues/{queue}/share", post(share::share))
        .route(
            "/v2/queues/{queue}/messages",
            post(messages::post).get(messages::list).delete(messages::delete_many),
        )
        .route("/v2/queues/{queue}/messages/{message}", get(messages::show).delete(messages::delete))
        .route("/v2/queues/{queue}/subscriptions", post(subscriptions::create).get(subscriptions::list))
        .route(
            "/v2/queues/{queue}/subscriptions/{subscription}",
            get(subscriptions::show).patch(subscriptions::update).delete(subscriptions::delete),
        )
        .route("/v2/queues/{queue}/subscriptions/{subscription}/confirm", put(subscriptions::confirm))
}

/// What Zaqar lacks.
fn own() -> Router<Face> {
    Router::new()
        .route("/v2/notifications", post(notifications::send))
        .route("/v2/deliveries", get(deliveries::list))
        .route("/v2/deliveries/replay", post(jobs::replay))
        .route("/v2/deliveries/cancel", post(jobs::cancel))
        .route("/v2/jobs", get(jobs::list))
        .route("/v2/jobs/{job}", get(jobs::show).delete(jobs::stop))
        .route("/v2/deliveries/{delivery}", get(deliveries::show))
        .route("/v2/deliveries/{delivery}/retry", post(deliveries::retry))
        .route("/v2/deliveries/{delivery}/cancel", post(deliveries::cancel))
        .route("/v2/drivers", get(drivers::list))
        .route("/v2/queues/{queue}/subscriptions/{subscription}/enable", post(subscriptions::enable))
        .route("/v2/reload", post(reload::reload))
}

/// What needs no header.
fn bare() -> Router<Face> {
    Router::new()
        .route("/", get(base::versions))
        .route("/v2/confirm", get(pages::ask).post(pages::confirm))
        .route("/v2/unsubscribe", get(pages::leave).post(pages::left))
        .route("/healthz", get(probes::healthz))
        .route("/readyz", get(probes::readyz))
        .route("/metrics", get(probes::metrics))
        .route("/v2/inbound/{driver}/{account}", get(inbound::receive).post(inbound::receive))
        .route("/v2/inbound/{driver}/{account}/", get(inbound::receive).post(inbound::receive))
        .route("/v2/inbound/{driver}/{account}/{*below}", get(inbound::receive).post(inbound::receive))
}
