//! The methods of a driver, and those that a driver may call.

use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use nuncio_core::{
    Checked, Notice, Options, Refusal, SubscriberUri, abi,
    notice_json::NoticeJson,
    wire::{Answer, CheckCall, DisabledAnswer, Inbound, Metric, Receipt, RenderAnswer},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    calls::{Answered, Asker},
    running::Instance,
};
use crate::text;

/// How old the word on `disabled` may be, in milliseconds.
const FRESH_MS: i64 = 1000;
/// How long the driver may take to say for the first time whether it is disabled.
const FIRST_WORD: Duration = Duration::from_secs(2);
/// The longest text of a refusal, in bytes.
pub(super) const LONGEST_WHY: usize = 1024;
/// The longest text of a dry run, in bytes: 1 MiB.
const LONGEST_RENDERED: usize = 1 << 20;

/// The driver's last word on whether it is disabled.
#[derive(Debug, Default)]
pub(super) struct DisabledWord {
    is_disabled: AtomicBool,
    reason: Mutex<Word>,
    told: Condvar,
    asked_ms: AtomicI64,
}

#[derive(Debug, Default)]
struct Word {
    reason: Option<String>,
    /// The call that is under way.
    open: Option<u64>,
    known: bool,
}

impl DisabledWord {
    fn word(&self) -> MutexGuard<'_, Word> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn answered(&self, answered: &Answered) {
        let answer: Option<DisabledAnswer> =
            (answered.status == abi::OK).then(|| serde_json::from_slice(&answered.json).ok()).flatten();
        let mut word = self.word();
        word.open = None;
        word.known = true;
        // A driver that fails to say is as it was.
        if let Some(answer) = answer {
            self.is_disabled.store(answer.reason.is_some(), Relaxed);
            word.reason = answer.reason;
        }
        drop(word);
        self.told.notify_all();
    }
}

impl Instance {
    /// Why the driver cannot deliver, as it said up to a second ago; asks it again in the background.
    pub(crate) fn disabled(self: &Arc<Self>) -> Option<String> {
        if self.slots.are_lost() {
            let slots = self.slots.count();
            return Some(format!(
                "the driver holds all {slots} slots for deliveries that it never completed"
            ));
        }
        if !self.manifest.has("disabled") {
            return None;
        }
        let (now, asked) = (self.clock.now_ms(), self.disabled.asked_ms.load(Relaxed));
        if !(asked..asked.saturating_add(FRESH_MS)).contains(&now)
            && self.disabled.asked_ms.compare_exchange(asked, now, Relaxed, Relaxed).is_ok()
        {
            self.ask_disabled();
        }
        if !self.disabled.is_disabled.load(Relaxed) {
            return None;
        }
        let reason = self.disabled.word().reason.clone()?;
        Some(text::clean(&reason, false, LONGEST_WHY, &[&self.secrets.settings]))
    }

    fn ask_disabled(self: &Arc<Self>) {
        // An earlier question that was never answered is given up.
        let open = self.disabled.word().open.take();
        if let Some(token) = open {
            self.calls.end(token);
        }
        let Some(token) = self.calls.begin(Asker::Disabled) else { return };
        self.disabled.word().open = Some(token);
        if !self.call_on_thread(token, "disabled", b"{}".to_vec(), Vec::new()) {
            self.calls.end(token);
        }
    }

    /// Asks for the first time, and waits for the word: nothing is delivered before it is known.
    pub(crate) fn first_disabled(self: &Arc<Self>) {
        if !self.manifest.has("disabled") {
            return;
        }
        self.disabled.asked_ms.store(self.clock.now_ms(), Relaxed);
        self.ask_disabled();
        let word = self.disabled.word();
        let waited = self.disabled.told.wait_timeout_while(word, FIRST_WORD, |word| !word.known);
        if waited.unwrap_or_else(PoisonError::into_inner).1.timed_out() {
            self.warn("did not say whether it is disabled: taken as not");
        }
    }

