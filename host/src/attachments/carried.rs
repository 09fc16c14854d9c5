use nuncio_core::Manifest;

use super::attachment::Attachment;

/// The name of attachments among the formats of a manifest.
const PARTS: &str = "parts";

/// Looks whether a driver carries these attachments: it must say so, and they must not be larger than it can bear.
///
/// # Errors
/// One line that names the driver and what to do.
pub fn carried(attachments: &[Attachment], manifest: &Manifest) -> Result<(), String> {
    let name = &manifest.name;
    if attachments.is_empty() {
        return Ok(());
    }
    if !manifest.limits.formats.iter().any(|format| format == PARTS) {
        return Err(format!(
            "the driver `{name}` carries no attachments: send the message to it without them"
        ));
    }
    let bytes: usize = attachments.iter().map(|one| one.data.len()).sum();
    let most = manifest.limits.body_bytes;
    if bytes > most as usize {
        return Err(format!("the attachments have {bytes} bytes, and the driver `{name}` carries {most}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_core::Limits;

    #[test]
    fn a_driver_carries_what_it_says_it_does() {
        let attachments = [Attachment::new("a", None, "12345").unwrap()];
        let mut manifest = Manifest::new("pager", "1", &["pager"]);
        let why = carried(&attachments, &manifest).unwrap_err();
        assert!(why.contains("`pager` carries no attachments"), "{why}");
        assert_eq!(carried(&[], &manifest), Ok(()));
        manifest.limits = Limits::default().formats(&["text", "parts"]).body_bytes(5);
        assert_eq!(carried(&attachments, &manifest), Ok(()));
        manifest.limits = manifest.limits.body_bytes(4);
        let why = carried(&attachments, &manifest).unwrap_err();
        assert!(why.contains("5 bytes") && why.contains("carries 4"), "{why}");
    }
}
