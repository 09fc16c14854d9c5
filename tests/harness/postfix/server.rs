use std::{fs, net::TcpStream, path::PathBuf, time::Duration};

use super::{
    files::{Plan, is_filled},
    policy::Policy,
};
use crate::{
    authority::Authority,
    command::{command, run, succeed},
    folder::Folder,
    maildir::Maildir,
    port::free_port,
    wait::until,
};

/// A Postfix with the mailboxes `ann`, `bob` and `cat` at `example.test`, and those of the machine's own users.
///
/// Any other recipient is refused with 550, and those of [`Postfix::refuse`] as they say.
#[derive(Debug)]
pub struct Postfix {
    folder: Folder,
    authority: Authority,
    machine: String,
    submission: u16,
    open: u16,
    policy: Policy,
}

impl Postfix {
    /// Starts one. Needs root, and the packages that `tests/run` installs.
    #[must_use]
    #[track_caller]
    pub fn start() -> Self {
        let folder = Folder::new("postfix");
        let authority = Authority::in_folder(&folder);
        let machine = succeed(&mut command("hostname", Duration::from_secs(5))).trim().to_owned();
        let server = Self {
            folder,
            authority,
            machine,
            submission: free_port(),
            open: free_port(),
            policy: Policy::start(),
        };
        let Self { folder, authority, machine, submission, open, policy } = &server;
        let policy = policy.port();
        Plan { folder, authority, machine, submission: *submission, open: *open, policy }.write();
        succeed(server.postfix().arg("start"));
        for port in [submission, open] {
            until("Postfix to listen", Duration::from_secs(20), || {
                TcpStream::connect(("127.0.0.1", *port)).ok()
            });
        }
        server
    }

    /// The relay that wants STARTTLS and AUTH, as a URL for `[drivers.mailto] relay`.
    #[must_use]
    pub fn submission(&self) -> String {
        format!("smtp://localhost:{}", self.submission)
    }

    /// The relay that takes mail from everybody, as a URL for `[drivers.mailto] relay`.
    #[must_use]
    pub fn open_relay(&self) -> String {
        format!("smtp://localhost:{}", self.open)
    }

    /// The certificate authority that clients must trust.
    #[must_use]
    pub const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// What `MAIL_CONFIG` must say for `/usr/sbin/sendmail` to use this Postfix.
    #[must_use]
    pub fn mail_config(&self) -> PathBuf {
        self.folder.join("etc")
    }

    /// The machine's name, to which local users' mail goes.
    #[must_use]
    pub fn machine(&self) -> &str {
        &self.machine
    }

    /// From now on refuses exactly these recipients with these answers
    /// (`("bob@example.test", "451 4.3.0 come back later")`).
    pub fn refuse(&self, recipients: &[(&str, &str)]) {
        self.policy.refuse(recipients);
    }

    /// The mailbox of `name@example.test`.
    #[must_use]
    pub fn mailbox(&self, name: &str) -> Maildir {
        Maildir::at(&self.folder.join("mail").join(name))
    }

    /// The mailbox file of the machine's user `name`, once something is in it, as `mail -f` reads it.
    #[must_use]
    #[track_caller]
    pub fn spool(&self, name: &str, limit: Duration) -> PathBuf {
        let path = self.folder.join("spool").join(name);
        until("mail in the local mailbox", limit, || is_filled(&path).then(|| path.clone()))
    }

    /// Its folder, for files of the test.
    #[must_use]
    pub const fn folder(&self) -> &Folder {
        &self.folder
    }

    /// What Postfix logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn postfix(&self) -> std::process::Command {
        let mut postfix = command("/usr/sbin/postfix", Duration::from_secs(60));
        postfix.arg("-c").arg(self.mail_config());
        postfix
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("Postfix logged:\n{}", self.log());
        }
        // `abort` ends it at once; `stop` would wait for its children.
        run(self.postfix().arg("abort"));
    }
}
