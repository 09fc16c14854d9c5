//! Who may do what.
//!
//! A client shows [`Credentials`]; [`Access`] tells the [`Identity`] behind them and whether its roles allow an
//! [`Action`]. HTTP routes and WebSocket messages ask the same. What is not in the table is refused.

mod action;
mod denied;
mod door;
mod hosts;
mod identity;
mod keys;
mod keystone;
mod policy;
mod secret;

pub use action::{Action, Grant};
pub use denied::{Denied, StartError};
pub use door::{Access, names_projects};
pub use identity::{Bearer, Credentials, Identity, Proof};
pub use keys::{KeyError, Keys, Made as MadeKey, Wish as KeyWish};
pub use keystone::{Trusts, Untrusted};
pub use policy::{Grants, Policy};
pub use secret::{NewSecret, NoRandomness};
