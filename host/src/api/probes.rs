//! What an operator's machines ask: is it alive, is it ready, how is it doing.

use axum::{
    extract::{Request, State},
    http::header,
    response::IntoResponse,
};
use serde_json::json;

use super::{answer, context, face::Face, problem::Answer};
use crate::{access::Action, config::Metrics, confirmation, delivery::Degraded, telemetry};

/// `GET /healthz`: the process answers.
pub(super) async fn healthz() -> &'static str {
    "ok"
}

/// `GET /readyz`: not ready only when the store cannot be used; what else is amiss is listed.
pub(super) async fn readyz(State(face): State<Face>) -> Answer {
    let store = face.store.check().await;
    let mut degraded = face.delivery.degraded();
    let ailments = face.store.gauges().await.map_or_else(|error| vec![error.to_string()], |now| now.ailments);
    degraded.extend(ailments.into_iter().map(|reason| Degraded { part: "store".to_owned(), reason }));
    let unanswerable = confirmation::unanswerable(&face.config, &face.board.now());
    degraded.extend(unanswerable.map(|reason| Degraded { part: "confirmation".to_owned(), reason }));
    if let Err(error) = &store {
        degraded.push(Degraded { part: "store".to_owned(), reason: error.to_string() });
    }
    let ready = store.is_ok();
    answer::readiness(ready, &json!({"ready": ready, "degraded": degraded}))
}

/// `GET /metrics`: Prometheus text exposition; where it is closed, for whoever sees to the host.
pub(super) async fn metrics(State(face): State<Face>, request: Request) -> Answer {
    face.access.reached(&request)?;
    if face.config.http.metrics == Metrics::Admin && face.access.asks_for_proof() {
        let identity = face.access.identify(context::credentials(request.headers())?).await?;
        face.access.permit(&identity, Action::MetricsGet)?;
    }
    match face.store.gauges().await {
        Ok(now) => telemetry::gauge(&now),
        Err(error) => tracing::warn!(%error, "the store cannot be counted: its gauges stand still"),
    }
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((kind, face.metrics.render()).into_response())
}
