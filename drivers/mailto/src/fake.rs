//! A relay for tests: speaks SMTP (RFC 5321) on loopback and answers as its script says.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, pem::PemObject};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// What the relay does instead of its usual answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// Says this line.
    Say(&'static str),
    /// Says nothing, for ever.
    Hang,
    /// Closes the connection.
    Close,
}

/// How a relay behaves.
#[derive(Default)]
pub(crate) struct Script {
    offers: Vec<&'static str>,
    rules: Vec<(Option<usize>, &'static str, Answer)>,
    tls: Option<Arc<ServerConfig>>,
    implicit: bool,
}

impl Script {
    /// Offers `extension` in its EHLO.
    pub(crate) fn offer(mut self, extension: &'static str) -> Self {
        self.offers.push(extension);
        self
    }

    /// Answers commands that begin with `prefix` in another way; `greeting` and `.` are the places without a command.
    pub(crate) fn on(mut self, prefix: &'static str, answer: Answer) -> Self {
        self.rules.push((None, prefix, answer));
        self
    }

    /// As [`Script::on`], on the connection `number` (from 1) alone.
    pub(crate) fn on_connection(mut self, number: usize, prefix: &'static str, answer: Answer) -> Self {
        self.rules.push((Some(number), prefix, answer));
        self
    }

    /// Has a certificate; speaks TLS from the start if `implicit`, else after STARTTLS.
    pub(crate) fn with_tls(mut self, config: Arc<ServerConfig>, implicit: bool) -> Self {
        (self.tls, self.implicit) = (Some(config), implicit);
        self
    }

    /// Starts it.
    pub(crate) async fn start(self) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (script, seen) = (Arc::new(self), Arc::new(Mutex::new(Seen::default())));
        let server = tokio::spawn(accept(listener, script, Arc::clone(&seen)));
        Fake { address, seen, server }
    }

    fn answer(&self, connection: usize, line: &str) -> Option<Answer> {
        let fits = |on: &Option<usize>| on.is_none_or(|number| number == connection);
        self.rules
            .iter()
            .find(|(on, prefix, _)| fits(on) && line.starts_with(prefix))
            .map(|(_, _, answer)| *answer)
    }
}

/// What a relay saw.
#[derive(Default)]
struct Seen {
    connections: usize,
    commands: Vec<String>,
    messages: Vec<String>,
}

/// A running relay.
pub(crate) struct Fake {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    server: JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Fake {
    /// Its port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many connections it accepted.
    pub(crate) fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }

    /// The commands it was given, in order.
    pub(crate) fn commands(&self) -> Vec<String> {
        self.seen.lock().unwrap().commands.clone()
    }

    /// The messages it was given, without the dots that transparency adds; also those that it then refused.
    pub(crate) fn messages(&self) -> Vec<String> {
        self.seen.lock().unwrap().messages.clone()
    }
}

async fn accept(listener: TcpListener, script: Arc<Script>, seen: Arc<Mutex<Seen>>) {
    while let Ok((tcp, _)) = listener.accept().await {
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.connections += 1;
            seen.connections
        };
        let session = Session { number, script: Arc::clone(&script), seen: Arc::clone(&seen) };
        tokio::spawn(session.serve(tcp));
    }
}

struct Session {
    number: usize,
    script: Arc<Script>,
    seen: Arc<Mutex<Seen>>,
}

/// Why a conversation ended.
enum End<S> {
    Closed,
    StartTls(S),
}

impl Session {
    async fn serve(self, tcp: TcpStream) {
        let acceptor = self.script.tls.clone().map(TlsAcceptor::from);
        if let (true, Some(acceptor)) = (self.script.implicit, &acceptor) {
            let Ok(tls) = acceptor.accept(tcp).await else { return };
            self.converse(tls, true, true).await;
            return;
        }
        let (End::StartTls(tcp), Some(acceptor)) = (self.converse(tcp, true, false).await, acceptor) else {
            return;
        };
        if let Ok(tls) = acceptor.accept(tcp).await {
            self.converse(tls, false, true).await;
        }
    }

