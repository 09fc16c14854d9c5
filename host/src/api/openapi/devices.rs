//! Devices.

use serde_json::{Value, json};

use super::{
    operation::Operation,
    parameters::page as paged,
    shapes::{closed, moment, page, text},
};

const ONE: &str = "/v2/devices/{device}";

/// Registering, listing, showing and removing devices.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::own("get", "/v2/devices", "devices_list", "The devices of the project, by id.")
            .with(paged(1000, 100))
            .answers(200, "A page of devices, without their addresses and keys.", page("devices", device())),
        Operation::own("post", "/v2/devices", "device_create", "Registers a device.")
            .body(closed(&["scheme", "address"], wish(true)))
            .answers(200, "The device, which was there, registered anew.", device())
            .answers(201, "The device. Its address and keys are never shown.", device())
            .leads(&["device_show", "device_put", "device_remove"], "device", "$response.body#/id"),
        Operation::own("get", ONE, "device_show", "One device.").answers(200, "The device.", device()),
        Operation::own("put", ONE, "device_put", "Registers a device under this id, anew where it is there.")
            .body(closed(&["scheme", "address"], wish(false)))
            .answers(200, "The device, which was there.", device())
            .answers(201, "The device, which is new.", device()),
        Operation::own("delete", ONE, "device_remove", "Removes a device.")
            .empty(204, "It is not there any more."),
    ]
}

fn wish(with_id: bool) -> Value {
    let pairs = json!({"type": "object", "additionalProperties": text()});
    let mut members = json!({
        "scheme": text(), "account": text(), "address": text(), "keys": pairs, "attributes": pairs,
    });
    if with_id {
        members["id"] = json!({"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"});
    }
    members
}

fn device() -> Value {
    let members = json!({
        "id": text(), "uri": text(), "scheme": text(), "account": text(),
        "attributes": {"type": "object", "additionalProperties": text()},
        "fingerprint": text(), "registered": moment(), "ended": moment(), "reason": text(),
    });
    closed(&["id", "uri", "scheme", "account", "attributes", "fingerprint", "registered"], members)
}
