//! What the machine is, in a line.

use std::{fs, path::Path};

/// Processor, cores, kernel, and the disk under `folder`.
#[must_use]
pub fn name(folder: &Path) -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches(['\t', ' ', ':']).trim();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{model}, {cores} cores, Linux {}, {}", kernel.trim(), disk(folder))
}

/// File system and device of the mount that holds `folder`, and whether it turns.
#[must_use]
pub fn disk(folder: &Path) -> String {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let mounts = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        Some((fields.next()?, fields.next()?, fields.next()?))
    });
    let holds = mounts.filter(|(_, point, _)| folder.starts_with(point));
    let Some((device, _, kind)) = holds.max_by_key(|(_, point, _)| point.len()) else {
        return "an unknown disk".to_owned();
    };
    let block = device.trim_start_matches("/dev/");
    let turns = fs::read_to_string(format!("/sys/block/{block}/queue/rotational")).unwrap_or_default();
    let what = match turns.trim() {
        "0" => "solid",
        "1" if block.starts_with("vd") => "virtual",
        "1" => "turning",
        _ => "unknown",
    };
    format!("{kind} on {block} ({what} disk)")
}
