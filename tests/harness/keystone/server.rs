use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    folder::Folder,
    http::{Answer, Client},
    port::free_port,
    wait::until,
};

/// How long it may take to start: it imports half of OpenStack.
const START: Duration = Duration::from_secs(60);

/// A throwaway Keystone with one user `admin`, whose password is `secret`, in the project `admin`.
#[derive(Debug)]
pub struct Keystone {
    folder: Folder,
    installed: PathBuf,
    port: u16,
    child: Option<Child>,
    admin: String,
}

/// A user with its project.
#[derive(Clone, Debug)]
pub struct Account {
    /// The name of the user; its password is `secret`.
    pub user: String,
    /// The id of the project.
    pub project: String,
}

impl Keystone {
    /// Starts one whose tokens live so many seconds.
    #[must_use]
    #[track_caller]
    pub fn start(token_life: u32) -> Self {
        let installed = env::var_os("NUNCIO_KEYSTONE").map(PathBuf::from);
        let installed = installed.expect("NUNCIO_KEYSTONE: `./tests/run` installs a Keystone and says where");
        let folder = Folder::new("keystone");
        copy(&installed.join("template"), folder.path());
        let at = folder.path().display();
        folder.write(
            "keystone.conf",
            &format!(
                "[DEFAULT]\nlog_file = {at}/log\n[database]\nconnection = sqlite:///{at}/keystone.db\n\
                 [fernet_tokens]\nkey_repository = {at}/fernet\n[credential]\nkey_repository = {at}/credential\n\
                 [token]\nexpiration = {token_life}\n[cache]\nenabled = false\n\
                 [identity]\npassword_hash_rounds = 4\n"
            ),
        );
        let mut keystone = Self { folder, installed, port: free_port(), child: None, admin: String::new() };
        keystone.go_on();
        keystone.admin = keystone.token("admin", Some("admin"));
        keystone
    }

    /// The URL of its API.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v3", self.port)
    }

    /// The section `[keystone]` and the strategy for a host.
    #[must_use]
    pub fn section(&self, more: &str) -> String {
        format!(
            "[auth]\nstrategy = \"keystone\"\n[keystone]\nurl = \"{}\"\nusername = \"admin\"\nproject_name = \
             \"admin\"\npassword = {{ env = \"KEYSTONE_PASSWORD\" }}\ntimeout = \"25s\"\n{more}\n",
            self.url()
        )
    }

    /// Kills it; its data stays.
    #[track_caller]
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().expect("our own child");
        child.wait().expect("our own child");
    }

    /// Starts it (again) and waits until it answers.
    #[track_caller]
    pub fn go_on(&mut self) {
        let python = self.installed.join("venv/bin/python");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/keystone/serve.py");
        let mut program = Command::new(python);
        program.arg(script).arg(self.port.to_string());
        program.env("OS_KEYSTONE_CONFIG_FILES", self.folder.join("keystone.conf"));
        program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(program.spawn().expect("the Python of the installation"));
        until("Keystone to listen", START, || TcpStream::connect(self.address()).ok());
        let answer = self.ask("GET", "/v3", &[], &Value::Null);
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// A new user with `role` in a project of its own.
    #[track_caller]
    pub fn account(&self, user: &str, role: &str) -> Account {
        let named = json!({"name": format!("project-of-{user}"), "domain_id": "default"});
        let project = self.create("project", named);
        self.member(user, role, &project)
    }

    /// A new user with `role` in `project`.
    #[track_caller]
    pub fn member(&self, user: &str, role: &str, project: &str) -> Account {
        let wish = json!({"name": user, "domain_id": "default", "password": "secret"});
        let id = self.create("user", wish);
        let found = self.own("GET", &format!("/v3/roles?name={role}"), &Value::Null).expect(200).json();
        let known = found["roles"][0]["id"].as_str().map(str::to_owned);
        let role = known.unwrap_or_else(|| self.create("role", json!({"name": role})));
        let path = format!("/v3/projects/{project}/users/{id}/roles/{role}");
        self.own("PUT", &path, &Value::Null).expect(204);
        Account { user: user.to_owned(), project: project.to_owned() }
    }

    /// A token of a user, for the project of this name or id, or for none.
    #[must_use]
    #[track_caller]
    pub fn token(&self, user: &str, project: Option<&str>) -> String {
        let domain = json!({"id": "default"});
        let user = json!({"name": user, "domain": domain, "password": "secret"});
        let mut auth = json!({"identity": {"methods": ["password"], "password": {"user": user}}});
        if let Some(project) = project {
            let by_id = project.len() == 32;
            let scope =
                if by_id { json!({"id": project}) } else { json!({"name": project, "domain": domain}) };
            auth["scope"] = json!({ "project": scope });
        }
        let answer = self.ask("POST", "/v3/auth/tokens", &[], &json!({ "auth": auth })).expect(201);
        answer.header("x-subject-token").expect("a token").to_owned()
    }

    /// A token of an account.
    #[must_use]
    #[track_caller]
    pub fn token_of(&self, account: &Account) -> String {
        self.token(&account.user, Some(&account.project))
    }

    /// Revokes a token.
    #[track_caller]
    pub fn revoke(&self, token: &str) {
        let headers = [("X-Auth-Token", self.admin.as_str()), ("X-Subject-Token", token)];
        self.ask("DELETE", "/v3/auth/tokens", &headers, &Value::Null).expect(204);
    }

    #[track_caller]
    fn create(&self, what: &str, wish: Value) -> String {
        let answer = self.own("POST", &format!("/v3/{what}s"), &json!({ what: wish })).expect(201).json();
        answer[what]["id"].as_str().expect("an id").to_owned()
    }

    #[track_caller]
    fn own(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.as_admin(method, path, &[], body)
    }

    #[track_caller]
    pub(super) fn as_admin(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let token = [("X-Auth-Token", self.admin.as_str())];
        self.ask(method, path, &[&token, headers].concat(), body)
    }

    #[track_caller]
    pub(super) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let mut client = Client::connect(self.address()).expect("Keystone listens");
        let headers: Vec<_> = headers.iter().copied().chain([("Content-Type", "application/json")]).collect();
        client.send(method, path, &headers, &body).expect("Keystone answers")
    }

    fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }
}

impl Drop for Keystone {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

/// Copies a folder of files and folders.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("the installation") {
        let entry = entry.expect("the installation");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir_all(&to).expect("our own folder");
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("our own folder");
        }
    }
}
