//! From settings to a driver: validated, handed over once, made within a time limit.

use std::{
    ffi::c_char,
    sync::{
        Arc, PoisonError,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use nuncio_core::{
    Context, Manifest, Refusal, SettingsError, abi,
    wire::{Envelope, HostPart},
};
use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    flight::Secrets,
    instance::{Instance, Table, end, host_table},
    library::LoadOptions,
    open::Opened,
    schema::validate,
    text,
};

/// The longest text of what `create` refuses, in bytes: 64 KiB.
const LONGEST_ERROR: usize = 64 << 10;
/// The longest single reason, in bytes.
const LONGEST_WHY: usize = 2048;
/// The most slots.
const MOST_SLOTS: u32 = 1 << 16;

/// Makes driver `index` of `library`.
///
/// # Errors
/// All that the schema or the driver refuses.
pub(crate) fn create(
    library: &Opened,
    index: u32,
    manifest: &Manifest,
    mut settings: Value,
    context: &Context,
    options: &LoadOptions,
) -> Result<Arc<Instance>, SettingsError> {
    if settings.is_null() {
        settings = Value::Object(Map::new());
    }
    let valid = validate(&settings, &manifest.settings, &manifest.secrets);
    let secrets = Secrets::new(&settings, &manifest.secrets, manifest.option_secrets.clone());
    let mut envelope = envelope(settings, context, options.threads);
    let bytes = serde_json::to_vec(&envelope).map(Zeroizing::new);
    scrub(&mut envelope.driver);
    valid?;
    let bytes =
        bytes.map_err(|error| Refusal::new("", format!("the settings have no JSON form: {error}")))?;
    let slots = options.in_flight.clamp(1, MOST_SLOTS);
    let instance = Instance::new(Arc::new(manifest.clone()), secrets, context, slots);
    let (sender, receiver) = sync_channel(1);
    let making = Making { library: library.clone(), index, instance, settings: bytes };
    let thread = thread::Builder::new().name("nuncio-driver-create".into());
    thread.spawn(move || making.run(&sender)).map_err(|error| {
        Refusal::new("", format!("the system has no thread to make the driver on: {error}"))
    })?;
    receiver.recv_timeout(options.create_within).unwrap_or_else(|_| {
        let limit = options.create_within.as_millis();
        let refusal = Refusal::new("", format!("the driver was not made within {limit} ms"));
        Err(refusal.fix("a driver connects when it delivers, not when it is made").into())
    })
}

/// What a driver is made with.
pub(crate) fn envelope(settings: Value, context: &Context, threads: usize) -> Envelope {
    let mut host = HostPart::default();
    host.network = (*context.network).clone();
    host.threads = threads;
    host.deadline_ms = u64::try_from(context.deadline.as_millis()).unwrap_or(u64::MAX);
    host.account = context.account.clone();
    let mut envelope = Envelope::default();
    envelope.host = host;
    envelope.driver = settings;
    envelope
}

/// Overwrites every text in `value`.
pub(crate) fn scrub(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(list) => list.iter_mut().for_each(scrub),
        Value::Object(map) => map.values_mut().for_each(scrub),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A driver that is being made.
struct Making {
    library: Opened,
    index: u32,
    instance: Arc<Instance>,
    settings: Zeroizing<Vec<u8>>,
}

/// Where `create` fills in its table: a careless driver that was built for a later minor version may write a larger one.
#[repr(C)]
struct Room {
    driver: abi::Driver,
    spare: [u64; 64],
}

impl Making {
    fn run(self, told: &SyncSender<Result<Arc<Instance>, SettingsError>>) {
        let made = self.make().map(|table| {
            self.instance.set_table(table);
            self.instance.first_disabled();
            Arc::clone(&self.instance)
        });
        if let Err(late) = told.send(made)
            && let Ok(instance) = late.0
        {
            drop(end(&instance, Duration::ZERO));
        }
    }

    fn make(&self) -> Result<Table, SettingsError> {
        let host = Box::new(host_table(&self.instance));
        // SAFETY: null pointers, absent functions and zeros are valid in every field (rule 9).
        let mut room: Room = unsafe { std::mem::zeroed() };
        room.driver.size = size_of::<abi::Driver>() as u32;
        let mut text = Zeroizing::new(vec![0u8; LONGEST_ERROR]);
        let mut error = abi::Error {
            size: size_of::<abi::Error>() as u32,
            cap: LONGEST_ERROR as u32,
            len: 0,
            text: text.as_mut_ptr().cast::<c_char>(),
        };
        let status = {
            let _alone = self.library.creating.lock().unwrap_or_else(PoisonError::into_inner);
            // SAFETY: the table of the host and its instance outlive the driver: both are let go only after `destroy`.
            unsafe {
                (self.library.create)(
                    self.index,
                    &raw const *host,
                    abi::Bytes::of(&self.settings),
                    (&raw mut room).cast(),
                    &raw mut error,
                )
            }
        };
        let _ = room.spare;
        if status != abi::OK {
            let said = text.get(..error.len.min(LONGEST_ERROR)).unwrap_or_default();
            return Err(self.refused(status, said));
        }
        // SAFETY: `create` filled it.
        let table = unsafe { Table::read(&room.driver) };
        self.instance.keep_host(host);
        table.map_err(|missing| {
            // What cannot be destroyed may call the host for ever.
            std::mem::forget(Arc::clone(&self.instance));
            Refusal::new("", format!("the driver has no `{missing}`")).fix("tell its author").into()
        })
    }

    fn refused(&self, status: abi::Status, said: &[u8]) -> SettingsError {
        let redactors = [&self.instance.secrets().settings];
        let shown = |text: &str, most: usize| text::clean(text, false, most, &redactors);
        if let Ok(refusals) = serde_json::from_slice::<Vec<Refusal>>(said)
            && !refusals.is_empty()
        {
            let each = refusals.into_iter().map(|one| Refusal {
                at: shown(&one.at, LONGEST_WHY),
                why: shown(&one.why, LONGEST_WHY),
                fix: shown(&one.fix, LONGEST_WHY),
            });
            return SettingsError(each.collect());
        }
        let said = shown(&String::from_utf8_lossy(said), LONGEST_WHY);
        Refusal::new(
            "",
            match status {
                _ if !said.is_empty() => said,
                abi::INVALID => "the driver refuses its settings and does not say why".to_owned(),
                status => format!("the driver could not be made (status {status}) and does not say why"),
            },
        )
        .into()
    }
}
