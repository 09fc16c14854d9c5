//! Drivers are gathered: one after the other, each added or refused with one clear line.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use nuncio_core::{
    Context, Driver, Entry, Manifest, Origin, Refused, Registry,
    net::Policy,
    registry::{RegistryError, linked_manifests},
};
use nuncio_plugin_loader::{ExecError, Library, LoadOptions};
use serde_json::{Map, Value};

use super::{
    calls::Calls,
    candidate::{Candidate, Digest, Maker, digest},
    files, program,
    roster::{Ground, Made, Opened, Roster},
    sections,
    wiping::overwrite,
};
use crate::{
    config::{self, Config, Place, Problem},
    websocket::{Hub, driver as websocket},
};

/// The most notices in the hands of one driver that is not linked.
const MAX_SLOTS: u32 = 65_536;

/// A roster while it is put together.
pub(super) struct Gathering<'a> {
    config: &'a Config,
    before: Option<&'a Roster>,
    network: Arc<Policy>,
    registry: Registry,
    /// Whether a library could not be opened: nobody knows the drivers in it.
    blind: bool,
    /// The names of those that were refused.
    missing: Vec<String>,
    roster: Parts,
    ground: Ground,
}

#[derive(Default)]
struct Parts {
    made: BTreeMap<String, Made>,
    opened: BTreeMap<PathBuf, Opened>,
    errors: Vec<Problem>,
    refusals: Vec<Problem>,
    kept: Vec<Problem>,
    restart: Vec<String>,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(config: &'a Config, ground: Ground, before: Option<&'a Roster>) -> Self {
        let choices = config.schemes.iter().map(|(scheme, choice)| (scheme.clone(), choice.driver.clone()));
        let mut roster = Parts::default();
        let delivery = &config.delivery;
        let network = Policy::new(&delivery.allow_networks, &delivery.allow_hosts).unwrap_or_else(|error| {
            let path = "delivery.allow_networks";
            roster.errors.push(Problem::new(Place::Default, path, error.to_string()));
            Policy::default()
        });
        Self {
            config,
            before,
            network: Arc::new(network),
            registry: Registry::with_choices(choices.collect()),
            blind: false,
            missing: Vec::new(),
            roster,
            ground,
        }
    }

    /// Gathers all of them.
    pub(super) async fn all(mut self) -> Roster {
        if let Some(before) = self.before {
            // What was opened once is open for ever, also while the configuration does not name it.
            self.roster.opened.clone_from(&before.opened);
        }
        self.hub();
        for (manifest, linked) in linked_manifests() {
            let maker = Maker::Linked(linked);
            self.take(Candidate { manifest, origin: Origin::Linked, maker, place: Place::Default }).await;
        }
        for entry in &self.config.libraries {
            self.libraries(entry).await;
        }
        for entry in &self.config.exec {
            self.exec(entry).await;
        }
        self.finish()
    }

    /// Adds the host itself; it is the first, so that no name is taken.
    fn hub(&mut self) {
        if self.ground.sockets {
            let added =
                self.registry.add(websocket::manifest(), Origin::Host, Arc::<Hub>::clone(&self.ground.hub));
            drop(added);
        }
    }

    fn finish(mut self) -> Roster {
        if !self.blind {
            let mut known = self.registry.names();
            // Its keys stand elsewhere.
            known.retain(|name| *name != websocket::NAME);
            known.extend(self.missing.iter().map(String::as_str));
            self.roster.errors.extend(sections::unknown(self.config, &known));
        }
        let missing = |name: &String| self.blind || self.missing.contains(name);
        let vain = sections::vain_choices(self.config, &self.registry);
        let vain = vain.into_iter().filter(|(chosen, _)| !missing(chosen)).map(|(_, problem)| problem);
        self.roster.errors.extend(vain);
        self.roster.errors.sort();
        let Parts { made, opened, errors, refusals, kept, restart } = self.roster;
        let (ground, dispatcher) = (self.ground, self.registry.into_dispatcher());
        Roster { ground, dispatcher, made, opened, errors, refusals, kept, restart }
    }

