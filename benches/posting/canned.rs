//! What the echo answers: what the host answers to the same request.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, ensure};
use nuncio_benches::{
    Letter,
    host::{Program, Setup, UnderTest},
    machine::Cores,
};

use crate::{
    load::queue,
    point::{Point, Work},
};

/// The body of an answer.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Canned {
    /// The file that holds it.
    #[arg(long)]
    pub(crate) answer: PathBuf,
}

impl Canned {
    /// Asks a host for its answer to the POST of `point`, and keeps it in `folder`.
    ///
    /// # Errors
    /// When the host does not answer as it should.
    pub(crate) fn of(cores: Cores, program: &Program, folder: &Path, point: &Point) -> Result<Self> {
        let setup = Setup::new(folder, &[])?;
        let host = UnderTest::start(cores, program, &setup)?;
        let ask = |path: &str, body: &str| {
            let path = format!("/v2/queues/{}/{path}", queue(0));
            let (status, answer) = host.ask("POST", &path, body)?;
            ensure!(status == 201, "{path} was answered {status}: {answer}");
            anyhow::Ok(answer)
        };
        let letter = Letter::of_size(point.body_bytes);
        let message = format!("{{\"messages\":[{{\"body\":{}}}]}}", str::from_utf8(letter.text())?);
        let posted = ask("messages", &message)?;
        let answered = match point.work {
            Work::Posts | Work::Sockets(_) => posted,
            Work::Claims => ask("claims?limit=1", "{}")?,
        };
        let answer = folder.join(point.name);
        fs::write(&answer, answered)?;
        host.stop()?;
        Ok(Self { answer })
    }

    /// The command of the echo that answers so.
    pub(crate) fn echo(&self) -> Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("echo").arg("--answer").arg(&self.answer);
        Ok(command)
    }
}
