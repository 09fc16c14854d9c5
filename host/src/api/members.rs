//! Members of JSON objects that must be known.

use nuncio_core::closest;

/// Refuses a name that is not one of `all`, with the one that may have been meant.
pub(super) fn known<'a>(names: impl Iterator<Item = &'a str>, all: &[&'static str]) -> Result<(), String> {
    for name in names {
        if !all.contains(&name) {
            let meant = closest(name, all.iter().copied());
            let hint = meant.map_or_else(
                || format!("there are {}", all.join(", ")),
                |meant| format!("did you mean `{meant}`?"),
            );
            return Err(format!("unknown member `{name}`: {hint}"));
        }
    }
    Ok(())
}
