//! The command of a driver: its words, and the environment that it is given.

use std::process::Stdio;

use tokio::process::Command;

use super::{error::ExecError, guard, options::ExecOptions};

/// The variables of the host that a child is given; no others, since the host's own may be secrets.
const PASSED_ON: [&str; 11] = [
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LOGNAME",
    "PATH",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
    "TZ",
    "USER",
];

/// The command of `words`, without a shell, in a process group of its own.
pub(super) fn build(words: &[String], options: &ExecOptions) -> Result<Command, ExecError> {
    let (program, arguments) =
        words.split_first().filter(|(program, _)| !program.is_empty()).ok_or(ExecError::Command)?;
    let mut command = Command::new(program);
    command.args(arguments).env_clear();
    command.envs(PASSED_ON.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.envs(&options.environment);
    if let Some(directory) = &options.directory {
        command.current_dir(directory);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0).kill_on_drop(true);
    guard::tie(&mut command);
    Ok(command)
}
