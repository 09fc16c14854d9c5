//! The one crate a driver's author needs.
//!
//! A driver is one `impl Plugin`, one `impl Driver` and one line: `register_driver!(MyDriver);`. See
//! `examples/hello.rs` for a whole one.
//!
//! A driver of a push service reads a message with [`push`]: title, text, data, badge and so on, the same on each.
//!
//! Features, none by default, so that an author's tree stays small: `connect` (the guarded connector) and `http`
//! (an HTTP client on it). A driver that dials what a subscriber URI names uses one of them and nothing else.

pub mod accounts;
#[cfg(feature = "connect")]
pub mod connect;
mod deadline;
pub mod devices;
mod entry;
#[cfg(all(doctest, feature = "http"))]
mod guide;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "connect")]
mod names;
mod plugin;
pub mod push;
mod read;
mod secret;
#[cfg(feature = "testing")]
pub mod testing;
mod unread;
mod version;

pub use async_trait::async_trait;
pub use deadline::time_left;
pub use nuncio_core as core;
pub use nuncio_core::{
    Batch, Checked, Clock, Content, ContentForm, Context, Driver, HostCalls, Kind, Limits, Manifest, Meta,
    Network, NoToken, Notice, Options, Outcome, Outcomes, Part, Rate, Recipient, Refusal, Report, Scope,
    SettingsError, SubscriberUri, Token, TokenCall, net,
    uri::{self, Form},
    wire::{Answer, Device, DeviceCall, Inbound, Metric, Receipt},
};
pub use plugin::Plugin;
pub use read::read_options;
pub use schemars::{self, JsonSchema};
pub use secret::Secret;
pub use serde::{self, Deserialize, Serialize};
pub use serde_json;
pub use unread::Unread;
pub use url::Url;
pub use version::VERSION;

#[doc(hidden)]
pub mod glue {
    //! What `register_driver!` expands to.
    pub use crate::entry::nuncio_driver_entry_v1;
    pub use crate::plugin::{Package, create, manifest};
    pub use nuncio_core::{Linked, inventory};
}

/// Registers a driver: linked into a host it is found at start, without the host naming it.
///
/// The driver's version, homepage and licence are those of the crate that the line stands in. Built as a `cdylib` that
/// crate is a library which a host loads, with the entry that `include/nuncio_driver.h` describes.
#[macro_export]
macro_rules! register_driver {
    ($driver:ty) => {
        #[cfg(panic = "abort")]
        compile_error!(
            "a driver must not be built with panic = \"abort\": one bad message would end the whole host; \
             remove it from the profile"
        );
        $crate::glue::inventory::submit! {
            $crate::glue::Linked {
                manifest: || {
                    $crate::glue::manifest::<$driver>($crate::glue::Package {
                        version: env!("CARGO_PKG_VERSION"),
                        homepage: env!("CARGO_PKG_HOMEPAGE"),
                        license: env!("CARGO_PKG_LICENSE"),
                    })
                },
                create: $crate::glue::create::<$driver>,
            }
        }
    };
}
