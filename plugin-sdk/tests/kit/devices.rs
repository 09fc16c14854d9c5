//! The kit on drivers whose devices the host keeps: one that is right, and those that are wrong in each way.

use std::{
    marker::PhantomData,
    sync::{Arc, Mutex, OnceLock},
};

use nuncio_plugin_sdk::{
    Checked, Context, Device, DeviceCall, Driver, Manifest, Network, Notice, Options, Outcome, Outcomes,
    Plugin, Refusal, Report, Scope, SettingsError, SubscriberUri, async_trait,
    core::net::Policy,
    glue::{Package, create, manifest},
    http::{Client, Request, report},
    serde_json::json,
    testing::{Host, Kit, Letter, Packaging},
    time_left,
};

use crate::twist::{names, told};

/// What a driver of this file does otherwise.
trait Habit: Send + Sync + 'static {
    const NAME: &'static str;
    /// Whom it asks for.
    fn call(notice: &Notice<'_>, id: &str) -> DeviceCall {
        DeviceCall::new(notice.meta.project, id)
    }
    /// What it says without a device.
    fn gone() -> Report {
        Report::gone("the device is not registered any more")
    }
    /// What it says when the host cannot say.
    fn unknown(why: String) -> Report {
        Report::deferred(Scope::Destination, why)
    }
    /// Whether it keeps what it was told once.
    const REMEMBERS: bool = false;
    fn check(device: Device) -> Result<Device, Refusal> {
        checked(device)
    }
}

/// `acme-push:ID`: a POST of the text to the device's address.
struct Push<H> {
    context: Context,
    client: OnceLock<Client>,
    remembered: Mutex<Option<Device>>,
    habit: PhantomData<H>,
}

fn checked(mut device: Device) -> Result<Device, Refusal> {
    let address = device.address.trim().to_owned();
    if !address.starts_with("http://") || address.chars().any(|c| c.is_control() || c == ' ') {
        return Err(Refusal::new("/address", "it is no URL").fix("write http://HOST/DEVICE"));
    }
    match device.keys.get("auth").map(String::as_str) {
        Some("a-secret-key") => {}
        _ => return Err(Refusal::new("/keys/auth", "it is not the key").fix("give it as it was shown")),
    }
    device.address = address;
    Ok(device)
}

#[async_trait]
impl<H: Habit> Driver for Push<H> {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        let id = Device::id_in(notice.uri).unwrap_or_default();
        let remembered = self.remembered.lock().unwrap().clone();
        let found = self.context.host.device(H::call(notice, id)).await;
        let device = match (remembered.filter(|_| H::REMEMBERS), found) {
            (Some(device), _) | (None, Ok(Some(device))) => device,
            (None, Ok(None)) => return H::gone().into(),
            (None, Err(why)) => return H::unknown(why).into(),
        };
        *self.remembered.lock().unwrap() = Some(device.clone());
        let policy: Arc<Policy> = Arc::clone(&self.context.network);
        let client = self.client.get_or_init(|| Client::new(policy, None).unwrap());
        let body = format!("{} {}", notice.id, notice.content.text);
        let request = Request::post(&device.address).header("x-key", &device.keys["auth"]);
        let answer =
            client.send(request.body(body.into()).unwrap(), time_left(notice, &*self.context.clock)).await;
        report(&answer, self.context.clock.now_ms()).into()
    }

    async fn check(&self, uri: &SubscriberUri, _: &Options) -> Result<Checked, Refusal> {
        match Device::id_in(uri) {
            Some(_) => Ok(Checked::of(uri).with_destination("acme-push")),
            None => Err(Refusal::new("uri", "it names no device").fix("write acme-push:ID")),
        }
    }

    async fn check_device(&self, device: Device) -> Result<Device, Refusal> {
        H::check(device)
    }
}

impl<H: Habit> Plugin for Push<H> {
    const NAME: &'static str = H::NAME;
    const SCHEMES: &'static [&'static str] = &["acme-push"];
    const IDEMPOTENCY: &'static str = "body";
    const NETWORK: Network = Network::Guarded;
    const DEVICES: bool = true;
    type Settings = ();

    fn new((): (), context: &Context) -> Result<Self, SettingsError> {
        let (client, remembered) = (OnceLock::new(), Mutex::default());
        Ok(Self { context: context.clone(), client, remembered, habit: PhantomData })
    }
}

