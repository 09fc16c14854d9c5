//! The `nuncio` command.

use std::{process::ExitCode, time::Duration};

/// Messages are allocated on one thread and freed on another, which this one is made for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long tasks that are left behind may take to end.
const LINGER: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    // An earlier provider would be as good.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    match tokio::runtime::Runtime::new() {
        Ok(runtime) => {
            let exit = runtime.block_on(nuncio_host::cli::run(std::env::args_os()));
            // A driver that blocks a thread must not keep the process.
            runtime.shutdown_timeout(LINGER);
            exit
        }
        Err(error) => {
            eprintln!("the runtime cannot be started: {error}");
            ExitCode::FAILURE
        }
    }
}
