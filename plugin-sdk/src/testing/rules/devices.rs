//! What a driver makes of devices that the host keeps for it.

use nuncio_core::{Outcome, Refusal, Scope, wire::Device};
use proptest::prelude::*;

use super::reports::{line, panicked, unlike};
use crate::testing::{
    bench::{Bench, LOOPBACK, Made},
    finding::{Rule, Verdict},
    garbage::{hunt, text},
    server::{Does, Server},
    table::Check,
};

const KEPT: Rule = Rule {
    name: "device-kept",
    demand: "each of the kit's devices is taken, and what is kept of it is taken again as it is",
    host: "nobody could register a device, or one would change by being registered again",
    mend: "give back in `check_device` one form for all notations, with the id, the scheme and the account as they came",
};
const REFUSED: Rule = Rule {
    name: "device-refused",
    demand: "no device makes the driver panic; one without an address is refused; a refusal names a member and repeats no \
             secret",
    host: "somebody would register what can never be reached, and learn it from the first message",
    mend: "refuse in `check_device`: `Refusal::new(\"/keys/auth\", \"not 16 bytes\").fix(\"give it as the browser did\")`",
};
const ASKED: Rule = Rule {
    name: "device-asked",
    demand: "the driver asks the host for the device that the URI names, in the project of the notice",
    host: "a message of one project would reach a device of another",
    mend: "ask `context.host.device(DeviceCall::new(notice.meta.project, id))` in `deliver`, each time",
};
const GONE: Rule = Rule {
    name: "device-gone",
    demand: "a device that is not registered any more is gone, and nothing is sent",
    host: "it would try for days what nobody can receive",
    mend: "`Ok(None)` is `Report::gone(\"the device is not registered any more\")`",
};
const UNKNOWN: Rule = Rule {
    name: "device-unknown",
    demand: "when the host cannot say, the delivery is deferred, scope destination",
    host: "it would end a device because its own store was busy for a moment",
    mend: "`Err(why)` is `Report::deferred(Scope::Destination, why)`",
};

pub(in crate::testing) const CHECKS: &[Check] =
    &[(KEPT, kept), (REFUSED, refused), (ASKED, asked), (GONE, gone), (UNKNOWN, unknown)];

/// The project of the letters of these rules.
const PROJECT: &str = "nuncio-kit-project";
const CASES: u32 = 128;
/// Shorter texts are found in any refusal.
const SHORTEST: usize = 6;

/// Why the rules do not apply to a driver without devices; an error where the kit lacks them.
fn inapplicable(bench: &Bench<'_>) -> Result<Option<Verdict>, String> {
    match (bench.manifest.devices, bench.kit.devices.is_empty()) {
        (false, true) => Ok(Some(Verdict::skipped("its manifest does not say `devices`"))),
        (false, false) => {
            Err("the kit was told a device, and the manifest does not say `devices`: set `DEVICES`"
                .to_owned())
        }
        (true, true) => {
            Err("the kit was told no device: say `.device(..)` for each id in its URIs".to_owned())
        }
        (true, false) => Ok(None),
    }
}

fn kept(bench: &Bench<'_>) -> Result<Verdict, String> {
    if let Some(verdict) = inapplicable(bench)? {
        return Ok(verdict);
    }
    let server = bench.far_side(Does::Answers);
    let driver = bench.driver(server.address())?;
    let mut seen = Vec::new();
    for device in bench.devices(&server.address().to_string()) {
        let id = device.id.clone();
        let kept = match bench.run(driver.check_device(device.clone()))? {
            Ok(kept) => kept,
            Err(refusal) => {
                seen.push(format!("the device `{id}` is refused: {refusal}"));
                continue;
            }
        };
        if (&kept.id, &kept.scheme, &kept.account) != (&id, &device.scheme, &device.account) {
            seen.push(format!("the device `{id}` came back as {kept:?}"));
        }
        match bench.run(driver.check_device(kept.clone()))? {
            Ok(again) if again == kept => {}
            Ok(_) => seen.push(format!("the device `{id}` is kept otherwise when it is registered again")),
            Err(refusal) => {
                seen.push(format!("the device `{id}` as it is kept is refused: {refusal}"));
            }
        }
    }
    Ok(Verdict::of(seen))
}

fn refused(bench: &Bench<'_>) -> Result<Verdict, String> {
    if let Some(verdict) = inapplicable(bench)? {
        return Ok(verdict);
    }
    let server = bench.far_side(Does::Answers);
    let driver = bench.driver(server.address())?;
    let base = bench.devices(&server.address().to_string()).swap_remove(0);
    let mut bare = base.clone();
    bare.address.clear();
    if bench.run(driver.check_device(bare))?.is_ok() {
        return Ok(Verdict::of(["a device without an address is taken".to_owned()]));
    }
    let shown = |device: &Device| {
        let Device { address, keys, attributes, .. } = device;
        format!("the address {address:?} with the keys {keys:?} and the attributes {attributes:?}")
    };
    let found = hunt(CASES, garbled(&base), shown, |device| {
        match bench.run(driver.check_device(device.clone()))? {
            Ok(_) => Ok(()),
            Err(refusal) => ill(&refusal, device).map_or(Ok(()), Err),
        }
    });
    Ok(Verdict::of(found))
}