    async fn libraries(&mut self, entry: &config::Library) {
        let files = match files::libraries(&entry.path) {
            Ok(files) => files,
            Err(error) => return self.unopened(entry, &entry.path, error.to_string()),
        };
        if entry.sha256.is_some() && entry.path.is_dir() {
            let why = "a folder has no SHA-256: list each of its libraries with its own".to_owned();
            return self.unopened(entry, &entry.path, why);
        }
        for file in files {
            match self.open(&file, entry.sha256.as_deref()).await {
                Ok(library) => self.drivers(entry, &library).await,
                Err(why) => self.unopened(entry, &file, why),
            }
        }
    }

    async fn open(&mut self, file: &Path, sha256: Option<&str>) -> Result<Library, String> {
        if let Some(opened) = self.roster.opened.get(file) {
            if opened.sha256.as_deref() != sha256 {
                self.roster.restart.push(format!("[[libraries]] {}: sha256", file.display()));
            }
            return Ok(opened.library.clone());
        }
        let (path, pin) = (file.to_owned(), sha256.map(str::to_owned));
        let opened = tokio::task::spawn_blocking(move || Library::open(&path, pin.as_deref())).await;
        let library = opened.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        let opened = Opened { library: library.clone(), sha256: sha256.map(str::to_owned) };
        self.roster.opened.insert(file.to_owned(), opened);
        Ok(library)
    }

    async fn drivers(&mut self, entry: &config::Library, library: &Library) {
        let options = LoadOptions::default().threads(entry.threads).in_flight(self.slots());
        for manifest in library.manifests() {
            let path = library.path().display().to_string();
            self.take(Candidate {
                manifest: manifest.clone(),
                origin: Origin::Library { path, abi: library.abi() },
                maker: Maker::Library(library.clone(), options),
                place: entry.place.clone(),
            })
            .await;
        }
    }

    /// Adds a driver of this process: the instance of before where nothing changed for it, else a new one.
    async fn take(&mut self, candidate: Candidate) {
        let Candidate { manifest, origin, place, .. } = &candidate;
        if let Err(error) = self.registry.admits(manifest, origin) {
            let problem = conflict(origin, place, &error);
            return self.refuse(&manifest.name, origin.clone(), vec![problem]);
        }
        let mut settings = self.settings(&manifest.name, &manifest.settings);
        let digest = candidate.digest(&settings, &self.network, self.config.delivery.deadline);
        if let Some((entry, made)) = self.former(&manifest.name).filter(|(_, made)| made.digest == digest) {
            overwrite(&mut settings);
            return self.add(made.manifest, entry.origin, entry.driver, digest);
        }
        let context = self.context(&manifest.name);
        match candidate.make(settings, context).await {
            Ok(driver) => self.add(candidate.manifest, candidate.origin, driver, digest),
            Err(error) => {
                let problems = sections::refused(self.config, &manifest.name, &error);
                self.keep_or_refuse(&manifest.name, origin, problems);
            }
        }
    }

    async fn exec(&mut self, entry: &config::Exec) {
        let origin = Origin::Exec { command: entry.command.join(" ") };
        let name = &entry.name;
        let key = |problem: Problem| Problem { key: format!("[[exec]] {name}"), ..problem };
        if let Some(other) = self.registry.names().iter().find(|other| *other == name) {
            let why = format!("there is another driver called `{other}`");
            let problem = key(Problem::new(entry.place.clone(), "", why)).fix("give this one another name");
            return self.refuse(name, origin, vec![problem]);
        }
        let mut settings = self.settings(name, &Value::Null);
        let digest = digest(&origin, name, 0, &settings, &self.network, self.config.delivery.deadline);
        if let Some((old, made)) = self.former(name).filter(|(_, made)| made.digest == digest) {
            overwrite(&mut settings);
            return self.add(made.manifest, old.origin, old.driver, digest);
        }
        let context = self.context(name);
        match program::start(name, &entry.command, settings, &context, self.slots()).await {
            Ok((manifest, driver)) => match self.registry.admits(&manifest, &origin) {
                Ok(()) => self.add(manifest, origin, driver, digest),
                Err(error) => {
                    driver.shutdown(Duration::ZERO).await;
                    let problem = key(Problem::new(entry.place.clone(), "", error.to_string()));
                    self.refuse(name, origin, vec![problem]);
                }
            },
            Err(ExecError::Settings(error)) => {
                let problems = sections::refused(self.config, name, &error);
                self.keep_or_refuse(name, &origin, problems);
            }
            Err(error) => {
                let problem = key(Problem::new(entry.place.clone(), "", error.to_string()));
                self.keep_or_refuse(name, &origin, vec![problem]);
            }
        }
    }

