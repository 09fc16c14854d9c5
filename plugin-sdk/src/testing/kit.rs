//! What a driver's author tells the kit.

use std::{
    collections::BTreeMap,
    fmt,
    future::Future,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use nuncio_core::{Outcome, Scope, wire::Device};
use serde_json::{Map, Value};

use super::{
    bench::{Bench, Maker},
    finding::{Finding, Findings, Verdict},
    library::{Packaging, library},
    made::{linked, missing},
    server::{Case, Peer, Wire},
    table,
};

/// What the kit is told of a driver. `{server}` stands for the host and port of a server on loopback, in URIs, settings
/// and options.
#[derive(Clone)]
pub struct Kit {
    pub(super) name: String,
    pub(super) uris: Vec<String>,
    pub(super) refused: Vec<String>,
    pub(super) settings: Settings,
    pub(super) options: Map<String, Value>,
    pub(super) devices: Vec<Device>,
    pub(super) peer: Option<Peer>,
    pub(super) expected: BTreeMap<Case, (Outcome, Scope)>,
    pub(super) crowd: Option<fn(usize) -> String>,
    pub(super) golden: Option<PathBuf>,
    pub(super) without: BTreeMap<String, String>,
    pub(super) package: PathBuf,
    pub(super) features: Vec<String>,
}

type Settings = Arc<dyn Fn(SocketAddr) -> Value + Send + Sync>;

impl fmt::Debug for Kit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kit").field("name", &self.name).field("uris", &self.uris).finish_non_exhaustive()
    }
}

