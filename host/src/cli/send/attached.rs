//! The files of `--attach`.

use std::{fs::File, io::Read as _, path::Path};

use crate::{
    attachments::Attachment,
    cli::fault::{Exit, Fault},
};

/// Reads the files, which may have `most` bytes together.
pub(super) fn attached(paths: &[impl AsRef<Path>], most: usize) -> Result<Vec<Attachment>, Fault> {
    let mut left = most;
    paths
        .iter()
        .map(AsRef::as_ref)
        .map(|path| {
            let data = bytes(path, left, most)?;
            left -= data.len();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            Attachment::new(name, None, data)
                .map_err(|refusal| Fault::new(Exit::Input, format!("--attach {}: {refusal}", path.display())))
        })
        .collect()
}

fn bytes(path: &Path, left: usize, most: usize) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(left as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| Fault::new(Exit::Input, format!("--attach {}: {error}", path.display())))?;
    if bytes.len() > left {
        let why =
            format!("the attachments have more than {most} bytes: raise [queues] max_notification_size");
        return Err(Fault::new(Exit::Input, why));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_up_to_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["a.pdf", "b.bin"].map(|name| folder.path().join(name));
        std::fs::write(&paths[0], b"\xff\0\r\n").unwrap();
        std::fs::write(&paths[1], b"1").unwrap();
        let read = attached(&paths, 5).unwrap();
        assert_eq!((&*read[0].name, &*read[0].content_type), ("a.pdf", "application/pdf"));
        assert_eq!(&*read[0].data, b"\xff\0\r\n");
        let fault = attached(&paths, 4).unwrap_err().to_string();
        assert!(fault.contains("more than 4 bytes") && fault.contains("max_notification_size"), "{fault}");
        let fault = attached(&[folder.path().join("c")], 4).unwrap_err();
        assert!(fault.exit == Exit::Input && fault.to_string().contains("/c: "), "{fault}");
    }
}
