//! The thread that starts the processes of a driver.
//!
//! Linux ties a child to the thread that started it, not to the process; a worker of a runtime may end long before.

use std::{
    io,
    sync::mpsc::{SyncSender, sync_channel},
};

use tokio::{
    process::{Child, Command},
    runtime::Handle,
    sync::oneshot,
};

/// Starts processes on a thread that lives as long as this: what it started is killed by the kernel afterwards.
#[derive(Debug)]
pub(super) struct Spawner {
    requests: SyncSender<Request>,
}

struct Request {
    command: Command,
    runtime: Handle,
    answer: oneshot::Sender<io::Result<Child>>,
}

impl Spawner {
    /// # Errors
    /// When the system has no thread left.
    pub(super) fn new() -> io::Result<Self> {
        let (requests, received) = sync_channel::<Request>(1);
        std::thread::Builder::new().name("nuncio-exec".to_owned()).spawn(move || {
            for Request { mut command, runtime, answer } in received {
                let _inside = runtime.enter();
                // Nobody waits any longer: the child is killed as it is dropped.
                drop(answer.send(command.spawn()));
            }
        })?;
        Ok(Self { requests })
    }

    /// Starts `command`; its pipes belong to the runtime that this is called on.
    ///
    /// # Errors
    /// What the system says.
    pub(super) async fn spawn(&self, command: Command) -> io::Result<Child> {
        let (answer, answered) = oneshot::channel();
        let request = Request { command, runtime: Handle::current(), answer };
        self.requests.try_send(request).map_err(io::Error::other)?;
        answered.await.map_err(io::Error::other)?
    }
}
