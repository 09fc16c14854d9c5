//! Whether somebody serves the schemes that the configuration names.

use nuncio_core::Dispatcher;

use crate::config::{Config, Place, Problem};

/// The schemes of `[notification] subscriber_types` that nobody serves. A host that runs without a driver which was
/// refused may lack some.
pub(crate) fn unserved(config: &Config, dispatcher: &Dispatcher) -> Vec<Problem> {
    if !dispatcher.refused().is_empty() {
        return Vec::new();
    }
    let wanted = config.notification.subscriber_types.iter().flatten();
    let unserved = wanted.filter(|scheme| dispatcher.by_scheme(scheme).is_none());
    let problem = |scheme: &String| {
        let why = format!("no driver in this host serves `{scheme}`");
        Problem::new(Place::default(), "notification.subscriber_types", why).fix(format!(
            "it has {}: build the host with that driver, list it under [[libraries]], or remove the scheme",
            dispatcher.schemes().join(", ")
        ))
    };
    unserved.map(problem).collect()
}
