//! Commands of a page, run in a folder as a reader would run them.

use std::{
    env, fs,
    net::TcpStream,
    os::unix::fs::symlink,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use nuncio_tests::{
    Folder, binary,
    command::{command, run},
    free_port, patiently,
    stranger::{profile, root, target},
    until,
};

/// How long one block may take: it may build all that a driver depends on.
const LIMIT: Duration = Duration::from_secs(600);
/// How long something may take that happens by itself.
const SOON: Duration = Duration::from_secs(20);
/// The address that the page shows; each walk has one of its own.
const SHOWN: &str = "127.0.0.1:8888";

/// A reader with a folder, a shell and a second terminal.
pub(crate) struct Walk {
    folder: Folder,
    /// Where the reader stands.
    here: PathBuf,
    /// What was exported in the shell.
    exported: PathBuf,
    address: String,
    background: Vec<Child>,
}

impl Walk {
    pub(crate) fn begin() -> Self {
        let folder = Folder::new("guide");
        let here = folder.join("empty");
        fs::create_dir(&here).unwrap();
        fs::create_dir(folder.join("bin")).unwrap();
        symlink(binary(), folder.join("bin/nuncio")).unwrap();
        let exported = folder.write("exported", "");
        Self { here, exported, folder, address: format!("127.0.0.1:{}", free_port()), background: Vec::new() }
    }

    /// Runs the lines that begin with `$`; the others must be found in what is printed, in their order.
    #[track_caller]
    pub(crate) fn run(&mut self, place: &str, text: &str) {
        let (printed, good) = self.printed(text);
        let missing = missing(text, &printed);
        assert!(good && missing.is_none(), "{place}: {}\n{printed}", missing.unwrap_or("it failed"));
        self.share();
    }

    /// As [`run`](Self::run), again until it is so.
    #[track_caller]
    pub(crate) fn run_until(&mut self, place: &str, text: &str) {
        let mut last = String::new();
        let found = patiently(SOON, || {
            let (printed, good) = self.printed(text);
            let found = good && missing(text, &printed).is_none();
            last = printed;
            found.then_some(())
        });
        assert!(found.is_some(), "{place}: it does not come to this; last:\n{last}");
    }

    /// Starts a host in another terminal and waits until it listens.
    #[track_caller]
    pub(crate) fn background(&mut self, place: &str, text: &str) {
        let line = commands(text).remove(0);
        let mut shell = Command::new("bash");
        // `exec`, so that ending the shell ends the program.
        let (variables, program) = line.split_once("nuncio ").unwrap_or_else(|| panic!("{place}: {line}"));
        shell.args(["-c", &format!("{variables} exec nuncio {program}")]);
        self.at_home(&mut shell);
        let log = fs::File::create(self.folder.join("host.log")).unwrap();
        shell.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.background.push(shell.spawn().expect("bash is there"));
        until("the host of the page to listen", SOON, || TcpStream::connect(&self.address).ok());
    }

    /// Changes the file at `path`.
    #[track_caller]
    pub(crate) fn change(&mut self, place: &str, path: &str, change: impl Fn(&str) -> Option<String>) {
        let old = self.read(path).unwrap_or_else(|| panic!("{place}: there is no {path}"));
        let new = change(&old.replace(&self.address, SHOWN));
        let new = new.unwrap_or_else(|| panic!("{place}: this does not stand in {path} once:\n{old}"));
        fs::write(self.here.join(path), new.replace(SHOWN, &self.address)).unwrap();
    }

    /// The file at `path`, if the reader has it.
    pub(crate) fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.here.join(path)).ok()
    }

    fn printed(&mut self, text: &str) -> (String, bool) {
        let mut script = format!("set -e; . {}\n", self.exported.display());
        for line in commands(text) {
            let line = line.replace(SHOWN, &self.address);
            // Tests are built as this one was, so that nothing is built twice.
            let line = if profile() == "release" { line } else { line.replace(" --release", "") };
            script.push_str(&line);
            script.push('\n');
            if let Some(variable) = line.strip_prefix("export ") {
                let kept = fs::read_to_string(&self.exported).unwrap();
                fs::write(&self.exported, format!("{kept}export {variable}\n")).unwrap();
            }
        }
        let state = self.folder.join("here");
        script.push_str(&format!("pwd > {}\n", state.display()));
        let mut shell = command("bash", LIMIT);
        shell.args(["-c", &script]);
        self.at_home(&mut shell);
        let output = run(&mut shell);
        if let Ok(here) = fs::read_to_string(state) {
            self.here = PathBuf::from(here.trim());
        }
        let printed =
            [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        (printed.concat(), output.status.success())
    }

    fn at_home(&self, shell: &mut Command) {
        let path = env::var_os("PATH").unwrap_or_default();
        let path =
            env::join_paths([self.folder.join("bin")].into_iter().chain(env::split_paths(&path))).unwrap();
        let cargo =
            env::var_os("CARGO").map(PathBuf::from).and_then(|cargo| Some(cargo.parent()?.to_owned()));
        let path = match cargo {
            Some(folder) => env::join_paths([folder].into_iter().chain(env::split_paths(&path))).unwrap(),
            None => path,
        };
        shell.current_dir(&self.here).env("PATH", path).env("NUNCIO", root());
        shell.env("NUNCIO_HTTP__LISTEN", &self.address);
        shell
            .env("CARGO_TARGET_DIR", target())
            .env("CARGO_NET_OFFLINE", "true")
            .env("CARGO_TERM_COLOR", "never");
    }

    /// A new crate gets our versions and the folder that all tests build into.
    fn share(&self) {
        let builds = self.here.join("target");
        if self.here.join("Cargo.toml").exists() && !builds.exists() {
            fs::copy(root().join("Cargo.lock"), self.here.join("Cargo.lock")).unwrap();
            fs::create_dir(&builds).unwrap();
            symlink(target().join(profile()), builds.join("release")).unwrap();
        }
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        for child in &mut self.background {
            child.kill().ok();
            child.wait().ok();
        }
        if std::thread::panicking() {
            eprintln!(
                "the host of the page said:\n{}",
                fs::read_to_string(self.folder.join("host.log")).unwrap_or_default()
            );
        }
    }
}

fn commands(text: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned).collect()
}

/// The first line below a command that was not printed behind those before it.
fn missing<'a>(text: &'a str, printed: &str) -> Option<&'a str> {
    let mut rest = printed;
    for line in text.lines().filter(|line| !line.starts_with("$ ")) {
        match rest.split_once(line) {
            Some((_, behind)) => rest = behind,
            None => return Some(line),
        }
    }
    None
}
