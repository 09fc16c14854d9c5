//! What projects may take of the host, and what they took: rates, quotas, usage.

mod gauge;
mod pace;
mod quotas;
mod tenant;
mod tenants;

pub use quotas::{Quota, Quotas};
pub use tenants::{Beyond, Tenants};
