//! Command line tools, each with a time limit.

use std::{
    ffi::OsStr,
    process::{Command, Output},
    time::Duration,
};

/// `program`, which is ended when it still runs after `limit`.
#[must_use]
pub fn command(program: impl AsRef<OsStr>, limit: Duration) -> Command {
    let mut command = Command::new("timeout");
    command.arg("--kill-after=5").arg(format!("{}", limit.as_secs_f64())).arg(program);
    command
}

/// Runs `command` to its end.
#[track_caller]
pub fn run(command: &mut Command) -> Output {
    let output = command.output().expect("`timeout` is part of coreutils");
    assert!(
        output.status.code() != Some(127),
        "{command:?}: not installed; `./tests/run` installs what the tests need"
    );
    output
}

/// Runs `command` to its end, which must be a good one, and returns what it printed.
#[track_caller]
pub fn succeed(command: &mut Command) -> String {
    let output = run(command);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}\n{err}", output.status);
    out.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_hangs_is_ended() {
        let output = run(command("sleep", Duration::from_millis(100)).arg("60"));
        assert_eq!(output.status.code(), Some(124));
    }

    #[test]
    fn a_good_end_gives_the_output() {
        assert_eq!(succeed(command("echo", Duration::from_secs(5)).arg("hello")), "hello\n");
    }

    #[test]
    #[should_panic(expected = "not installed")]
    fn a_missing_program_says_how_to_get_it() {
        run(&mut command("no-such-program", Duration::from_secs(5)));
    }
}
