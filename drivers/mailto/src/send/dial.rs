//! From an address to a relay that is ready for mail: TCP, TLS (RFC 8314) or STARTTLS (RFC 3207), AUTH (RFC 4954).

use std::{fmt, path::Path, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use lettre::transport::smtp::{
    authentication::{Credentials, DEFAULT_MECHANISMS, Mechanism},
    client::AsyncSmtpConnection,
    extension::ClientId,
};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    reply::{Fault, Reply, Step},
    stream::{Stream, Transport},
};

/// The longest reply read before TLS, in bytes.
const PLAIN_REPLY_BYTES: usize = 16 * 1024;

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protection {
    /// Not at all.
    None,
    /// STARTTLS, or no mail.
    StartTls,
    /// TLS from the first byte.
    Implicit,
}

/// A relay and how to speak with it.
pub(crate) struct Endpoint {
    host: String,
    port: u16,
    protection: Protection,
    name: ServerName<'static>,
    tls: TlsConnector,
    helo: ClientId,
    credentials: Option<Credentials>,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.protection {
            Protection::None => "plain",
            Protection::StartTls => "STARTTLS",
            Protection::Implicit => "TLS",
        };
        write!(f, "{}:{} ({how})", self.host, self.port)
    }
}

/// The certificate authorities to trust: the system's where `system` says so, and those in `file`.
///
/// # Errors
/// When `file` cannot be read or holds no certificate.
pub(crate) fn trusted(file: Option<&Path>, system: bool) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    if system {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "a certificate store of the system cannot be read");
        }
        roots.add_parsable_certificates(found.certs);
    }
    let Some(file) = file else { return Ok(roots) };
    let bytes = std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let mut added = 0_usize;
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        let wrong = |error: &dyn fmt::Display| {
            format!("{} is not a PEM file of certificates: {error}", file.display())
        };
        roots.add(certificate.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
        added += 1;
    }
    if added == 0 { Err(format!("{} holds no certificate", file.display())) } else { Ok(roots) }
}

impl Endpoint {
    /// The relay at `host` and `port`.
    ///
    /// # Errors
    /// When `host` is not a name or an address, or TLS cannot be set up.
    pub(crate) fn new(
        host: String,
        port: u16,
        protection: Protection,
        roots: RootCertStore,
        helo: ClientId,
        credentials: Option<Credentials>,
    ) -> Result<Self, String> {
        let name = ServerName::try_from(host.clone()).map_err(|_| format!("`{host}` is not a host name"))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tls = TlsConnector::from(Arc::new(config));
        Ok(Self { host, port, protection, name, tls, helo, credentials })
    }

    /// A connection that is ready for MAIL FROM.
    ///
    /// # Errors
    /// The step that failed, and why.
    pub(super) async fn connect(&self) -> Result<AsyncSmtpConnection, (Step, Fault)> {
        let stream = self.dial().await.map_err(|fault| (Step::Connect, fault))?;
        let ready = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &self.helo).await;
        let mut connection = ready.map_err(|error| (Step::Connect, error.into()))?;
        if let Some(credentials) = &self.credentials {
            if connection.server_info().get_auth_mechanism(DEFAULT_MECHANISMS).is_none() {
                let why = "the relay offers neither AUTH PLAIN nor AUTH LOGIN, but `username` is set";
                return Err((Step::Auth, Fault::Account(why)));
            }
            let answer = connection.auth(DEFAULT_MECHANISMS, credentials).await;
            answer.map_err(|error| (Step::Auth, Fault::from(error).without(&spoken(credentials))))?;
        }
        Ok(connection)
    }

    async fn dial(&self) -> Result<Stream, Fault> {
        let lost =
            |error: std::io::Error| Fault::Lost(format!("cannot connect to {}: {error}", self.authority()));
        let mut tcp = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(lost)?;
        tcp.set_nodelay(true).map_err(lost)?;
        Ok(match self.protection {
            Protection::None => Stream::new(Transport::Plain(tcp), Vec::new()),
            Protection::Implicit => {
                Stream::new(Transport::Protected(Box::new(self.protect(tcp).await?)), Vec::new())
            }
            Protection::StartTls => {
                let greeting = start_tls(&mut tcp, &self.helo).await?;
                Stream::new(Transport::Protected(Box::new(self.protect(tcp).await?)), greeting)
            }
        })
    }

    async fn protect(&self, tcp: TcpStream) -> Result<TlsStream<TcpStream>, Fault> {
        let protected = self.tls.connect(self.name.clone(), tcp).await;
        protected.map_err(|error| Fault::Lost(format!("no TLS with {}: {error}", self.authority())))
    }

    fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// Speaks up to the relay's word that TLS may begin, and returns its greeting.
