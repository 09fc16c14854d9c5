//! What the demonstration runs on: a folder, receivers, and a host that knows them.

use std::{io, net::Ipv4Addr, path::Path, time::Duration};

use nuncio_core::registry::linked_manifests;
use serde_json::json;
use tempfile::TempDir;

use super::{journal, mail::Mail, receipts::Receipts, webhooks::Webhooks};
use crate::{
    app::Host,
    cli::fault::{Exit, Fault},
    config::{Config, Confirm},
};

/// Everything that must live as long as the demonstration.
pub(super) struct Stage {
    pub(super) host: Host,
    pub(super) webhooks: Webhooks,
    pub(super) mail: Mail,
    pub(super) log: Receipts,
    pub(super) folder: TempDir,
}

impl Stage {
    pub(super) async fn set() -> Result<Self, Fault> {
        let failed = |error: io::Error| {
            Fault::new(Exit::System, format!("the demonstration cannot be set up: {error}"))
        };
        let log = journal::listen();
        let webhooks = Webhooks::listen().await.map_err(failed)?;
        let mail = Mail::listen().await.map_err(failed)?;
        let folder = tempfile::Builder::new().prefix("nuncio-demo-").tempdir().map_err(failed)?;
        let host = Host::start(config(folder.path(), &mail)).await?;
        Ok(Self { host, webhooks, mail, log, folder })
    }

    /// Ends it: the host first, so that nothing is attempted in vain.
    pub(super) async fn strike(self) {
        self.host.stop().await;
        drop((self.webhooks, self.mail));
        if let Err(error) = self.folder.close() {
            tracing::error!("the temporary folder stays: {error}");
        }
    }

    /// The URIs that are subscribed.
    pub(super) fn subscribers(&self) -> Vec<String> {
        let hooks = self.webhooks.address;
        vec![
            format!("http://{hooks}/orders"),
            format!("http://{hooks}/flaky"),
            "mailto:ann@example.org".to_owned(),
            "log:orders".to_owned(),
        ]
    }

    /// The URIs that are notified without a queue.
    pub(super) fn notified(&self) -> Vec<String> {
        let hooks = self.webhooks.address;
        vec![format!("http://{hooks}/orders"), "mailto:bob@example.org".to_owned(), "log:alerts".to_owned()]
    }

    /// The receiver of a URI: its name, and what it has got.
    pub(super) fn receiver(&self, uri: &str) -> (&'static str, &Receipts) {
        match uri.split(':').next() {
            Some("mailto") => ("mail receiver", &self.mail.receipts),
            Some("log") => ("log", &self.log),
            _ => ("webhook receiver", &self.webhooks.receipts),
        }
    }
}

fn config(folder: &Path, mail: &Mail) -> Config {
    let mut config = Config::default();
    config.http.listen = (Ipv4Addr::LOCALHOST, 0).into();
    config.storage.url = format!("sqlite:{}", folder.join("nuncio.db").display());
    config.delivery.allow_networks = vec!["127.0.0.0/8".to_owned()];
    config.delivery.retry = json!({"schedule": ["0s", "1s", "1s", "2s", "5s"]});
    config.delivery.shutdown_grace = Duration::from_secs(2);
    config.notification.require_confirmation = Confirm::None;
    // A host that was built without the driver refuses its settings.
    if linked_manifests().iter().any(|(manifest, _)| manifest.name == "mailto") {
        let relay = format!("smtp://{}", mail.address);
        let settings = json!({"relay": relay, "tls": "none", "from": "Nuncio <nuncio@example.org>"});
        config.drivers.insert("mailto".to_owned(), settings);
    }
    config
}
