//! Calls of the host: everything but deliveries.

use std::sync::Arc;

use nuncio_core::{
    Refusal, SubscriberUri,
    abi::{self, Status},
    notice_json::NoticeJson,
    wire::{CheckCall, Device, DisabledAnswer, Inbound, RenderAnswer},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use super::{
    flight::{Cancel, End, Flight, Work, poll_once},
    instance::{Instance, leave},
    panics::caught,
};

/// What a call is answered with.
struct Reply {
    status: Status,
    json: Vec<u8>,
    blob: Vec<u8>,
}

impl Reply {
    fn of(answer: &impl Serialize) -> Self {
        match serde_json::to_vec(answer) {
            Ok(json) => Self { status: abi::OK, json, blob: Vec::new() },
            Err(error) => Self::why(abi::FAILED, &format!("the answer is no JSON: {error}")),
        }
    }

    fn refused(refusal: &Refusal) -> Self {
        Self { status: abi::INVALID, ..Self::of(&[refusal]) }
    }

    fn why(status: Status, why: &str) -> Self {
        Self { status, json: json!({ "why": why }).to_string().into_bytes(), blob: Vec::new() }
    }
}

/// Answers the call `token`: from in here if the driver has its answer at once.
pub(super) fn call(instance: &Arc<Instance>, token: u64, method: &[u8], json: &[u8], blob: &[u8]) -> Status {
    let Some(_inside) = instance.gate.enter() else { return abi::CLOSED };
    let work = match method {
        b"check" => check(instance, json),
        b"disabled" => disabled(instance),
        b"render" => render(instance, json),
        b"receive" => receive(instance, json, blob),
        b"check_device" => check_device(instance, json),
        _ => return abi::UNSUPPORTED,
    };
    let _context = instance.handle.enter();
    let mut work = work;
    match caught(|| poll_once(work.as_mut())) {
        Ok(None) => fly(instance, token, work),
        Ok(Some(reply)) => answer(instance, token, &reply),
        Err(told) => answer(instance, token, &Reply::why(abi::FAILED, &told)),
    }
    abi::OK
}

fn fly(instance: &Arc<Instance>, token: u64, work: Work<Reply>) {
    let (seat, held) = (instance.underway.seat(), Arc::clone(instance));
    let tell = move |end| {
        let reply = match end {
            End::Done(reply) => reply,
            End::Panicked(told) => Reply::why(abi::FAILED, &told),
            End::Cancelled => Reply::why(abi::CANCELLED, "the driver was shut down"),
        };
        answer(&held, token, &reply);
        leave(held, seat);
    };
    instance.handle.spawn(Flight::new(work, Arc::<Cancel>::default(), tell));
}

fn answer(instance: &Instance, token: u64, reply: &Reply) {
    instance.host.reply(token, reply.status, &reply.json, &reply.blob);
}

fn check(instance: &Instance, json: &[u8]) -> Work<Reply> {
    let (driver, asked) = (Arc::clone(&instance.driver), read::<CheckCall>(json));
    Box::pin(async move {
        let asked = match asked {
            Ok(asked) => asked,
            Err(refusal) => return Reply::refused(&refusal),
        };
        let uri = match SubscriberUri::parse(&asked.uri) {
            Ok(uri) => uri,
            Err(error) => return Reply::refused(&error.into()),
        };
        match driver.check(&uri, &asked.options).await {
            Ok(checked) => Reply::of(&checked),
            Err(refusal) => Reply::refused(&refusal),
        }
    })
}

fn disabled(instance: &Instance) -> Work<Reply> {
    let driver = Arc::clone(&instance.driver);
    Box::pin(async move {
        let mut answer = DisabledAnswer::default();
        answer.reason = driver.disabled();
        Reply::of(&answer)
    })
}

fn render(instance: &Instance, json: &[u8]) -> Work<Reply> {
    let (driver, asked) = (Arc::clone(&instance.driver), read::<NoticeJson>(json));
    Box::pin(async move {
        let asked = match asked {
            Ok(asked) => asked,
            Err(refusal) => return Reply::refused(&refusal),
        };
        let opened = match asked.opened() {
            Ok(opened) => opened,
            Err(error) => return Reply::refused(&error.into()),
        };
        match driver.render(&opened.notice()).await {
            Ok(text) => {
                let mut answer = RenderAnswer::default();
                answer.text = text;
                Reply::of(&answer)
            }
            Err(refusal) => Reply::refused(&refusal),
        }
    })
}

fn receive(instance: &Instance, json: &[u8], blob: &[u8]) -> Work<Reply> {
    let (driver, asked, body) = (Arc::clone(&instance.driver), read::<Inbound>(json), blob.to_owned());
    Box::pin(async move {
        let asked = match asked {
            Ok(asked) => asked,
            Err(refusal) => return Reply::refused(&refusal),
        };
        match driver.receive(&asked, &body).await {
            Ok(answer) => Reply { blob: answer.body.clone(), ..Reply::of(&answer) },
            Err(refusal) => Reply::refused(&refusal),
        }
    })
}

fn check_device(instance: &Instance, json: &[u8]) -> Work<Reply> {
    let (driver, asked) = (Arc::clone(&instance.driver), read::<Device>(json));
    Box::pin(async move {
        let asked = match asked {
            Ok(asked) => asked,
            Err(refusal) => return Reply::refused(&refusal),
        };
        match driver.check_device(asked).await {
            Ok(device) => Reply::of(&device),
            Err(refusal) => Reply::refused(&refusal),
        }
    })
}

/// The parser's own words may repeat a value, so they are not used.
fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(json).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Refusal::new("/", format!("the call's JSON cannot be read (line {line}, column {column})"))
    })
}
