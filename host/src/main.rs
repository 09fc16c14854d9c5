//! The `nuncio` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    // An earlier provider would be as good.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime.block_on(nuncio_host::cli::run(std::env::args_os())),
        Err(error) => {
            eprintln!("the runtime cannot be started: {error}");
            ExitCode::FAILURE
        }
    }
}