impl Kit {
    /// The table for the driver `name`.
    #[must_use]
    pub fn of(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            uris: Vec::new(),
            refused: Vec::new(),
            settings: Arc::new(|_| Value::Object(Map::new())),
            options: Map::new(),
            devices: Vec::new(),
            peer: None,
            expected: BTreeMap::new(),
            crowd: None,
            golden: None,
            without: BTreeMap::new(),
            package: PathBuf::new(),
            features: Vec::new(),
        }
    }

    /// With a URI that the driver serves; the first one is what most rules deliver to. May be called again.
    #[must_use]
    pub fn uri(mut self, uri: impl Into<String>) -> Self {
        self.uris.push(uri.into());
        self
    }

    /// With a URI that must be refused when somebody subscribes. May be called again.
    #[must_use]
    pub fn refuses(mut self, uri: impl Into<String>) -> Self {
        self.refused.push(uri.into());
        self
    }

    /// With these settings. Values of secrets are what the kit looks for in all that the driver says.
    #[must_use]
    pub fn settings(self, settings: Value) -> Self {
        self.server(move |address| filled(&settings, address))
    }

    /// With settings that need more of the server's address than `{server}`.
    #[must_use]
    pub fn server(mut self, settings: impl Fn(SocketAddr) -> Value + Send + Sync + 'static) -> Self {
        self.settings = Arc::new(settings);
        self
    }

    /// With the options of a subscription, for every delivery.
    ///
    /// # Panics
    /// When they are not an object.
    #[must_use]
    pub fn options(mut self, options: Value) -> Self {
        let Value::Object(options) = options else { panic!("options are an object") };
        self.options = options;
        self
    }

    /// With a device that the host keeps, whose id one of the kit's URIs names. `{server}` may stand in its address. May be
    /// called again; its address and keys are among the secrets that the kit looks for in all that the driver says.
    #[must_use]
    pub fn device(mut self, device: Device) -> Self {
        self.devices.push(device);
        self
    }

    /// It speaks HTTP; a success is 204 without a body.
    #[must_use]
    pub fn http(mut self) -> Self {
        self.peer = Some(Peer::http());
        self
    }

    /// It speaks HTTP, and a success is 200 with this body.
    #[must_use]
    pub fn replies(mut self, content_type: impl Into<String>, body: impl Into<String>) -> Self {
        self.peer = Some(Peer::Http { content_type: content_type.into(), body: body.into() });
        self
    }

    /// It speaks another protocol on TCP; this is the far side's part of a conversation, which takes everything.
    #[must_use]
    pub fn peer<F>(mut self, converse: impl Fn(Wire) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.peer = Some(Peer::other(converse));
        self
    }

    /// Expects this of a `case` instead of what `http::report` says of it (a status, or a [`Case`]).
    #[must_use]
    pub fn expect(mut self, case: impl Into<Case>, outcome: Outcome, scope: Scope) -> Self {
        self.expected.insert(case.into(), (outcome, scope));
        self
    }

    /// How a URI with so many recipients is written. Known for `mailto` and `sms`.
    #[must_use]
    pub fn crowd(mut self, uri: fn(usize) -> String) -> Self {
        self.crowd = Some(uri);
        self
    }

    /// Compares what [`render`](nuncio_core::Driver::render) shows of fixed notices with the files of `folder` (from the
    /// crate's root). `UPDATE=1 cargo test` writes them.
    #[must_use]
    pub fn golden(mut self, folder: impl Into<PathBuf>) -> Self {
        self.golden = Some(folder.into());
        self
    }

    /// Does not apply the rule `name`, for a reason that the output repeats.
    #[must_use]
    pub fn without(mut self, name: impl Into<String>, why: impl Into<String>) -> Self {
        self.without.insert(name.into(), why.into());
        self
    }

    /// Builds the library with these features of the crate, besides its default ones.
    #[must_use]
    pub fn features(mut self, features: &[&str]) -> Self {
        self.features = features.iter().map(|one| (*one).to_owned()).collect();
        self
    }

    /// The folder of the driver's crate; [`conformance!`](crate::conformance) says it.
    #[must_use]
    pub fn package(mut self, folder: impl AsRef<Path>) -> Self {
        folder.as_ref().clone_into(&mut self.package);
        self
    }

    /// Runs the table, prints what came of it and fails if a rule is broken.
    ///
    /// # Panics
    /// When a rule is broken.
    pub fn assert(&self, packaging: Packaging) {
        let findings = self.examine(packaging);
        assert!(findings.broken().next().is_none(), "\n{findings}");
        println!("{findings}");
    }

    /// Runs the table and says what came of each rule.
    #[must_use]
    pub fn examine(&self, packaging: Packaging) -> Findings {
        let all = match self.maker(packaging) {
            Ok(maker) => match Bench::of(self, &maker) {
                Ok(bench) => table::all(&bench),
                Err(why) => vec![Finding { rule: table::THERE, verdict: Verdict::of([why]) }],
            },
            Err(why) => {
                let rule = if packaging == Packaging::Loaded { table::LOADS } else { table::THERE };
                vec![Finding { rule, verdict: Verdict::of([why]) }]
            }
        };
        Findings { driver: self.name.clone(), packaging, all }
    }

    fn maker(&self, packaging: Packaging) -> Result<Maker, String> {
        match packaging {
            Packaging::Linked => {
                linked(&self.name).map(|one| Maker::Linked(*one)).ok_or_else(|| missing(&self.name))
            }
            Packaging::Loaded => library(&self.package, &self.features).map(Maker::Loaded),
        }
    }
}

/// `value` with `{server}` replaced in every text of it.
pub(super) fn filled(value: &Value, address: SocketAddr) -> Value {
    match value {
        Value::String(text) => Value::String(placed(text, &address.to_string())),
        Value::Array(list) => list.iter().map(|one| filled(one, address)).collect(),
        Value::Object(map) => map.iter().map(|(name, one)| (name.clone(), filled(one, address))).collect(),
        other => other.clone(),
    }
}

/// `text` with `{server}` replaced by `server`.
pub(super) fn placed(text: &str, server: &str) -> String {
    text.replace(SERVER, server)
}

/// What stands for the host and port of a server.
pub(super) const SERVER: &str = "{server}";
