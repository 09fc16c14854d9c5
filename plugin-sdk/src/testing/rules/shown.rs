//! What a dry run shows, and that a repetition can be told.

use std::{env, fs, path::Path};

use super::reports::line;
use crate::testing::{
    bench::Bench,
    finding::{Rule, Verdict},
    server::Does,
    table::Check,
};

const RENDER: Rule = Rule {
    name: "render",
    demand: "a dry run shows something and sends nothing",
    host: "`nuncio send --dry-run` would send, or leave its reader with nothing",
    mend: "build the request in one function, and let `deliver` send it and `render` show it",
};
const ID: Rule = Rule {
    name: "idempotency",
    demand: "the delivery id is sent on every attempt, where the manifest says that the channel carries it",
    host: "it counts on the far side to tell a repetition by it, and promises that to whoever posts",
    mend: "send `notice.id` as it is, or say `IDEMPOTENCY = \"none\"`",
};
const GOLDEN: Rule = Rule {
    name: "golden",
    demand: "what is sent for fixed notices is what the files say",
    host: "it would send in a new form what the far side knows in the old one",
    mend: "look at the difference; if it is meant, write the files anew: `UPDATE=1 cargo test`",
};

pub(in crate::testing) const CHECKS: &[Check] = &[(RENDER, render), (ID, idempotency), (GOLDEN, golden)];

fn render(bench: &Bench<'_>) -> Result<Verdict, String> {
    if !bench.manifest.has("render") {
        return Ok(Verdict::skipped("its manifest does not list `render`"));
    }
    let server = bench.far_side(Does::Answers);
    let driver = bench.driver(server.address())?;
    let letter = bench.letter(&*driver, &server)?;
    let before = server.connections();
    let mut seen = Vec::new();
    match bench.run(letter.render(&*driver))? {
        Err(refusal) => seen.push(format!("it is refused: {refusal}")),
        Ok(shown) if shown.trim().is_empty() => seen.push("it shows nothing".to_owned()),
        Ok(_) => {}
    }
    if server.connections() > before {
        seen.push("it dialled the server".to_owned());
    }
    Ok(Verdict::of(seen))
}

fn idempotency(bench: &Bench<'_>) -> Result<Verdict, String> {
    if matches!(bench.manifest.idempotency.as_str(), "" | "none") {
        return Ok(Verdict::skipped("its manifest says that the channel carries no id"));
    }
    if let Err(why) = bench.has_server() {
        return Ok(Verdict::Skipped(why));
    }
    let mut seen = Vec::new();
    for attempt in [1, 2] {
        let server = bench.far_side(Does::Answers);
        let driver = bench.driver(server.address())?;
        let mut letter = bench.letter(&*driver, &server)?.id("msg_k1tK1TkItKiTk1tK1TkItKiTk1t");
        letter.notice.attempt = attempt;
        let report = bench.run(letter.deliver(&*driver))?;
        if !server.saw(&letter.notice.id) {
            let id = &letter.notice.id;
            seen.push(format!("attempt {attempt} did not send `{id}`: {}", line(&report)));
        }
    }
    Ok(Verdict::of(seen))
}

/// When the golden notices were posted: 2023-11-14 22:13:20 UTC.
const NOON_MS: i64 = 1_700_000_000_000;
/// Where the golden notices go; nobody dials it.
const PLACE: ([u8; 4], u16) = ([127, 0, 0, 1], 2525);

fn golden(bench: &Bench<'_>) -> Result<Verdict, String> {
    let Some(folder) = &bench.kit.golden else {
        return Ok(Verdict::skipped("the kit was told no folder: say `.golden(\"tests/golden\")`"));
    };
    let folder = bench.kit.package.join(folder);
    let driver = bench.driver(PLACE.into())?;
    let uri = bench.uris(&std::net::SocketAddr::from(PLACE).to_string()).swap_remove(0);
    let plain = bench.letter_to(&*driver, &uri, bench.options(PLACE.into()))?.at(NOON_MS);
    let text = "Disk /srv is 93 % full.\nGrüße";
    let alarm = plain.clone().content("Alarm: disk", text, "").body("text/plain", text);
    let queued = alarm.clone().queue("alarms").body("application/json", *b"{\"disk\": \"/srv\"}");
    let empty = plain.content("", "", "").body("", *b"");
    let mut seen = Vec::new();
    for (name, letter) in [("alarm", alarm), ("queued", queued), ("empty", empty)] {
        let shown = match bench.run(letter.render(&*driver))? {
            Ok(shown) => shown,
            Err(refusal) => format!("refused: {refusal}"),
        };
        let shown = format!("{}\n", shown.replace(&bench.manifest.version, "{version}").trim_end());
        seen.extend(differs(&folder, name, &shown)?);
    }
    Ok(Verdict::of(seen))
}

/// How what is `shown` differs from the file `name` in `folder`; with `UPDATE=1` the file is written instead.
fn differs(folder: &Path, name: &str, shown: &str) -> Result<Option<String>, String> {
    let file = folder.join(format!("{name}.txt"));
    if env::var_os("UPDATE").is_some_and(|value| value == "1") {
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&file, shown));
        return written.map(|()| None).map_err(|error| format!("{}: {error}", file.display()));
    }
    match fs::read_to_string(&file) {
        Err(error) => Ok(Some(format!("{}: {error}; `UPDATE=1 cargo test` writes it", file.display()))),
        Ok(want) if want == shown => Ok(None),
        Ok(want) => {
            let lines = want.lines().chain(std::iter::repeat("")).zip(shown.lines());
            let at = lines.enumerate().find(|(_, (want, shown))| want != shown);
            let at = at.map_or_else(
                || "lines are missing at the end".to_owned(),
                |(n, (want, shown))| format!("line {}: `{shown}` instead of `{want}`", n + 1),
            );
            Ok(Some(format!("{}: {at}", file.display())))
        }
    }
}
