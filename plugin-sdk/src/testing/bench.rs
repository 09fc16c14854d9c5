//! Where a driver is put to the test.

use std::{future::Future, net::SocketAddr, ops::Deref, sync::Arc, time::Duration};

use nuncio_core::{
    Context, Driver, Linked, Manifest, Network, Options, Refusal, SettingsError, SubscriberUri, wire::Device,
};
use nuncio_plugin_loader::{Library, LoadOptions};
use serde_json::{Map, Value};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    time::timeout,
};

use super::{
    caught::caught,
    clock::System,
    host::Host,
    kit::{Kit, SERVER, filled, placed},
    letter::Letter,
    made::context,
    server::{Does, Peer, Server},
};

/// How long anything that a rule does may take; whatever takes longer never ends.
const PATIENCE: Duration = Duration::from_secs(30);
/// What a driver is given to end after a rule.
const GRACE: Duration = Duration::from_millis(500);

/// The networks of loopback.
pub(super) const LOOPBACK: &[&str] = &["127.0.0.0/8", "::1"];

/// What makes the driver.
pub(super) enum Maker {
    Linked(Linked),
    Loaded(Library),
}

impl Maker {
    fn manifest(&self, name: &str) -> Result<Manifest, String> {
        match self {
            Self::Linked(linked) => caught(|| (linked.manifest)()),
            Self::Loaded(library) => {
                let found = library.manifests().iter().find(|one| one.name == name);
                found.cloned().ok_or_else(|| format!("the library has no driver `{name}`"))
            }
        }
    }

    fn make(&self, name: &str, settings: Value, context: &Context) -> Result<Arc<dyn Driver>, SettingsError> {
        match self {
            Self::Linked(linked) => (linked.create)(settings, context),
            Self::Loaded(library) => Ok(library.create(name, settings, context, &LoadOptions::default())?),
        }
    }
}

/// A driver for one rule; it is shut down at the rule's end.
pub(super) struct Made {
    driver: Arc<dyn Driver>,
    runtime: Handle,
}

impl Made {
    /// The driver itself, to be shared.
    pub(super) fn shared(&self) -> Arc<dyn Driver> {
        Arc::clone(&self.driver)
    }
}

impl Deref for Made {
    type Target = dyn Driver;

    fn deref(&self) -> &Self::Target {
        &*self.driver
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let work = async { timeout(GRACE * 2, self.driver.shutdown(GRACE)).await };
        // What a driver does wrong at its end is for the rule on that to tell.
        caught(|| self.runtime.block_on(work)).ok();
    }
}

/// Where a driver is put to the test.
pub(super) struct Bench<'a> {
    pub(super) kit: &'a Kit,
    pub(super) manifest: Manifest,
    maker: &'a Maker,
    runtime: Runtime,
}

impl<'a> Bench<'a> {
    pub(super) fn of(kit: &'a Kit, maker: &'a Maker) -> Result<Self, String> {
        if kit.uris.is_empty() {
            return Err("the kit was told no URI: say `.uri(\"scheme:...\")`".to_owned());
        }
        let runtime = Builder::new_multi_thread().worker_threads(2).thread_name("kit").enable_all().build();
        let runtime = runtime.map_err(|error| format!("there is no runtime: {error}"))?;
        Ok(Self { kit, manifest: maker.manifest(&kit.name)?, maker, runtime })
    }

    /// Whether the driver is a library, whose panics the host tells as reports.
    pub(super) fn linked(&self) -> Option<&Linked> {
        match self.maker {
            Maker::Linked(linked) => Some(linked),
            Maker::Loaded(_) => None,
        }
    }

    /// Does `work` to its end; a panic or no end is told in one line.
    pub(super) fn run<T>(&self, work: impl Future<Output = T>) -> Result<T, String> {
        let bounded = Box::pin(async { timeout(PATIENCE, work).await });
        let ended = caught(|| self.runtime.block_on(bounded))?;
        ended.map_err(|_| format!("it did not end within {} s", PATIENCE.as_secs()))
    }

    /// A far side of the driver's protocol; of HTTP where it has none.
    pub(super) fn far_side(&self, does: Does) -> Server {
        Server::start(self.kit.peer.as_ref().unwrap_or(&Peer::http()), does)
    }

    /// The driver with `settings`, in a host that may reach `networks` and has the kit's devices as they are written.
    pub(super) fn make(
        &self,
        settings: Value,
        networks: &[&str],
    ) -> Result<Result<Made, SettingsError>, String> {
        self.make_in(&self.host(SERVER), settings, networks)
    }

