//! A request that was let in: who asks, what for, and on which connection.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Value, value::RawValue};

use super::{actions::QUEUE, connection::Connection, form::Form, request::Request};
use crate::api::{Caller, Face, Params, Problem};

/// A request that was let in.
pub(super) struct Call {
    pub(super) face: Face,
    pub(super) caller: Caller,
    pub(super) request: Arc<Request>,
    /// The form of its frame.
    pub(super) form: Form,
    pub(super) connection: Arc<Connection>,
}

impl Call {
    /// The queue that it is about.
    pub(super) fn queue(&self) -> Result<String, Problem> {
        self.text(QUEUE)
    }

    /// A member that must be there.
    pub(super) fn text(&self, name: &str) -> Result<String, Problem> {
        self.value(name)?.ok_or_else(|| Problem::request(format!("{name}: missing.")))
    }

    /// A member; `null` is none.
    pub(super) fn value<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Problem> {
        let members = self.request.members()?;
        let Some(raw) = members.get(name) else { return Ok(None) };
        serde_json::from_str(raw.get()).map_err(|error| Problem::request(format!("{name}: {error}.")))
    }

    /// The text of a member, in the memory of the frame.
    pub(super) fn raw<'a>(&'a self, name: &str) -> Result<Option<&'a RawValue>, Problem> {
        Ok(self.request.members()?.get(name).copied())
    }

    /// Its members as a query would say them.
    pub(super) fn params(&self) -> Result<Params, Problem> {
        let members = self.request.members()?;
        let said = |(name, raw): (&String, &&RawValue)| match serde_json::from_str(raw.get()) {
            Ok(Value::String(text)) => Some((name.clone(), text)),
            Ok(one @ (Value::Bool(_) | Value::Number(_))) => Some((name.clone(), one.to_string())),
            _ => None,
        };
        Ok(Params::of(members.iter().filter_map(said)))
    }
}
