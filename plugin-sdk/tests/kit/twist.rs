//! The right driver with one thing twisted.

use std::sync::Arc;

use nuncio_plugin_sdk::{
    Batch, Checked, Context, Driver, Limits, Manifest, Network, Notice, Options, Outcomes, Plugin, Refusal,
    SettingsError, SubscriberUri, async_trait,
    core::wire::{Answer, Inbound},
    glue::{Package, create, manifest},
    schemars,
    serde_json::{Value, json},
    testing::{Findings, Kit, Packaging},
};

use crate::right::{Right, Settings, Wanted};

/// One thing that is done otherwise.
#[async_trait]
pub(crate) trait Twist: Default + Send + Sync + 'static {
    const NAME: &'static str;

    fn manifest(_: &mut Manifest) {}

    fn create(settings: Value, context: &Context) -> Result<Arc<dyn Driver>, SettingsError> {
        create::<Twisted<Self>>(settings, context)
    }

    fn of(settings: Settings, context: &Context) -> Result<Right, SettingsError> {
        Right::of(settings, context)
    }

    fn disabled(&self) -> Option<String> {
        None
    }

    async fn deliver(&self, right: &Right, notice: &Notice<'_>) -> Outcomes {
        right.deliver(notice).await
    }

    async fn deliver_batch(&self, right: &Right, batch: &Batch<'_>) {
        for (position, notice) in batch.notices().iter().enumerate() {
            batch.settle(position, right.deliver(notice).await);
        }
    }

    async fn check(&self, right: &Right, uri: &SubscriberUri, options: &Options) -> Result<Checked, Refusal> {
        right.check(uri, options)
    }

    async fn render(&self, right: &Right, notice: &Notice<'_>) -> Result<String, Refusal> {
        right.render(notice)
    }

    async fn receive(&self, right: &Right, request: &Inbound, body: &[u8]) -> Result<Answer, Refusal> {
        right.receive(request, body)
    }

    async fn shutdown(&self) {}
}

pub(crate) struct Twisted<T>(Right, T);

#[async_trait]
impl<T: Twist> Driver for Twisted<T> {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        self.1.deliver(&self.0, notice).await
    }

    async fn deliver_batch(&self, batch: &Batch<'_>) {
        self.1.deliver_batch(&self.0, batch).await;
    }

    async fn check(&self, uri: &SubscriberUri, options: &Options) -> Result<Checked, Refusal> {
        self.1.check(&self.0, uri, options).await
    }

    fn disabled(&self) -> Option<String> {
        self.1.disabled()
    }

    async fn render(&self, notice: &Notice<'_>) -> Result<String, Refusal> {
        self.1.render(&self.0, notice).await
    }

    async fn receive(&self, request: &Inbound, body: &[u8]) -> Result<Answer, Refusal> {
        self.1.receive(&self.0, request, body).await
    }

    async fn shutdown(&self, _: std::time::Duration) {
        self.1.shutdown().await;
    }
}

impl<T: Twist> Plugin for Twisted<T> {
    const NAME: &'static str = T::NAME;
    const SCHEMES: &'static [&'static str] = &["acme"];
    const IDEMPOTENCY: &'static str = "body";
    const NETWORK: Network = Network::Guarded;
    const RECEIVES: bool = true;
    const OPTION_SECRETS: &'static [&'static str] = &["/pin"];
    type Settings = Settings;

    fn limits() -> Limits {
        Limits::default().in_flight(8).batch(3).body_bytes(64 << 10).formats(&["subject", "text"])
    }

    fn options() -> Value {
        schemars::schema_for!(Wanted).to_value()
    }

    fn new(settings: Settings, context: &Context) -> Result<Self, SettingsError> {
        Ok(Self(T::of(settings, context)?, T::default()))
    }
}

/// The manifest of a twisted driver, as `register_driver!` makes one.
pub(crate) fn described<T: Twist>() -> Manifest {
    let package = Package { version: "1.2.3", homepage: "", license: "" };
    let mut manifest = manifest::<Twisted<T>>(package);
    T::manifest(&mut manifest);
    manifest
}

/// Registers the driver that a twist makes.
macro_rules! twist {
    ($twist:ty) => {
        nuncio_plugin_sdk::glue::inventory::submit! {
            nuncio_plugin_sdk::glue::Linked {
                manifest: crate::twist::described::<$twist>,
                create: <$twist as crate::twist::Twist>::create,
            }
        }
    };
}
pub(crate) use twist;

/// What the kit is told of the right driver.
pub(crate) fn kit(name: &str) -> Kit {
    Kit::of(name)
        .uri("acme://{server}/alerts")
        .uri("acme://ann@example.org/alerts")
        .refuses("acme://example.org/")
        .settings(json!({"token": "t0ken-of-the-kit", "prefix": "Acme: "}))
        .options(json!({"pin": format!("pin-of-{name}")}))
        .http()
}

/// The rules that the driver of `T` breaks.
pub(crate) fn broken<T: Twist>() -> Vec<&'static str> {
    names(&kit(T::NAME).examine(Packaging::Linked))
}

pub(crate) fn names(findings: &Findings) -> Vec<&'static str> {
    findings.broken().map(|(rule, _)| rule.name).collect()
}

/// The driver of `T` breaks the rule `name` alone; what was seen holds each of `words`, and help comes with it.
#[track_caller]
pub(crate) fn breaks<T: Twist>(name: &str, words: &[&str]) {
    told(&kit(T::NAME), name, words);
}

/// As [`breaks`], for a kit of one's own.
#[track_caller]
pub(crate) fn told(kit: &Kit, name: &str, words: &[&str]) {
    let findings = kit.examine(Packaging::Linked);
    assert_eq!(names(&findings), [name], "{findings}");
    let text = findings.to_string();
    for word in words.iter().copied().chain(["seen:", "host:", "mend it:"]) {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
}