///
/// Replies are read without a buffer: nothing that somebody put in behind the last one, before TLS, can be taken for a
/// reply within TLS (RFC 3207, section 4.2).
async fn start_tls(tcp: &mut TcpStream, helo: &ClientId) -> Result<Vec<u8>, Fault> {
    let (greeting, reply) = read_reply(tcp).await?;
    expect(reply, 220)?;
    let (_, offered) = say(tcp, &format!("EHLO {helo}\r\n")).await?;
    let offered = expect(offered, 250)?;
    if !offered.text.lines().any(|line| line.trim().eq_ignore_ascii_case("STARTTLS")) {
        return Err(Fault::Lost(
            "the relay does not offer STARTTLS; mail is not sent in plain text".to_owned(),
        ));
    }
    let (_, reply) = say(tcp, "STARTTLS\r\n").await?;
    expect(reply, 220)?;
    Ok(greeting)
}

/// What AUTH PLAIN and LOGIN send, and what it stands for: some relays repeat a line that they refuse.
fn spoken(credentials: &Credentials) -> Vec<String> {
    let whole = Mechanism::Plain.response(credentials, None).unwrap_or_default();
    let password = whole.rsplit('\0').next().unwrap_or_default().to_owned();
    vec![BASE64.encode(&whole), BASE64.encode(&password), password]
}

async fn say(tcp: &mut TcpStream, command: &str) -> Result<(Vec<u8>, Reply), Fault> {
    tcp.write_all(command.as_bytes()).await.map_err(lost)?;
    read_reply(tcp).await
}

fn expect(reply: Reply, code: u16) -> Result<Reply, Fault> {
    if reply.code == code { Ok(reply) } else { Err(Fault::Reply(reply)) }
}

fn lost(error: std::io::Error) -> Fault {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Fault::Lost("the relay closed the connection".to_owned()),
        _ => Fault::Lost(error.to_string()),
    }
}

/// RFC 5321, section 4.2: lines `250-text`, the last one `250 text`.
async fn read_reply(tcp: &mut TcpStream) -> Result<(Vec<u8>, Reply), Fault> {
    let garbage = || Fault::Lost("the relay does not speak SMTP".to_owned());
    let (mut bytes, mut text, mut line) = (Vec::new(), Vec::new(), Vec::new());
    while bytes.len() < PLAIN_REPLY_BYTES {
        let byte = tcp.read_u8().await.map_err(lost)?;
        bytes.push(byte);
        if byte != b'\n' {
            line.push(byte);
            continue;
        }
        let (code, rest) = line.split_at_checked(3).ok_or_else(garbage)?;
        let code = std::str::from_utf8(code).ok().and_then(|code| code.parse().ok()).ok_or_else(garbage)?;
        text.push(String::from_utf8_lossy(rest.get(1..).unwrap_or_default()).trim_end().to_owned());
        if rest.first() != Some(&b'-') {
            return Ok((bytes, Reply { code, text: text.join("\n") }));
        }
        line.clear();
    }
    Err(garbage())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_masked_is_what_auth_sends() {
        let spoken = spoken(&Credentials::new("u".to_owned(), "hunter2".to_owned()));
        assert_eq!(spoken, ["AHUAaHVudGVyMg==", "aHVudGVyMg==", "hunter2"]);
    }
}