/// What is wrong with the refusal of `device`.
fn ill(refusal: &Refusal, device: &Device) -> Option<String> {
    let members = ["/address", "/keys", "/attributes", "/account"];
    let repeats =
        |secret: &&String| secret.len() >= SHORTEST && refusal.to_string().contains(secret.as_str());
    if let Some(panic) = panicked(refusal) {
        Some(panic)
    } else if !members.iter().any(|member| refusal.at.starts_with(member)) {
        Some(format!("the refusal names no member of the device: {refusal}"))
    } else if refusal.why.is_empty() {
        Some(format!("`{}` is refused without a reason", refusal.at))
    } else {
        let secret = device.keys.values().chain([&device.address]).find(repeats);
        secret.map(|secret| format!("the refusal repeats {secret:?}: {refusal}"))
    }
}

/// `base` with one or more of its members replaced by garbage.
fn garbled(base: &Device) -> impl Strategy<Value = Device> {
    let mut members = vec![(Member::Address, String::new())];
    members.extend(base.keys.keys().map(|name| (Member::Key, name.clone())));
    members.extend(base.attributes.keys().map(|name| (Member::Attribute, name.clone())));
    members.extend([(Member::Key, "kit".to_owned()), (Member::Attribute, "kit".to_owned())]);
    let base = base.clone();
    let change = (proptest::sample::select(members), text());
    proptest::collection::vec(change, 1..3).prop_map(move |changes| {
        let mut device = base.clone();
        for ((member, name), value) in changes {
            match member {
                Member::Address => device.address = value,
                Member::Key => drop(device.keys.insert(name, value)),
                Member::Attribute => drop(device.attributes.insert(name, value)),
            }
        }
        device
    })
}

#[derive(Clone, Copy, Debug)]
enum Member {
    Address,
    Key,
    Attribute,
}

/// One delivery to the first URI in a host that is as `prepare` leaves it: what the driver says.
fn tried(bench: &Bench<'_>, driver: &Made, server: &Server) -> Result<nuncio_core::Report, String> {
    let mut letter = bench.letter(&**driver, server)?;
    PROJECT.clone_into(&mut letter.notice.project);
    bench.run(letter.deliver(&**driver))
}

/// A driver in a host with the kit's devices, and that host.
fn driver(bench: &Bench<'_>, server: &Server) -> Result<(Made, crate::testing::Host), String> {
    let host = bench.host(&server.address().to_string());
    let made = bench.make_in(&host, bench.settings(server.address()), LOOPBACK)?;
    Ok((made.map_err(|error| format!("the kit's settings are refused: {error}"))?, host))
}

fn asked(bench: &Bench<'_>) -> Result<Verdict, String> {
    if let Some(verdict) = inapplicable(bench)? {
        return Ok(verdict);
    }
    let server = bench.far_side(Does::Answers);
    let (driver, host) = driver(bench, &server)?;
    let report = tried(bench, &driver, &server)?;
    let asked = host.asked();
    let known = bench.devices(&server.address().to_string());
    if asked.is_empty() {
        return Ok(Verdict::of([format!("it asked for none, and said {}", line(&report))]));
    }
    let wrong = asked
        .iter()
        .filter(|call| call.project != PROJECT || known.iter().all(|device| device.id != call.device));
    Ok(Verdict::of(
        wrong.map(|call| {
            format!("it asked for the device `{}` in the project `{}`", call.device, call.project)
        }),
    ))
}

fn gone(bench: &Bench<'_>) -> Result<Verdict, String> {
    if let Some(verdict) = inapplicable(bench)? {
        return Ok(verdict);
    }
    let server = bench.far_side(Does::Answers);
    let (driver, host) = driver(bench, &server)?;
    // Once as it should be, so that a driver which remembers is found out.
    tried(bench, &driver, &server)?;
    let sent = || (server.connections(), server.requests());
    let before = sent();
    for device in bench.devices(&server.address().to_string()) {
        host.remove(&device.id);
    }
    let report = tried(bench, &driver, &server)?;
    let dialled =
        (sent() != before).then(|| "it spoke with the server although there is no device".to_owned());
    Ok(Verdict::of(unlike(&report, Outcome::Gone, Scope::Recipient).into_iter().chain(dialled)))
}

fn unknown(bench: &Bench<'_>) -> Result<Verdict, String> {
    if let Some(verdict) = inapplicable(bench)? {
        return Ok(verdict);
    }
    let server = bench.far_side(Does::Answers);
    let (driver, host) = driver(bench, &server)?;
    host.fails(Some("the store is busy"));
    let report = tried(bench, &driver, &server)?;
    Ok(Verdict::of(unlike(&report, Outcome::Deferred, Scope::Destination)))
}
