use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use super::recipe::Recipe;
use crate::{
    command::{command, succeed},
    folder::Folder,
    http::Client,
    wait::{patiently, until},
};

/// How long a start may take before it counts as failed.
const START: Duration = Duration::from_secs(30);
/// How long a graceful stop may take.
const STOP: Duration = Duration::from_secs(60);
/// What the program prints once it listens.
const LISTENING: &str = "listening on http://";

/// A running (or stopped) host. Its folder, and so its database, outlives a stop or a kill.
#[derive(Debug)]
pub struct Host {
    recipe: Recipe,
    folder: Folder,
    child: Option<Child>,
    address: Option<SocketAddr>,
    printed: Arc<Mutex<Vec<String>>>,
}

impl Host {
    pub(super) fn new(recipe: Recipe, folder: Folder) -> Self {
        Self { recipe, folder, child: None, address: None, printed: Arc::default() }
    }

    /// Starts the program on its folder and waits until it is ready.
    #[track_caller]
    pub fn start(&mut self) {
        self.spawn();
        let address = until("the host to listen", START, || self.announced());
        self.address = Some(address);
        until("/healthz to answer", START, || {
            let answer = Client::connect(address).ok()?.send("GET", "/healthz", &[], b"").ok()?;
            (answer.status < 300).then_some(())
        });
    }

    /// Starts the program on its folder and does not wait.
    #[track_caller]
    pub fn spawn(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let configuration = self.recipe.write(&self.folder);
        self.lines().clear();
        let mut serve = self.recipe.serve(&configuration);
        serve.current_dir(self.folder.path());
        serve.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = serve.spawn().expect("the program under test");
        self.keep(child.stdout.take());
        self.keep(child.stderr.take());
        self.child = Some(child);
    }

    /// Takes another recipe for the next start.
    pub fn change(&mut self, recipe: Recipe) {
        self.recipe = recipe;
    }

    /// Ends the program with SIGKILL.
    #[track_caller]
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().expect("our own child");
        child.wait().expect("our own child");
    }

    /// Asks the program to stop (SIGTERM); it must end well within a minute.
    #[track_caller]
    pub fn stop(&mut self) {
        let mut child = self.child.take().expect("it runs");
        succeed(command("sh", STOP).args(["-c", "kill -TERM \"$0\"", &child.id().to_string()]));
        let status = until("the host to stop", STOP, || child.try_wait().expect("our own child"));
        assert!(status.success(), "a graceful stop ended with {status}:\n{}", self.log());
    }

    /// Waits until the program ends by itself, and returns its exit code; `None` is a signal's.
    #[track_caller]
    pub fn ended(&mut self, limit: Duration) -> Option<i32> {
        let mut child = self.child.take().expect("it runs");
        let status = patiently(limit, || child.try_wait().expect("our own child"));
        if status.is_none() {
            self.child = Some(child);
            panic!("the host still runs after {limit:?}");
        }
        status?.code()
    }

    /// The most memory that the program had so far, in bytes (`VmHWM`).
    #[must_use]
    #[track_caller]
    pub fn peak_memory(&self) -> u64 {
        let id = self.child.as_ref().expect("it runs").id();
        let status = fs::read_to_string(format!("/proc/{id}/status")).expect("our own child");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB"));
        peak.and_then(|kib| kib.trim().parse::<u64>().ok()).expect("a number of kB") * 1024
    }

    /// Kills the program and starts it again.
    #[track_caller]
    pub fn restart(&mut self) {
        self.kill();
        self.start();
    }

    /// Where it listens.
    #[must_use]
    #[track_caller]
    pub fn address(&self) -> SocketAddr {
        self.address.expect("it was started")
    }

    /// A connection to it.
    ///
    /// # Errors
    /// When it does not run.
    pub fn connect(&self) -> std::io::Result<Client> {
        Client::connect(self.address())
    }

    /// What it was started with.
    #[must_use]
    pub const fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Its folder: `nuncio.toml`, and the database in `data/`.
    #[must_use]
    pub const fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The folder of its database.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// All that it printed since its last start.
    #[must_use]
    pub fn log(&self) -> String {
        self.lines().join("\n")
    }

    /// The address that the program said it listens on. A program that ended instead fails the test.
    #[track_caller]
    fn announced(&mut self) -> Option<SocketAddr> {
        let found = self.lines().iter().find_map(|line| {
            let (_, rest) = line.split_once(LISTENING)?;
            rest.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == ':')).next()?.parse().ok()
        });
        if found.is_none()
            && let Some(status) = self.child.as_mut()?.try_wait().expect("our own child")
        {
            panic!("the host ended with {status} instead of listening:\n{}", self.log());
        }
        found
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, pipe: Option<impl Read + Send + 'static>) {
        let printed = Arc::clone(&self.printed);
        let pipe = BufReader::new(pipe.expect("it is piped"));
        thread::spawn(move || {
            for line in pipe.lines().map_while(Result::ok) {
                printed.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
        if thread::panicking() {
            let lines = self.lines();
            eprintln!(
                "the host printed last:\n{}",
                lines.get(lines.len().saturating_sub(60)..).unwrap_or_default().join("\n")
            );
        }
    }
}
