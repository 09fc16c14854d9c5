//! The lines of the standard input, by a thread of their own: a read that waits cannot be taken back.

use std::{
    io::{BufRead, ErrorKind, stdin},
    sync::Arc,
};

use tokio::sync::mpsc;
use uuid::Uuid;

use super::line::{AHEAD, Cutter, Line, Origin};
use crate::cli::fault::{Exit, Fault};

/// Reads until its end. The thread is left behind when nobody wants more.
pub(super) fn lines() -> std::io::Result<mpsc::Receiver<Result<Line, Fault>>> {
    let (found, lines) = mpsc::channel(AHEAD);
    std::thread::Builder::new().name("stdin".into()).spawn(move || {
        // Who gets it has gone away: then nobody is told.
        read(&mut stdin().lock(), &found).unwrap_or_else(|fault| drop(found.blocking_send(Err(fault))));
    })?;
    Ok(lines)
}

fn read(input: &mut impl BufRead, found: &mpsc::Sender<Result<Line, Fault>>) -> Result<(), Fault> {
    let origin = Arc::new(Origin { name: Uuid::new_v4().to_string(), device: 0, inode: 0 });
    let mut cutter = Cutter::new(origin, 0, 0);
    loop {
        let line = match input.fill_buf() {
            Ok([]) => break,
            Ok(read) => {
                let (taken, line) = cutter.take(read)?;
                input.consume(taken);
                line
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(Fault::new(Exit::System, format!("the standard input: {error}"))),
        };
        if let Some(line) = line
            && found.blocking_send(Ok(line)).is_err()
        {
            return Ok(());
        }
    }
    if let Some(line) = cutter.rest() {
        found.blocking_send(Ok(line)).ok();
    }
    Ok(())
}