    async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        greet: bool,
        safe: bool,
    ) -> End<S> {
        let mut stream = BufReader::new(stream);
        if greet && !self.say(&mut stream, "greeting", "220 fake.example ESMTP").await {
            return End::Closed;
        }
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return End::Closed;
            }
            let line = line.trim_end();
            self.seen.lock().unwrap().commands.push(line.to_owned());
            let usual = match line.split(' ').next().unwrap_or_default() {
                "EHLO" => self.greet_back(safe),
                "AUTH" => "235 2.7.0 welcome".to_owned(),
                "STARTTLS" => "220 2.0.0 go ahead".to_owned(),
                "DATA" => "354 end with a dot".to_owned(),
                _ => "250 2.0.0 ok".to_owned(),
            };
            if !self.say(&mut stream, line, &usual).await {
                return End::Closed;
            }
            match line {
                "STARTTLS" => return End::StartTls(stream.into_inner()),
                "QUIT" => return End::Closed,
                "DATA" if self.script.answer(self.number, line).is_none() => {
                    let message = read_message(&mut stream).await;
                    self.seen.lock().unwrap().messages.push(message);
                    if !self.say(&mut stream, ".", "250 2.0.0 ok: queued as FAKE1").await {
                        return End::Closed;
                    }
                }
                _ => {}
            }
        }
    }

    fn greet_back(&self, safe: bool) -> String {
        let tls = (self.script.tls.is_some() && !safe).then_some("STARTTLS");
        let lines = ["fake.example"].into_iter().chain(tls).chain(self.script.offers.iter().copied());
        lines.map(|line| format!("250-{line}\r\n")).chain(["250 HELP".to_owned()]).collect()
    }

    /// Whether the conversation goes on.
    async fn say<S: AsyncWrite + Unpin>(&self, stream: &mut S, line: &str, usual: &str) -> bool {
        let text = match self.script.answer(self.number, line) {
            None => usual,
            Some(Answer::Say(text)) => text,
            Some(Answer::Hang) => std::future::pending().await,
            Some(Answer::Close) => return false,
        };
        let written = stream.write_all(format!("{text}\r\n").as_bytes()).await.is_ok();
        written && stream.flush().await.is_ok() && !text.starts_with("421")
    }
}

/// RFC 5321, section 4.5.2.
async fn read_message<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> String {
    let mut message = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 || line == ".\r\n" {
            return message;
        }
        message.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

/// A certificate authority as PEM, and the relay's side of TLS with a certificate of it for `host`.
pub(crate) fn authority(host: &str) -> (String, Arc<ServerConfig>) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = params.self_signed(&key).unwrap();
    let issuer = rcgen::Issuer::new(params, key);
    let leaf_key = rcgen::KeyPair::generate().unwrap();
    let leaf =
        rcgen::CertificateParams::new(vec![host.to_owned()]).unwrap().signed_by(&leaf_key, &issuer).unwrap();
    let secret = PrivateKeyDer::from_pem_slice(leaf_key.serialize_pem().as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], secret)
        .unwrap();
    (ca.pem(), Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The dialogue of RFC 5321, appendix D.1, with a line that begins with a dot.
    #[tokio::test]
    async fn it_speaks_the_dialogue_of_the_rfc() {
        let script = Script::default().on("RCPT TO:<Green@", Answer::Say("550 No such user here"));
        let fake = script.offer("8BITMIME").start().await;
        let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", fake.port())).await.unwrap());
        for (command, expected) in [
            ("", "220 "),
            ("EHLO bar.com", "250-fake.example"),
            ("", "250-8BITMIME"),
            ("", "250 HELP"),
            ("MAIL FROM:<Smith@bar.com>", "250 "),
            ("RCPT TO:<Jones@foo.com>", "250 "),
            ("RCPT TO:<Green@foo.com>", "550 No such user here"),
            ("DATA", "354 "),
            ("Blah blah\r\n..etc. etc. etc.\r\n.", "250 "),
            ("QUIT", "250 "),
        ] {
            if !command.is_empty() {
                stream.write_all(format!("{command}\r\n").as_bytes()).await.unwrap();
            }
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            assert!(line.starts_with(expected), "{command}: {line}");
        }
        assert_eq!(fake.messages(), ["Blah blah\r\n.etc. etc. etc.\r\n"]);
        assert_eq!(fake.connections(), 1);
        assert_eq!(fake.commands().len(), 6);
    }
}
