//! The address policy.

use nuncio_core::{Network, Outcome, SubscriberUri};

use super::reports::{line, wrong};
use crate::testing::{
    bench::Bench,
    finding::{Rule, Verdict},
    kit::{SERVER, placed},
    letter::Letter,
    server::Does,
    table::Check,
};

const GUARD: Rule = Rule {
    name: "guard",
    demand: "an address that the policy forbids is never dialled, however it is written, and the delivery is rejected",
    host: "a tenant could reach the inner network and the cloud's metadata through it",
    mend: "dial what a URI names through `connect::GuardedConnector` or `http::Client` only, with the policy of the \
           `Context`",
};
const HONEST: Rule = Rule {
    name: "guard-declared",
    demand: "a driver that dials what its URIs name says `network: guarded`",
    host: "it would show the driver as one that reaches no network, or only places of the operator's",
    mend: "set `NETWORK = Network::Guarded`",
};

pub(in crate::testing) const CHECKS: &[Check] = &[(GUARD, guard), (HONEST, honest)];

fn guard(bench: &Bench<'_>) -> Result<Verdict, String> {
    if bench.manifest.network == Network::None {
        return Ok(Verdict::skipped("its manifest says that it reaches no network"));
    }
    if bench.manifest.network != Network::Guarded {
        return Ok(Verdict::skipped("its manifest says that it dials only what the operator configured"));
    }
    if let Err(why) = bench.has_server() {
        return Ok(Verdict::Skipped(why));
    }
    let server = bench.far_side(Does::Answers);
    let port = server.address().port();
    let mut seen = Vec::new();
    for host in ["127.0.0.1", "[::ffff:127.0.0.1]", "localhost", "[::1]"] {
        let place = format!("{host}:{port}");
        let before = server.connections();
        let said = forbidden(bench, &server, &place);
        if server.connections() > before {
            seen.push(format!("`{place}` was dialled"));
        }
        seen.extend(said.unwrap_or_else(Some).map(|said| format!("`{place}`: {said}")));
    }
    Ok(Verdict::of(seen))
}

/// What is wrong with a delivery to `place` in a host that allows nothing beyond public addresses.
fn forbidden(
    bench: &Bench<'_>,
    server: &crate::testing::server::Server,
    place: &str,
) -> Result<Option<String>, String> {
    // A driver whose settings lead there may say so at once.
    let made = bench.make_in(&bench.host(place), bench.settings(server.address()), &[])?;
    let Ok(driver) = made else { return Ok(None) };
    let uri = bench.kit.uris.iter().find(|uri| uri.contains(SERVER)).or(bench.kit.uris.first());
    let uri = placed(uri.map_or("", String::as_str), place);
    let Ok(parsed) = SubscriberUri::parse(&uri) else { return Ok(None) };
    // It is delivered to even if it is refused at the door: the policy may have been another one then.
    let letter = Letter::of(&parsed).options(bench.options(server.address()));
    let outcomes = bench.run(letter.outcomes(&*driver))?;
    if let Some(wrong) = wrong(&letter, &outcomes) {
        return Ok(Some(wrong));
    }
    let report = outcomes.of(0);
    Ok((report.outcome != Outcome::Rejected).then(|| format!("{} instead of Rejected", line(&report))))
}

fn honest(bench: &Bench<'_>) -> Result<Verdict, String> {
    if bench.manifest.network == Network::Guarded {
        return Ok(Verdict::Holds);
    }
    let devices = bench.kit.devices.iter().map(|device| &device.address);
    if !bench.kit.uris.iter().chain(devices).any(|place| place.contains(SERVER)) {
        return Ok(Verdict::skipped(format!("no URI and no device of the kit leads to `{SERVER}`")));
    }
    let server = bench.far_side(Does::Answers);
    let driver = bench.driver(server.address())?;
    let letter = bench.letter(&*driver, &server)?;
    // What it says is for other rules.
    let _: nuncio_core::Report = bench.run(letter.deliver(&*driver))?;
    let network = serde_json::to_value(bench.manifest.network).map_err(|error| error.to_string())?;
    let dialled = server.connections() > 0;
    Ok(Verdict::of(
        dialled.then(|| format!("it dialled what the URI names, and its manifest says {network}")),
    ))
}