    /// The driver with `settings`, in `host`, which may reach `networks`.
    pub(super) fn make_in(
        &self,
        host: &Host,
        settings: Value,
        networks: &[&str],
    ) -> Result<Result<Made, SettingsError>, String> {
        let context = context(Arc::new(System), networks).map_err(|error| error.to_string())?;
        let context = context.with_host(Arc::new(host.clone()));
        let _inside = self.runtime.enter();
        let made = caught(|| self.maker.make(&self.kit.name, settings, &context))?;
        Ok(made.map(|driver| Made { driver, runtime: self.runtime.handle().clone() }))
    }

    /// The driver with the kit's settings for a server at `address`, in a host that may reach loopback.
    pub(super) fn driver(&self, address: SocketAddr) -> Result<Made, String> {
        let made = self.make_in(&self.host(&address.to_string()), self.settings(address), LOOPBACK)?;
        made.map_err(|error| format!("the kit's settings are refused: {error}"))
    }

    /// A host with the kit's devices for a server at `server`.
    pub(super) fn host(&self, server: &str) -> Host {
        self.devices(server).into_iter().fold(Host::new(), Host::device)
    }

    /// The kit's devices for a server at `server`.
    pub(super) fn devices(&self, server: &str) -> Vec<Device> {
        let mut devices = self.kit.devices.clone();
        for device in &mut devices {
            device.address = placed(&device.address, server);
        }
        devices
    }

    /// What of the kit's devices may never be shown.
    pub(super) fn device_secrets(&self, server: &str) -> Vec<String> {
        let devices = self.devices(server).into_iter();
        devices.flat_map(|device| device.keys.into_values().chain([device.address])).collect()
    }

    /// The kit's settings for a server at `address`.
    pub(super) fn settings(&self, address: SocketAddr) -> Value {
        (self.kit.settings)(address)
    }

    /// The kit's settings as an object, for a server that is not there.
    pub(super) fn plain_settings(&self) -> Map<String, Value> {
        match self.settings(SocketAddr::from(([127, 0, 0, 1], 9))) {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    /// The kit's URIs for a server at `server`.
    pub(super) fn uris(&self, server: &str) -> Vec<String> {
        self.kit.uris.iter().map(|uri| placed(uri, server)).collect()
    }

    /// The kit's options for a server at `address`.
    pub(super) fn options(&self, address: SocketAddr) -> Value {
        filled(&Value::Object(self.kit.options.clone()), address)
    }

    /// A letter to the first of the kit's URIs, with the recipients that the driver finds in it.
    pub(super) fn letter(&self, driver: &dyn Driver, server: &Server) -> Result<Letter, String> {
        let uri = self.uris(&server.address().to_string()).swap_remove(0);
        self.letter_to(driver, &uri, self.options(server.address()))
    }

    /// A letter to `uri`, with the recipients that the driver finds in it.
    pub(super) fn letter_to(&self, driver: &dyn Driver, uri: &str, options: Value) -> Result<Letter, String> {
        let parsed = SubscriberUri::parse(uri).map_err(|error| format!("`{uri}` is refused: {error}"))?;
        let letter = Letter::of(&parsed).options(options);
        let checked = self.run(driver.check(&parsed, &letter.notice.options))?;
        let checked = checked.map_err(|refusal| format!("`{uri}` is refused: {refusal}"))?;
        Ok(letter.recipients(checked.addresses))
    }

    /// What the driver says of `uri`; a refusal of the core's parser counts as the driver's.
    pub(super) fn check(
        &self,
        driver: &dyn Driver,
        uri: &str,
        options: &Options,
    ) -> Result<Result<nuncio_core::Checked, Refusal>, String> {
        match caught(|| SubscriberUri::parse(uri))? {
            Ok(parsed) => self.run(driver.check(&parsed, options)),
            Err(error) => Ok(Err(error.into())),
        }
    }

    /// Whether the driver talks to a server that the kit can stand in for; else why not.
    pub(super) fn has_server(&self) -> Result<(), String> {
        let devices = self.kit.devices.iter().map(|device| &device.address);
        let places = self.kit.uris.iter().chain(devices).any(|place| place.contains(SERVER));
        let [one, two] = [1, 2].map(|port| self.settings(SocketAddr::from(([127, 0, 0, 1], port))));
        if self.kit.peer.is_none() {
            return Err(match self.manifest.network {
                Network::None => "its manifest says that it reaches no network".to_owned(),
                _ => {
                    "the kit was not told what the far side speaks: say `.http()` or `.peer(...)`".to_owned()
                }
            });
        }
        if places || one != two {
            return Ok(());
        }
        Err(format!("neither the kit's URIs nor its settings or devices lead to `{SERVER}`"))
    }
}