    /// # Errors
    /// The driver's refusal, or why it did not answer.
    pub(crate) async fn check(
        self: &Arc<Self>,
        uri: &SubscriberUri,
        options: &Options,
    ) -> Result<Checked, Refusal> {
        let call = CheckCall::new(uri.canonical(), options.clone());
        let answered = self.ask("check", json(&call), Vec::new()).await?;
        let checked: Checked = self.result("check", &answered)?;
        let wrong =
            |why: &str| Refusal::new("check", format!("the driver's answer {why}")).fix("tell its author");
        if !(1..=SubscriberUri::MAX_RECIPIENTS).contains(&checked.addresses.len()) {
            return Err(wrong(&format!("has not 1 to {} addresses", SubscriberUri::MAX_RECIPIENTS)));
        }
        let texts = checked.addresses.iter().chain([&checked.redacted, &checked.destination]);
        if texts.into_iter().any(|text| text.is_empty() || text.len() > SubscriberUri::MAX_BYTES) {
            return Err(wrong("has a text that is empty or too long"));
        }
        match SubscriberUri::parse(&checked.canonical) {
            Ok(canonical) if self.manifest.schemes.iter().any(|one| one == canonical.scheme()) => Ok(checked),
            _ => Err(wrong("has a canonical form that is no URI of the driver's schemes")),
        }
    }

    /// # Errors
    /// The driver's refusal, or why it did not answer.
    pub(crate) async fn render(self: &Arc<Self>, notice: &Notice<'_>) -> Result<String, Refusal> {
        let answered = self.ask("render", json(&NoticeJson::of(notice)), Vec::new()).await?;
        let answer: RenderAnswer = self.result("render", &answered)?;
        let shown = self.secrets.settings.redact(&answer.text);
        Ok(shown.get(..shown.floor_char_boundary(LONGEST_RENDERED)).unwrap_or_default().to_owned())
    }

    /// # Errors
    /// The driver's refusal, or why it did not answer.
    pub(crate) async fn receive(self: &Arc<Self>, request: &Inbound, body: &[u8]) -> Result<Answer, Refusal> {
        let answered = self.ask("receive", json(request), body.to_vec()).await?;
        let mut answer: Answer = self.result("receive", &answered)?;
        answer.body = answered.blob;
        Ok(answer)
    }

    pub(super) fn result<T: DeserializeOwned>(
        &self,
        method: &str,
        answered: &Answered,
    ) -> Result<T, Refusal> {
        if answered.status == abi::OK {
            return serde_json::from_slice(&answered.json).map_err(|error| {
                Refusal::new(method, format!("the driver's answer cannot be read: {error}"))
                    .fix("tell its author")
            });
        }
        let shown = |text: &str| text::clean(text, false, LONGEST_WHY, &[&self.secrets.settings]);
        let refusals = serde_json::from_slice::<Vec<Refusal>>(&answered.json).ok();
        if let Some(one) = refusals.and_then(|list| list.into_iter().next()) {
            return Err(Refusal { at: shown(&one.at), why: shown(&one.why), fix: shown(&one.fix) });
        }
        let why: Option<Why> = serde_json::from_slice(&answered.json).ok();
        let why = why.map(|one| shown(&one.why)).filter(|why| !why.is_empty());
        Err(Refusal::new(
            method,
            why.unwrap_or_else(|| match answered.status {
                abi::UNSUPPORTED => "the driver does not have this, although its manifest says so".to_owned(),
                abi::CLOSED => "the driver is being shut down".to_owned(),
                status => format!("the driver answered with status {status}"),
            }),
        ))
    }

    /// A call of the driver. When this returns `OK`, its answer has come, or that to `device.get` will.
    pub(super) fn called(self: &Arc<Self>, token: u64, method: &[u8], json: &[u8]) -> abi::Status {
        // An answer could not be given before the driver is made, nor once it is being destroyed.
        let Some((table, _inside)) = self.enter() else { return abi::CLOSED };
        match method {
            b"metric" => match serde_json::from_slice::<Metric>(json) {
                Ok(metric) if is_name(&metric.name) && metric.value.is_finite() => self.host.metric(metric),
                _ => return abi::INVALID,
            },
            b"receipt" => match serde_json::from_slice::<Receipt>(json) {
                Ok(mut receipt) => {
                    receipt.reason =
                        text::clean(&receipt.reason, false, LONGEST_WHY, &[&self.secrets.settings]);
                    self.host.receipt(receipt);
                }
                Err(_) => return abi::INVALID,
            },
            b"device.get" => return self.device(token, json),
            _ => return abi::UNSUPPORTED,
        }
        // SAFETY: whoever is inside keeps the driver from being destroyed.
        unsafe { table.reply(token, abi::OK, b"{}") };
        abi::OK
    }
}

#[derive(serde::Deserialize)]
struct Why {
    why: String,
}

/// What crosses has string keys and finite numbers, so it always has a JSON form.
pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// Lower-case letters, digits and `_`, at most 64 bytes.
fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
