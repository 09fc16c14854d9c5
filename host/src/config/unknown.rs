//! Keys that do not exist: a typing mistake, or a part that this version does not have.

use nuncio_core::closest;

use super::{
    keys::keys,
    node::Node,
    place::{Place, Problem},
};

/// What the design names and a later version will have: a section or a key, and what it belongs to.
const LATER: &[(&str, &str)] = &[("sources", "sources")];

/// Options of Zaqar's that have no key here, and what to do.
const OTHERWISE: &[(&str, &str)] = &[
    ("queues.message_encryption_algorithms", "remove it: it is always AES-256-GCM"),
    ("queues.message_encryption_key", "set storage.encryption_key"),
];

/// Sections that are no fixed list of keys.
const OPEN: &[&str] = &["drivers", "templates", "schemes", "rates", "libraries", "exec"];

/// The problem of a key that is not in the table; `path` is dotted.
pub(super) fn unknown(place: &Place, path: &str) -> Problem {
    let later = LATER.iter().find(|(name, _)| path == *name || path.starts_with(&format!("{name}.")));
    if let Some((_, what)) = later {
        // A section that is called like its part need not say so twice.
        let why = if *what == path {
            "not in this version".to_owned()
        } else {
            format!("{what}: not in this version")
        };
        return Problem::new(place.clone(), path, why).fix("remove it for now");
    }
    if let Some((_, fix)) = OTHERWISE.iter().find(|(name, _)| path == *name) {
        return Problem::new(place.clone(), path, "an option of Zaqar that is done otherwise here").fix(*fix);
    }
    let problem = Problem::new(place.clone(), path, "unknown key");
    match nearest(path, candidates(path)) {
        Some(name) => problem.fix(format!("did you mean `{name}`?")),
        None => problem.fix("`nuncio check --keys` lists all"),
    }
}

/// The problem of a section that takes keys and was given a value.
pub(super) fn not_a_table(name: &str, node: &Node) -> Problem {
    Problem::new(node.place.clone(), name, format!("{} does not fit here", node.noun()))
        .fix(format!("write a section: [{name}]"))
}

/// The one of `names` whose last part was probably meant by the last part of `path`.
fn nearest<'a>(path: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    fn last(name: &str) -> &str {
        name.rsplit('.').next().unwrap_or(name)
    }
    let names: Vec<_> = names.collect();
    let meant = closest(last(path), names.iter().map(|name| last(name)))?;
    names.into_iter().find(|name| last(name) == meant)
}

/// In a known section its own keys by their short names come first; else sections, and keys of any section.
fn candidates(path: &str) -> impl Iterator<Item = &'static str> {
    let section = path.split_once('.').map_or("", |(section, _)| section).to_owned();
    let own: Vec<_> = keys().iter().filter(|key| key.section() == section).map(|key| key.short()).collect();
    let sections = keys().iter().map(|key| key.section()).chain(OPEN.iter().copied());
    let sections: Vec<_> = if path.contains('.') { Vec::new() } else { sections.collect() };
    own.into_iter().chain(sections).chain(keys().iter().map(|key| key.name))
}
