use std::{
    fs,
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::{authority::Authority, folder::Folder, port::free_port, wait::until};

/// A throwaway nginx that answers 204 to everything, over http and https (HTTP/1.1 and HTTP/2), and logs it.
#[derive(Debug)]
pub struct Nginx {
    folder: Folder,
    authority: Authority,
    plain: u16,
    tls: u16,
    once: u16,
    child: Child,
}

impl Nginx {
    /// Starts one. Needs the packages that `tests/run` installs.
    #[must_use]
    #[track_caller]
    pub fn start() -> Self {
        let folder = Folder::new("nginx");
        let authority = Authority::in_folder(&folder);
        let ports @ [plain, tls, once] = [free_port(), free_port(), free_port()];
        let file = folder.write("nginx.conf", &configuration(&folder, &authority, ports));
        let mut program = Command::new("/usr/sbin/nginx");
        program.arg("-p").arg(folder.path()).arg("-c").arg(file);
        let child =
            program.stdin(Stdio::null()).spawn().expect("nginx: `./tests/run` installs what the tests need");
        for port in ports {
            until("nginx to listen", Duration::from_secs(20), || {
                TcpStream::connect(("127.0.0.1", port)).ok()
            });
        }
        Self { folder, authority, plain, tls, once, child }
    }

    /// The address of `path` over http.
    #[must_use]
    pub fn http(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.plain)
    }

    /// The address of `path` over https.
    #[must_use]
    pub fn https(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.tls)
    }

    /// The address of `path` over HTTP/1.1 and TLS, where each answer ends its connection.
    #[must_use]
    pub fn https_once(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.once)
    }

    /// The certificate authority that clients must trust.
    #[must_use]
    pub const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Waits until `n` requests to [`https_once`](Self::https_once) were answered; whether each connection resumed a session.
    #[must_use]
    #[track_caller]
    pub fn wait_for_sessions(&self, n: usize, limit: Duration) -> Vec<bool> {
        self.logged("sessions.log", n, limit).iter().map(|line| line == "r").collect()
    }

    /// Waits until `n` requests were answered, and returns the log: a line `POST /path HTTP/2.0 <webhook-id>` each.
    #[must_use]
    #[track_caller]
    pub fn wait_for(&self, n: usize, limit: Duration) -> Vec<String> {
        self.logged("access.log", n, limit)
    }

    #[track_caller]
    fn logged(&self, file: &str, n: usize, limit: Duration) -> Vec<String> {
        until(&format!("{n} requests to nginx"), limit, || {
            let log = fs::read_to_string(self.folder.join(file)).unwrap_or_default();
            let lines: Vec<String> = log.lines().map(str::to_owned).collect();
            (lines.len() >= n).then_some(lines)
        })
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // One process without workers (`master_process off`): nothing is left behind.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn configuration(folder: &Folder, authority: &Authority, [plain, tls, once]: [u16; 3]) -> String {
    let dir = folder.path().display();
    let (certificate, key) = (authority.certificate.display(), authority.key.display());
    format!(
        "daemon off;
master_process off;
pid {dir}/pid;
error_log {dir}/error.log;
events {{ worker_connections 512; }}
http {{
    log_format line '$request $http_webhook_id';
    log_format session '$ssl_session_reused';
    access_log {dir}/access.log line;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    server {{
        listen 127.0.0.1:{plain};
        listen 127.0.0.1:{tls} ssl http2;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        # A bare `return` would answer before the body is read, which breaks HTTP/2 streams off.
        location / {{ proxy_pass http://unix:{dir}/answer.sock:; }}
    }}
    server {{
        listen 127.0.0.1:{once} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_session_cache shared:sessions:1m;
        keepalive_timeout 0;
        access_log {dir}/sessions.log session;
        location / {{ proxy_pass http://unix:{dir}/answer.sock:; }}
    }}
    server {{
        listen unix:{dir}/answer.sock;
        access_log off;
        return 204;
    }}
}}
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{command, succeed};

    #[test]
    fn both_protocols_answer_and_are_logged() {
        let nginx = Nginx::start();
        let soon = Duration::from_secs(20);
        for url in [nginx.http("/plain"), nginx.https("/tls")] {
            let mut curl = command("curl", soon);
            curl.arg("--cacert").arg(&nginx.authority().ca_file).args(["-sS", "-d", "x", "-o", "/dev/null"]);
            let status = succeed(curl.args(["-H", "webhook-id: d1", "-w", "%{http_code}", &url]));
            assert_eq!(status, "204");
        }
        assert_eq!(nginx.wait_for(2, soon), ["POST /plain HTTP/1.1 d1", "POST /tls HTTP/2.0 d1"]);
    }
}
