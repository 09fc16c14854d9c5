//! Gateways that take an SMS as an HTTP request and tell its fate by a request of theirs.
//!
//! `gateway` is what each of them does and the account that they all are; `call` is a request, `answer` what HTTP says of
//! it, `said` the vendor's words and codes; `pairs` and `reference` are what comes back with a receipt. The gateways do
//! not know each other.

mod answer;
mod call;
#[cfg(test)]
pub(crate) mod fixtures;
mod gateway;
mod generic;
mod kannel;
mod pairs;
mod reference;
mod said;
mod settings;
mod strike;
mod twilio;
mod vonage;

pub use generic::Settings as GenericSettings;
pub use kannel::Settings as KannelSettings;
pub use twilio::Settings as TwilioSettings;
pub use vonage::Settings as VonageSettings;
