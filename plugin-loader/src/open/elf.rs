//! ELF: reads what a file is and exports, so that the code of a wrong one never runs.

use std::{
    env::consts::ARCH,
    path::{Path, PathBuf},
};

use nuncio_core::abi;
use object::{
    Architecture, Endianness, Object, ObjectKind,
    read::elf::{ElfFile, FileHeader},
};

use crate::error::LoadError;

#[cfg(target_pointer_width = "64")]
type OurHeader = object::elf::FileHeader64<Endianness>;
#[cfg(target_pointer_width = "32")]
type OurHeader = object::elf::FileHeader32<Endianness>;

const MAGIC: &[u8] = b"\x7fELF";
/// Where a file says whether it is of 32 or of 64 bits, and the byte for each.
const CLASS: usize = 4;
const OUR_CLASS: u8 = if usize::BITS == 64 { 2 } else { 1 };

/// The machine that the host was built for, where it is one that is told apart here.
fn ours() -> Option<Architecture> {
    Some(match ARCH {
        "x86_64" => Architecture::X86_64,
        "x86" => Architecture::I386,
        "aarch64" => Architecture::Aarch64,
        "arm" => Architecture::Arm,
        "riscv64" => Architecture::Riscv64,
        "powerpc64" => Architecture::PowerPc64,
        "s390x" => Architecture::S390x,
        "loongarch64" => Architecture::LoongArch64,
        _ => return None,
    })
}

/// Refuses what is not a dynamic library for this machine with the entry of our major version.
///
/// # Errors
/// What it is instead.
pub(super) fn check(path: &Path, code: &[u8]) -> Result<(), LoadError> {
    let format = |why: String| LoadError::Format { path: PathBuf::from(path), why };
    if !code.starts_with(MAGIC) {
        return Err(format(
            "is not a dynamic library (ELF); name the file that the build made, like libNAME.so".into(),
        ));
    }
    if code.get(CLASS) != Some(&OUR_CLASS) {
        return Err(format(format!("is not a library of {} bits; build it for {ARCH}", usize::BITS)));
    }
    let broken = |why: object::Error| format(format!("is a broken ELF file ({why}); build or copy it again"));
    let library = ElfFile::<OurHeader>::parse(code).map_err(broken)?;
    if ours().is_some_and(|ours| library.architecture() != ours) {
        let other = library.architecture();
        return Err(format(format!("was built for another machine ({other:?}); build it for {ARCH}")));
    }
    if library.is_little_endian() != cfg!(target_endian = "little") {
        return Err(format(format!("has the other byte order; build it for {ARCH}")));
    }
    if library.kind() != ObjectKind::Dynamic {
        let kind = match library.kind() {
            ObjectKind::Executable => "a program",
            ObjectKind::Relocatable => "an object file or a part of a static library",
            _ => "an ELF file of another kind",
        };
        return Err(format(format!(
            "is {kind}, not a dynamic library; build it with `--crate-type cdylib`, or `cc -shared -fPIC`"
        )));
    }
    exports_entry(&library).map_err(|why| LoadError::Symbol { path: PathBuf::from(path), why })
}

fn exports_entry<H: FileHeader>(library: &ElfFile<'_, H>) -> Result<(), String> {
    let mut others = Vec::new();
    let exports = library.exports().map_err(|why| format!("its exports cannot be read ({why})"))?;
    for export in exports {
        let Ok(export) = export else { continue };
        let Ok(name) = std::str::from_utf8(export.name().into_name().unwrap_or_default()) else { continue };
        if name == abi::SYMBOL {
            return Ok(());
        }
        if let Some(major) = name.strip_prefix(abi::SYMBOL_PREFIX).and_then(|rest| rest.parse::<u16>().ok()) {
            others.push(major);
        }
    }
    others.sort_unstable();
    Err(match others.first() {
        Some(major) => format!(
            "is built for major version {major} of the driver ABI, and this host speaks {}; take the build of the \
             driver for this host, or a host that speaks {major}",
            abi::MAJOR
        ),
        None => format!(
            "is no driver: it does not export `{}`; register the driver with `register_driver!`, or see nuncio_driver.h",
            abi::SYMBOL,
        ),
    })
}