    fn add(&mut self, manifest: Manifest, origin: Origin, driver: Arc<dyn Driver>, digest: Digest) {
        let name = manifest.name.clone();
        let made = Made { digest, manifest: manifest.clone() };
        match self.registry.add(manifest, origin.clone(), driver) {
            Ok(()) => drop(self.roster.made.insert(name, made)),
            Err(error) => {
                let problem = conflict(&origin, &Place::Default, &error);
                self.refuse(&name, origin, vec![problem]);
            }
        }
    }

    /// The instance of before goes on where there is one.
    fn keep_or_refuse(&mut self, name: &str, origin: &Origin, problems: Vec<Problem>) {
        match self.former(name).filter(|(entry, _)| entry.origin.name() == origin.name()) {
            Some((entry, made)) => {
                self.roster.kept.extend(problems);
                self.add(made.manifest, entry.origin, entry.driver, made.digest);
            }
            None => self.refuse(name, origin.clone(), problems),
        }
    }

    /// A host does not start without a driver that it was built with; others it can be without.
    fn refuse(&mut self, name: &str, origin: Origin, problems: Vec<Problem>) {
        self.missing.push(name.to_owned());
        if origin == Origin::Linked {
            self.roster.errors.extend(problems);
            return;
        }
        let told = |problem: &Problem| Problem { place: Place::Default, ..problem.clone() }.to_string();
        let why = problems.iter().map(told).collect::<Vec<_>>().join("; ");
        self.registry.refuse(Refused { name: name.to_owned(), origin, why });
        self.roster.refusals.extend(problems);
    }

    fn unopened(&mut self, entry: &config::Library, file: &Path, why: String) {
        self.blind = true;
        let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
        let origin = Origin::Library { path: file.display().to_string(), abi: (0, 0) };
        let problem =
            Problem { key: "[[libraries]] path".to_owned(), ..Problem::new(entry.place.clone(), "", why) };
        self.refuse(&name, origin, vec![problem]);
    }

    /// The most notices in the hands of one driver.
    fn slots(&self) -> u32 {
        self.config.delivery.max_in_flight.clamp(1, MAX_SLOTS)
    }

    fn former(&self, name: &str) -> Option<(Entry, Made)> {
        let before = self.before?;
        Some((before.dispatcher.by_name(name)?.clone(), before.made.get(name)?.clone()))
    }

    fn settings(&self, name: &str, schema: &Value) -> Value {
        let empty = || Value::Object(Map::new());
        let mut settings = self.config.drivers.get(name).cloned().unwrap_or_else(empty);
        self.config.settings.fit(name, &mut settings, schema);
        settings
    }

    fn context(&self, name: &str) -> Context {
        let ground = &self.ground;
        let calls = Calls::new(name.to_owned(), Arc::clone(&ground.figures), Arc::clone(&ground.behind))
            .with_trusts(ground.trusts.clone());
        let (clock, network) = (Arc::clone(&self.ground.clock), Arc::clone(&self.network));
        Context::new(clock, network, self.config.delivery.deadline).with_host(Arc::new(calls))
    }
}

fn conflict(origin: &Origin, place: &Place, error: &RegistryError) -> Problem {
    let key = if *origin == Origin::Linked { "[drivers]" } else { "[[libraries]]" };
    Problem { key: key.to_owned(), ..Problem::new(place.clone(), "", error.to_string()) }
}
