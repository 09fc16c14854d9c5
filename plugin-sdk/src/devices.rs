//! Devices: what a driver whose URIs name them (`apns:phone-7`) does with each.

use nuncio_core::{
    Checked, HostCalls, Notice, Refusal, Report, Scope, SubscriberUri,
    wire::{Device, DeviceCall},
};

/// The most characters of a device id.
pub const MAX_ID_CHARS: usize = 64;

/// What `check` says of a URI that is its scheme and the id of a device, 1 to [`MAX_ID_CHARS`] of `[A-Za-z0-9_-]`.
///
/// # Errors
/// Anything else in the URI.
pub fn checked(uri: &SubscriberUri) -> Result<Checked, Refusal> {
    id(uri)?;
    Ok(Checked::of(uri))
}

/// The device that `notice` goes to, asked of the host.
///
/// # Errors
/// The report of a delivery whose device is not there, or cannot be looked up now.
pub async fn device_of(host: &dyn HostCalls, notice: &Notice<'_>) -> Result<Device, Report> {
    let id = id(notice.uri).map_err(|refusal| Report::rejected(Scope::Recipient, refusal.to_string()))?;
    match host.device(DeviceCall::new(notice.meta.project, id)).await {
        Ok(Some(device)) => Ok(device),
        Ok(None) => Err(Report::gone("the device is not registered any more")),
        Err(why) => {
            Err(Report::deferred(Scope::Destination, format!("the device cannot be looked up: {why}")))
        }
    }
}

fn id(uri: &SubscriberUri) -> Result<&str, Refusal> {
    let scheme = uri.scheme();
    let id = uri.canonical().strip_prefix(scheme).and_then(|rest| rest.strip_prefix(':')).unwrap_or_default();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if id.is_empty() || id.len() > MAX_ID_CHARS || !id.chars().all(fits) {
        let why = format!("not the id of a device: 1 to {MAX_ID_CHARS} letters, digits, - and _");
        return Err(Refusal::new("uri", why).fix(format!(
            "register the device (`nuncio devices`), then subscribe {scheme}:ID, like {scheme}:phone-7"
        )));
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_named_by_its_id_and_nothing_else() {
        let checked =
            |text: &str| checked(&SubscriberUri::parse(text).unwrap()).map(|checked| checked.canonical);
        assert_eq!(checked("APNS:Phone_7-a").unwrap(), "apns:Phone_7-a");
        assert!(checked(&format!("apns:{}", "a".repeat(64))).is_ok());
        for text in
            ["apns:", "apns://phone", "apns:a/b", "apns:a?topic=b", "apns:a#b", "apns:a%20b", "apns:a,b"]
        {
            let error = checked(text).unwrap_err().to_string();
            assert!(
                error.starts_with("uri: not the id") && error.contains("apns:phone-7"),
                "{text}: {error}"
            );
        }
        assert!(checked(&format!("apns:{}", "a".repeat(65))).is_err());
    }
}
