//! The drivers of this binary. What they do stands in the subject of a notice.

use std::{
    collections::HashMap,
    future::pending,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use nuncio_plugin_sdk::{
    Answer, Batch, Checked, Context, Deserialize, Device, DeviceCall, Driver, Inbound, JsonSchema, Limits,
    Metric, Notice, Options, Outcome, Outcomes, Plugin, Receipt, Refusal, Report, Scope, Secret,
    SettingsError, SubscriberUri, async_trait, core::notice_json::NoticeJson, register_driver,
};

/// What the drivers were given, by account.
static GIVEN: Mutex<Option<HashMap<String, Vec<NoticeJson>>>> = Mutex::new(None);
/// The line of [`fail`].
pub(crate) const PANIC_LINE: u32 = line!() + 3;

fn fail() -> Outcomes {
    panic!("of paper")
}

/// What the driver `account` was given.
pub(crate) fn given(account: &str) -> Vec<NoticeJson> {
    let given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    given.as_ref().and_then(|all| all.get(account).cloned()).unwrap_or_default()
}

/// One notice at a time.
struct Single(Context);

/// Says on the host's metrics that the work is dropped.
struct Guard<'a>(&'a Context, &'a str);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.host.metric(Metric::counter(format!("dropped {}", self.1), 1.0));
    }
}

async fn deliver(context: &Context, notice: &Notice<'_>) -> Outcomes {
    let json = NoticeJson::of(notice);
    {
        let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
        given.get_or_insert_default().entry(context.account.clone()).or_default().push(json);
    }
    let _guard = Guard(context, notice.id);
    match notice.content.subject {
        "sleep" => pending().await,
        "panic" => fail(),
        "late panic" => {
            tokio::time::sleep(Duration::from_millis(1)).await;
            fail()
        }
        "late" => {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Report::delivered().provider_id("late").into()
        }
        "retry" => Report::deferred(Scope::Destination, "busy")
            .code(451)
            .excerpt("4.3.2 busy")
            .retry_after(Duration::from_millis(1500))
            .maybe_sent()
            .into(),
        "each" => Outcomes::each(vec![
            (3, Report::rejected(Scope::Account, "no").cost(2)),
            (5, Report::gone("moved").provider_id("p")),
        ]),
        "none" => Outcomes::each(Vec::new()),
        "device" => match context.host.device(DeviceCall::new(context.account.as_str(), "d1")).await {
            Ok(Some(device)) => Report::delivered().excerpt(device.address).into(),
            Ok(None) => Report::gone("the device is not registered any more").into(),
            Err(why) => Report::deferred(Scope::Destination, why).into(),
        },
        _ => Outcome::Delivered.into(),
    }
}

#[async_trait]
impl Driver for Single {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        deliver(&self.0, notice).await
    }

    async fn check(&self, uri: &SubscriberUri, options: &Options) -> Result<Checked, Refusal> {
        match options.text("do") {
            Some("panic") => panic!("check"),
            Some("late") => tokio::time::sleep(Duration::from_millis(1)).await,
            Some("sleep") => pending().await,
            Some(other) => {
                return Err(Refusal::new("/options/do", format!("not {other}")).fix("leave it out"));
            }
            None => {}
        }
        Ok(Checked::of(uri).with_destination("elsewhere"))
    }

    fn disabled(&self) -> Option<String> {
        (self.0.account == "disabled").then(|| "switched off".to_owned())
    }

    async fn render(&self, notice: &Notice<'_>) -> Result<String, Refusal> {
        Ok(format!("{} to {}", notice.content.subject, notice.uri.redacted()))
    }

    async fn receive(&self, request: &Inbound, body: &[u8]) -> Result<Answer, Refusal> {
        if request.path != "/receipts" {
            return Err(Refusal::new("path", "not ours"));
        }
        self.0.host.receipt(Receipt::of("p-1", Outcome::Gone));
        Ok(Answer::status(200).body("text/plain", body.to_ascii_uppercase()))
    }

    async fn check_device(&self, device: Device) -> Result<Device, Refusal> {
        let mut kept = device;
        if kept.address.is_empty() {
            return Err(Refusal::new("/address", "it is empty").fix("write ab12"));
        }
        kept.address.make_ascii_lowercase();
        Ok(kept)
    }

    async fn shutdown(&self, grace: Duration) {
        self.0.host.metric(Metric::gauge("shutdown", grace.as_secs_f64()));
        assert!(self.0.account != "panics at the end", "not today");
    }
}

/// `[drivers.single]`
#[derive(Deserialize, JsonSchema, Default)]
#[serde(crate = "nuncio_plugin_sdk::serde", default, deny_unknown_fields)]
#[schemars(crate = "nuncio_plugin_sdk::schemars")]
struct Settings {
    /// What the constructor does.
    make: Option<String>,
    /// Never shown.
    password: Option<Secret>,
}

impl Plugin for Single {
    const NAME: &'static str = "single";
    const SCHEMES: &'static [&'static str] = &["test"];
    const RECEIVES: bool = true;
    const DEVICES: bool = true;
    type Settings = Settings;

    fn new(settings: Settings, context: &Context) -> Result<Self, SettingsError> {
        // Within the runtime, or this panics.
        drop(tokio::time::sleep(Duration::ZERO));
        let password = settings.password.as_ref().map_or("none", Secret::expose);
        match settings.make.as_deref() {
            Some("panic") => panic!("made of paper"),
            Some("refuse") => Err(SettingsError(vec![
                Refusal::new("/make", "this").fix("make something else"),
                Refusal::new("/password", format!("of {} bytes", password.len())),
            ])),
            _ => Ok(Self(context.clone())),
        }
    }
}

register_driver!(Single);

/// Several notices at a time.
struct Together(Context);

#[async_trait]
impl Driver for Together {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        deliver(&self.0, notice).await
    }

    async fn deliver_batch(&self, batch: &Batch<'_>) {
        let open = |subject: &str| batch.notices().iter().any(|one| one.content.subject == subject);
        for (position, notice) in batch.notices().iter().enumerate() {
            if ["ok", "retry", "late"].contains(&notice.content.subject)
                || notice.content.subject.starts_with('=')
            {
                if notice.content.subject == "late" {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                batch.settle(position, deliver(&self.0, notice).await);
                // The second word counts for nothing.
                batch.settle(position, Report::gone("twice"));
            }
        }
        if open("sleep") {
            pending::<()>().await;
        }
        // Whoever was settled long ago may still be looked at.
        let ids: Vec<&str> = batch.notices().iter().map(|one| one.id).collect();
        self.0.host.metric(Metric::counter(ids.join(" "), 1.0));
        if open("panic") {
            fail();
        }
    }
}

impl Plugin for Together {
    const NAME: &'static str = "together";
    const SCHEMES: &'static [&'static str] = &["many"];
    type Settings = ();

    fn limits() -> Limits {
        Limits::default().batch(8)
    }

    fn new((): (), context: &Context) -> Result<Self, SettingsError> {
        Ok(Self(context.clone()))
    }
}

register_driver!(Together);

/// Nothing but a word at once, for figures.
struct Quick;

#[async_trait]
impl Driver for Quick {
    async fn deliver(&self, _: &Notice<'_>) -> Outcomes {
        Report::delivered().into()
    }
}

impl Plugin for Quick {
    const NAME: &'static str = "quick";
    const SCHEMES: &'static [&'static str] = &["quick"];
    type Settings = ();

    fn new((): (), _: &Context) -> Result<Self, SettingsError> {
        Ok(Self)
    }
}

register_driver!(Quick);
