use std::{
    net::TcpStream,
    process::{Child, Stdio},
    time::Duration,
};

use crate::{folder::Folder, node::node, port::free_port, wait::until};

/// Twilio's API as its own OpenAPI describes it: 201 to what fits the description, 401 without credentials, 422 to anything
/// else.
#[derive(Debug)]
pub struct Prism {
    _folder: Folder,
    port: u16,
    child: Child,
}

impl Prism {
    /// Starts one. Needs the packages that `tests/run` installs.
    #[must_use]
    #[track_caller]
    pub fn start() -> Self {
        let folder = Folder::new("prism");
        let port = free_port();
        let mut program = node("twilio", "prism.js");
        program.arg(port.to_string()).arg(folder.path());
        let quiet = program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = quiet.spawn().expect("node: `./tests/run` installs what the tests need");
        // It reads two megabytes of description on a machine that does other things too.
        until("prism to listen", Duration::from_secs(120), || TcpStream::connect(("127.0.0.1", port)).ok());
        Self { _folder: folder, port, child }
    }

    /// The address of the API.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{command, succeed};

    #[test]
    fn it_answers_as_twilio_s_description_wants_it() {
        let prism = Prism::start();
        let sid = format!("AC{}", "0".repeat(32));
        let url = format!("{}/2010-04-01/Accounts/{sid}/Messages.json", prism.url());
        let status = |arguments: &[&str]| {
            let mut curl = command("curl", Duration::from_secs(30));
            succeed(curl.args(["-sS", "-o", "/dev/null", "-w", "%{http_code}"]).args(arguments).arg(&url))
        };
        let user = format!("{sid}:token");
        assert_eq!(status(&["-u", &user, "-d", "To=%2B15551230101&From=%2B15005550006&Body=Hello"]), "201");
        assert_eq!(status(&["-d", "To=%2B15551230101&From=%2B15005550006&Body=Hello"]), "401");
        assert_eq!(status(&["-u", &user, "-d", "From=%2B15005550006&Body=Hello"]), "422");
    }
}