/// Registers the driver of a habit.
macro_rules! habit {
    ($habit:ident, $name:literal, {$($body:tt)*}) => {
        struct $habit;
        impl Habit for $habit {
            const NAME: &'static str = $name;
            $($body)*
        }
        nuncio_plugin_sdk::glue::inventory::submit! {
            nuncio_plugin_sdk::glue::Linked { manifest: described::<$habit>, create: create::<Push<$habit>> }
        }
    };
}

fn described<H: Habit>() -> Manifest {
    manifest::<Push<H>>(Package { version: "1.2.3", homepage: "", license: "" })
}

habit!(Straight, "push-straight", {});
habit!(Crossing, "push-crossing", {
    fn call(_: &Notice<'_>, id: &str) -> DeviceCall {
        DeviceCall::new("", id)
    }
});
habit!(Hopeful, "push-hopeful", {
    fn gone() -> Report {
        Report::deferred(Scope::Recipient, "perhaps it comes back")
    }
});
habit!(Hasty, "push-hasty", {
    fn unknown(why: String) -> Report {
        Report::gone(why)
    }
});
habit!(Remembering, "push-remembering", {
    const REMEMBERS: bool = true;
});
habit!(Open, "push-open", {
    fn check(device: Device) -> Result<Device, Refusal> {
        Ok(device)
    }
});
habit!(Telling, "push-telling", {
    fn check(device: Device) -> Result<Device, Refusal> {
        let address = device.address.clone();
        checked(device).map_err(|_| Refusal::new("/address", format!("`{address}` is no URL")))
    }
});
habit!(Restless, "push-restless", {
    fn check(mut device: Device) -> Result<Device, Refusal> {
        device.address.push('x');
        checked(device)
    }
});

fn device() -> Device {
    let mut device = Device::new("acme-push", "http://{server}/phone-1");
    device.id = "phone-1".to_owned();
    device.keys.insert("auth".to_owned(), "a-secret-key".to_owned());
    device
}

fn kit(name: &str) -> Kit {
    Kit::of(name).uri("acme-push:phone-1").device(device()).http()
}

#[test]
fn a_right_driver_breaks_nothing() {
    let findings = kit(Straight::NAME).examine(Packaging::Linked);
    assert!(names(&findings).is_empty(), "{findings}");
    assert!(!findings.to_string().contains("not applied: device"), "{findings}");
}

#[test]
fn a_kit_without_the_devices_of_its_uris_is_told() {
    let findings = Kit::of(Straight::NAME).uri("acme-push:phone-1").http().examine(Packaging::Linked);
    assert!(findings.to_string().contains("say `.device(..)` for each id in its URIs"), "{findings}");
    let findings = crate::twist::kit("straight").device(device()).examine(Packaging::Linked);
    assert!(findings.to_string().contains("set `DEVICES`"), "{findings}");
}

#[test]
fn a_driver_asks_in_the_project_of_the_notice() {
    told(&kit(Crossing::NAME), "device-asked", &["asked for the device `phone-1` in the project ``"]);
}

#[test]
fn without_a_device_a_delivery_is_gone() {
    told(&kit(Hopeful::NAME), "device-gone", &["Deferred/Recipient (perhaps it comes back) instead of Gone"]);
    let broken = names(&kit(Remembering::NAME).examine(Packaging::Linked));
    assert!(broken.contains(&"device-gone"), "{broken:?}");
}

#[test]
fn a_host_in_trouble_ends_no_device() {
    told(&kit(Hasty::NAME), "device-unknown", &["Gone/Recipient (the store is busy) instead of Deferred"]);
}

#[test]
fn a_device_that_can_never_be_reached_is_refused_without_its_secrets() {
    told(&kit(Open::NAME), "device-refused", &["a device without an address is taken"]);
    told(&kit(Telling::NAME), "device-refused", &["the refusal repeats"]);
}

#[test]
fn a_device_is_kept_in_one_form() {
    told(&kit(Restless::NAME), "device-kept", &["kept otherwise when it is registered again"]);
}

#[test]
fn a_test_has_a_host_with_devices() {
    let host = Host::new().at(1_000).device(device());
    let driver = host.make(Straight::NAME, json!({}), &[]).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let letter = Letter::to("acme-push:phone-1").project("home").at(1_000);
    host.remove("phone-1");
    let report = runtime.block_on(letter.deliver(&*driver));
    assert_eq!(report.outcome, Outcome::Gone);
    assert_eq!(host.asked(), [DeviceCall::new("home", "phone-1")]);
}
