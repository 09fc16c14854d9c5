//! `nuncio explain URI`

use nuncio_core::{Checked, Dispatcher, Entry, Options, Refusal, SubscriberUri, uri::UriError};
use serde_json::json;

use super::{
    arguments::Shared,
    crew::Crew,
    fault::{Exit, Fault},
    output::Output,
    send::rendered,
    table::Table,
};
use crate::config::Config;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The subscriber URI
    #[arg(value_name = "URI")]
    uri: String,
    /// Show also what this text would become; a JSON object or list counts as JSON
    #[arg(long)]
    body: Option<String>,
}

pub(super) async fn run(arguments: &Arguments, shared: &Shared, output: Output) -> Result<Exit, Fault> {
    let uri = parse(&arguments.uri)?;
    let mut config = shared.load()?;
    let crew = Crew::gather(&mut config).await?;
    crew.warn();
    let told = explained(arguments, &uri, &config, crew.dispatcher(), output).await;
    crew.leave().await;
    told
}

async fn explained(
    arguments: &Arguments,
    uri: &SubscriberUri,
    config: &Config,
    dispatcher: &Dispatcher,
    output: Output,
) -> Result<Exit, Fault> {
    let refused = |refusal: Refusal| Fault::new(Exit::Input, format!("{}: {refusal}", uri.redacted()));
    let (entry, checked) = dispatcher.check(uri, &Options::default()).await.map_err(refused)?;
    let request = match &arguments.body {
        Some(body) => Some(rendered(config, dispatcher, &arguments.uri, body.clone()).await?),
        None => None,
    };
    tell(uri, entry, &checked, request.as_deref(), output);
    Ok(Exit::Ok)
}

fn tell(uri: &SubscriberUri, entry: &Entry, checked: &Checked, request: Option<&str>, output: Output) {
    if output.json {
        let limits = &entry.manifest.limits;
        let value = json!({
            "uri": uri.shown(), "scheme": uri.scheme(), "driver": entry.manifest.name,
            "origin": entry.origin.name(),
            "disabled": entry.driver.disabled(), "canonical": canonical(uri, checked), "redacted": checked.redacted,
            "addresses": addresses(uri, checked), "destination": checked.destination, "limits": limits, "request": request,
        });
        output.value(&value, false);
    } else {
        output.table(&described(uri, entry, checked));
        if let Some(request) = request {
            output.line(format!("\n{request}"));
        }
    }
}

/// Parses a URI; an error points at the column.
pub(super) fn parse(text: &str) -> Result<SubscriberUri, Fault> {
    SubscriberUri::parse(text).map_err(|error| {
        Fault::new(Exit::Input, pointed(text, &error))
            .detail("part", json!(error.part))
            .detail("column", json!(error.column))
            .detail("why", json!(error.why))
            .detail("fix", json!(error.fix))
    })
}

/// The text, and under it the error with a caret at its column. What is long is cut to the part around it.
fn pointed(text: &str, error: &UriError) -> String {
    const AROUND: usize = 60;
    let column = error.column.max(1);
    let from = column.saturating_sub(AROUND);
    let mut part: String = super::table::shown(&masked(text)).chars().skip(from).take(2 * AROUND).collect();
    let mut caret = column - 1 - from;
    if from > 0 {
        part.insert_str(0, "...");
        caret += 3;
    }
    format!("{part}\n{:caret$}^\n{error}", "")
}

/// `text` with the password of its authority as `*`s: what cannot be parsed may still hold one.
fn masked(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    match authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':')) {
        Some((user, password)) => {
            let stars = "*".repeat(password.chars().count());
            let behind = rest.get(user.len() + 1 + password.len()..).unwrap_or_default();
            format!("{scheme}://{user}:{stars}{behind}")
        }
        None => text.to_owned(),
    }
}

/// The canonical form, with a password in it as `***`.
fn canonical(uri: &SubscriberUri, checked: &Checked) -> String {
    let shown = uri.shown();
    if shown == uri.written() { checked.canonical.clone() } else { shown }
}

/// The recipients; one that is the URI itself as it may be shown.
fn addresses(uri: &SubscriberUri, checked: &Checked) -> Vec<String> {
    let shown = |address: &String| {
        if *address == checked.canonical { canonical(uri, checked) } else { address.clone() }
    };
    checked.addresses.iter().map(shown).collect()
}

fn described(uri: &SubscriberUri, entry: &Entry, checked: &Checked) -> Table {
    let limits = &entry.manifest.limits;
    let mut table = Table::plain();
    table.row(["uri", &uri.shown()]);
    table.row(["scheme", uri.scheme()]);
    table.row(["driver", &format!("{} {}", entry.manifest.name, entry.manifest.version)]);
    table.row(["origin", &entry.origin.to_string()]);
    if let Some(why) = entry.driver.disabled() {
        table.row(["disabled", &why]);
    }
    table.row(["canonical", &canonical(uri, checked)]);
    table.row(["shown as", &checked.redacted]);
    for (number, address) in (1..).zip(addresses(uri, checked)) {
        let name = if number == 1 { "recipients" } else { "" };
        table.row([name, &format!("{number}. {address}")]);
    }
    table.row(["destination", &checked.destination]);
    table.row(["carries", &limits.formats.join(", ")]);
    table.row(["largest body", &format!("{} bytes", limits.body_bytes)]);
    if let Some(characters) = limits.text_chars {
        table.row(["longest text", &format!("{characters} characters")]);
    }
    table.row(["in flight", &format!("at most {} to one destination", limits.in_flight)]);
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_caret_stands_under_the_column() {
        let error = UriError { part: "scheme".into(), column: 3, why: "no".into(), fix: String::new() };
        assert_eq!(pointed("a\u{7}éd", &error), "a éd\n  ^\nscheme, column 3: no");
        let long = "x".repeat(300);
        let error = UriError { column: 200, ..error };
        let told = pointed(&long, &error);
        let caret = told.lines().nth(1).unwrap().chars().count();
        assert!(told.starts_with("...x") && caret == 63, "{told}");
    }

    #[test]
    fn a_password_is_not_repeated() {
        let told = parse("https://ann:hunter2@exa mple.org/p").unwrap_err().to_string();
        assert!(
            told.starts_with("https://ann:*******@exa mple.org/p\n") && !told.contains("hunter2"),
            "{told}"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_pointed_at(text in ".*") {
            if let Err(fault) = parse(&text) {
                prop_assert_eq!(fault.exit, Exit::Input);
                prop_assert!(fault.to_string().lines().nth(1).unwrap().ends_with('^'));
            }
        }
    }
}
