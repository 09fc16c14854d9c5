//! The SQL functions of connections.

use std::sync::Arc;

use aws_lc_rs::error::Unspecified;
use rusqlite::{
    Connection, Error, Result,
    functions::{Context, FunctionFlags},
    types::{Value, ValueRef},
};

use super::sealer::Sealer;

/// What the error of a value begins with that does not open.
pub(in crate::storage::sqlite) const UNOPENED: &str = "a sealed value does not open";

const FLAGS: FunctionFlags = FunctionFlags::SQLITE_UTF8.union(FunctionFlags::SQLITE_DIRECTONLY);

/// Gives `db` the functions.
pub(in crate::storage::sqlite) fn install(db: &Connection, sealer: &Arc<Sealer>) -> Result<()> {
    let steady = FLAGS.union(FunctionFlags::SQLITE_DETERMINISTIC);
    let own = Arc::clone(sealer);
    db.create_scalar_function("sealed", 2, FLAGS, move |call| sealed(&own, call))?;
    let own = Arc::clone(sealer);
    db.create_scalar_function("unsealed", 2, steady, move |call| unsealed(&own, call))?;
    let own = Arc::clone(sealer);
    db.create_scalar_function("fingerprint", 1, steady, move |call| {
        Ok(own.fingerprint(call.get_raw(0).as_str()?))
    })
}

fn sealed(sealer: &Sealer, call: &Context<'_>) -> Result<Value> {
    let place = place(call);
    let sealed = match call.get_raw(0) {
        ValueRef::Blob(value) => sealer.seal(value, &place).map(Value::Blob),
        ValueRef::Text(_) => sealer.seal_text(call.get_raw(0).as_str()?, &place).map(Value::Text),
        _ => Err(Unspecified),
    };
    sealed.map_err(|_| failed("a value cannot be sealed"))
}

fn unsealed(sealer: &Sealer, call: &Context<'_>) -> Result<Value> {
    let place = place(call);
    let opened = match call.get_raw(0) {
        ValueRef::Blob(value) => sealer.open(value, &place).map(Value::Blob),
        ValueRef::Text(_) => sealer.open_text(call.get_raw(0).as_str()?, &place).map(Value::Text),
        _ => Err(Unspecified),
    };
    opened.map_err(|_| failed(&format!("{UNOPENED} ({})", String::from_utf8_lossy(&place))))
}

/// What a value belongs to, whatever its type.
fn place(call: &Context<'_>) -> Vec<u8> {
    match call.get_raw(1) {
        ValueRef::Integer(number) => number.to_string().into_bytes(),
        ValueRef::Text(text) | ValueRef::Blob(text) => text.to_vec(),
        ValueRef::Null | ValueRef::Real(_) => Vec::new(),
    }
}

fn failed(why: &str) -> Error {
    Error::UserFunctionError(why.into())
}
