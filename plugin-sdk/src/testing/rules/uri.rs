//! What a driver makes of URIs that it serves.

use nuncio_core::{Checked, Options};

use crate::testing::{
    bench::Bench,
    finding::{Rule, Verdict},
    kit::placed,
    server::Does,
    table::Check,
};

const ACCEPTED: Rule = Rule {
    name: "uri-accepted",
    demand: "each of the kit's URIs is accepted, with an address and a destination",
    host: "nobody could subscribe, or it would not know what breaks together",
    mend: "look at `check`: it accepts what `deliver` can deliver to; `Checked::of(uri)` is a good beginning",
};
const CANONICAL: Rule = Rule {
    name: "uri-canonical",
    demand: "the canonical form of a URI is a URI whose canonical form is itself",
    host: "one subscriber would be stored twice and get everything twice",
    mend: "let `Checked::canonical` be one form for all notations of the same subscriber",
};
const EQUAL: Rule = Rule {
    name: "uri-equal",
    demand: "equal URIs have the same canonical form, addresses and destination",
    host: "one endpoint would have two lanes, and its circuit breaker would see half of its failures",
    mend: "make the destination of what `SubscriberUri::canonical` says, in lower case where case does not matter",
};
const REDACTED: Rule = Rule {
    name: "uri-redacted",
    demand: "what is shown of a URI holds no userinfo",
    host: "the password would stand in listings, logs and errors",
    mend: "build `Checked::redacted` from `SubscriberUri::redacted`, and keep the URI out of refusals",
};
const OFFLINE: Rule = Rule {
    name: "check-offline",
    demand: "`check` does no I/O and answers at once",
    host: "a request to subscribe would wait for a stranger's server, and a tenant could scan the network by it",
    mend: "say in `check` what can be said of the text alone; a name is judged when it is dialled",
};

pub(in crate::testing) const CHECKS: &[Check] =
    &[(ACCEPTED, accepted), (CANONICAL, canonical), (EQUAL, equal), (REDACTED, redacted), (OFFLINE, offline)];

/// More than a busy machine needs, and less than a connection or a name that is looked up.
const AT_ONCE: std::time::Duration = std::time::Duration::from_millis(1500);

/// Does `look` with what the driver says of each of the kit's URIs; one that is refused is for [`ACCEPTED`] to tell.
fn each(
    bench: &Bench<'_>,
    mut look: impl FnMut(
        &str,
        &Checked,
        &dyn Fn(&str) -> Result<Option<Checked>, String>,
    ) -> Result<Option<String>, String>,
) -> Result<Verdict, String> {
    let server = bench.far_side(Does::Answers);
    let driver = bench.driver(server.address())?;
    let options: Options = serde_json::from_value(bench.options(server.address())).unwrap_or_default();
    let ask = |uri: &str| bench.check(&*driver, uri, &options).map(Result::ok);
    let mut seen = Vec::new();
    for uri in bench.uris(&server.address().to_string()) {
        if let Some(checked) = ask(&uri)? {
            seen.extend(look(&uri, &checked, &ask)?);
        }
    }
    Ok(Verdict::of(seen))
}

fn accepted(bench: &Bench<'_>) -> Result<Verdict, String> {
    let server = bench.far_side(Does::Answers);
    let driver = bench.driver(server.address())?;
    let options: Options = serde_json::from_value(bench.options(server.address())).unwrap_or_default();
    let mut seen = Vec::new();
    for uri in bench.uris(&server.address().to_string()) {
        match bench.check(&*driver, &uri, &options)? {
            Err(refusal) => seen.push(format!("`{uri}` is refused: {refusal}")),
            Ok(checked) if checked.addresses.iter().all(String::is_empty) => {
                seen.push(format!("`{uri}` has no address"))
            }
            Ok(checked) if checked.destination.is_empty() => seen.push(format!("`{uri}` has no destination")),
            Ok(_) => {}
        }
    }
    Ok(Verdict::of(seen))
}

fn canonical(bench: &Bench<'_>) -> Result<Verdict, String> {
    each(bench, |uri, checked, ask| {
        let canonical = &checked.canonical;
        Ok(match ask(canonical)? {
            None => Some(format!("`{uri}` has the canonical form `{canonical}`, which is refused")),
            Some(again) if again.canonical == *canonical => None,
            Some(again) => Some(format!(
                "`{uri}` has the canonical form `{canonical}`, whose own is `{}`",
                again.canonical
            )),
        })
    })
}

fn equal(bench: &Bench<'_>) -> Result<Verdict, String> {
    each(bench, |uri, checked, ask| {
        let Some((scheme, rest)) = uri.split_once(':') else { return Ok(None) };
        let loud = format!("{}:{rest}", scheme.to_ascii_uppercase());
        for other in [loud, checked.canonical.clone()] {
            let Some(again) = ask(&other)? else {
                return Ok(Some(format!("`{uri}` is accepted and `{other}` is not")));
            };
            if (&again.canonical, &again.addresses, &again.destination)
                != (&checked.canonical, &checked.addresses, &checked.destination)
            {
                return Ok(Some(format!("`{uri}` and `{other}`: {checked:?} and {again:?}")));
            }
        }
        Ok(None)
    })
}

fn redacted(bench: &Bench<'_>) -> Result<Verdict, String> {
    let server = bench.far_side(Does::Answers);
    let driver = bench.driver(server.address())?;
    let (mut seen, mut tried) = (Vec::new(), 0);
    for uri in with_userinfo(bench, &server.address().to_string()) {
        tried += 1;
        match bench.check(&*driver, &uri, &Options::default())? {
            Ok(checked) if checked.redacted.contains(PASSWORD) => {
                seen.push(format!("`{uri}` is shown as `{}`", checked.redacted));
            }
            Err(refusal) if refusal.to_string().contains(PASSWORD) => {
                seen.push(format!("`{uri}` is refused with: {refusal}"));
            }
            _ => {}
        }
    }
    if tried == 0 {
        return Ok(Verdict::skipped(
            "none of the kit's URIs has an authority (`//host`) that could have a password",
        ));
    }
    Ok(Verdict::of(seen))
}

/// A password in a URI.
pub(super) const PASSWORD: &str = "nuncio-kit-password";

/// The kit's URIs with [`PASSWORD`] in their authority, where they have one.
pub(super) fn with_userinfo(bench: &Bench<'_>, server: &str) -> Vec<String> {
    let uris = bench.kit.uris.iter().filter_map(|uri| {
        let (scheme, rest) = uri.split_once("://")?;
        let bare = rest.split_once('@').map_or(rest, |(_, rest)| rest);
        Some(placed(&format!("{scheme}://kit:{PASSWORD}@{bare}"), server))
    });
    uris.collect()
}

fn offline(bench: &Bench<'_>) -> Result<Verdict, String> {
    let server = bench.far_side(Does::Hangs);
    let driver = bench.driver(server.address())?;
    let address = server.address().to_string();
    let places = [address.as_str(), "192.0.2.1:9", "nobody.invalid:9", "localhost:9"];
    let mut seen = Vec::new();
    for uri in places.iter().flat_map(|place| bench.uris(place)) {
        let before = tokio::time::Instant::now();
        // What it says is for other rules.
        bench.check(&*driver, &uri, &Options::default())?.ok();
        let took = before.elapsed();
        if took > AT_ONCE {
            seen.push(format!("`{uri}` took {} ms", took.as_millis()));
        }
    }
    if server.connections() > 0 {
        seen.push(format!("`check` of `{}` dialled the server", bench.kit.uris.join("`, `")));
    }
    Ok(Verdict::of(seen))
}
