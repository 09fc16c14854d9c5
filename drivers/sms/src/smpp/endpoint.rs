//! Where a message centre is, and the connection to it.

use std::{fmt, io, path::Path, sync::Arc};

use nuncio_plugin_sdk::{Refusal, async_trait};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use url::Url;

/// The registered port of SMPP, and the one that is usual with TLS.
const PORTS: (u16, u16) = (2775, 3550);

/// A connection to a message centre.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Where a message centre is, for a person, and the way there.
#[async_trait]
pub(super) trait Dial: fmt::Display + Send + Sync {
    /// Connects. It has no limit of time of its own.
    async fn dial(&self) -> io::Result<Box<dyn Stream>>;
}

/// Where a message centre is.
pub(super) struct Endpoint {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.tls.is_some() { "TLS" } else { "plain" };
        write!(f, "{}:{} ({how})", self.host, self.port)
    }
}

impl Endpoint {
    /// The centre at `url`, whose certificate is one that the system or `ca_file` trusts.
    ///
    /// # Errors
    /// A refusal at `/url` or `/ca_file`.
    pub(super) fn read(url: &str, ca_file: Option<&Path>) -> Result<Self, Refusal> {
        // The text itself stays out of these errors: it may hold a password in the wrong place.
        let refuse = |why: &str| {
            Refusal::new("/url", why).fix("write smpp://smsc.example.org:2775, or smpps:// for TLS")
        };
        let url = Url::parse(url).map_err(|error| refuse(&format!("not a URL ({error})")))?;
        let encrypted = match url.scheme() {
            "smpp" => false,
            "smpps" => true,
            _ => return Err(refuse("its scheme is neither `smpp` nor `smpps`")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("credentials do not belong there").fix("use `system_id` and `password`"));
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("there is more than a host and a port"));
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| refuse("no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if !encrypted && ca_file.is_some() {
            return Err(Refusal::new("/ca_file", "a connection without TLS has no certificate")
                .fix("write smpps:// in `url`"));
        }
        let tls = if encrypted { Some(tls(&host, ca_file)?) } else { None };
        let port = url.port().unwrap_or(if encrypted { PORTS.1 } else { PORTS.0 });
        Ok(Self { host, port, tls })
    }
}

#[async_trait]
impl Dial for Endpoint {
    async fn dial(&self) -> io::Result<Box<dyn Stream>> {
        let tcp = TcpStream::connect((self.host.as_str(), self.port)).await?;
        tcp.set_nodelay(true)?;
        Ok(match &self.tls {
            None => Box::new(tcp),
            Some((connector, name)) => Box::new(connector.connect(name.clone(), tcp).await?),
        })
    }
}

fn tls(host: &str, ca_file: Option<&Path>) -> Result<(TlsConnector, ServerName<'static>), Refusal> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| Refusal::new("/url", format!("`{host}` is not a host name")))?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = ca_file {
        let refuse = |why: String| {
            Refusal::new("/ca_file", format!("{}: {why}", file.display()))
                .fix("name a PEM file of certificates")
        };
        let read = CertificateDer::pem_file_iter(file).map_err(|error| refuse(error.to_string()))?;
        let found: Vec<_> = read.collect::<Result<_, _>>().map_err(|error| refuse(error.to_string()))?;
        if roots.add_parsable_certificates(found).0 == 0 {
            return Err(refuse("it holds no certificate".to_owned()));
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Refusal::new("/url", error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok((TlsConnector::from(Arc::new(config)), name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_host_and_perhaps_a_port() {
        for (url, shown) in [
            ("smpp://smsc.example.org", "smsc.example.org:2775 (plain)"),
            ("smpps://smsc.example.org", "smsc.example.org:3550 (TLS)"),
            ("smpp://[::1]:2776/", "::1:2776 (plain)"),
        ] {
            assert_eq!(Endpoint::read(url, None).map(|one| one.to_string()).unwrap(), shown);
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_no_password_repeated() {
        for (url, why) in [
            ("smsc.example.org:2775", "scheme"),
            ("http://smsc.example.org", "scheme"),
            ("smpp://acme:hunter2@smsc.example.org", "credentials"),
            ("smpp://smsc.example.org/bind?x=1", "more than a host"),
            ("smpp://", "no host"),
        ] {
            let refusal = Endpoint::read(url, None).err().unwrap().to_string();
            assert!(refusal.starts_with("/url: ") && refusal.contains(why), "{url}: {refusal}");
            assert!(!refusal.contains("hunter2"), "{refusal}");
        }
        let plain = Endpoint::read("smpp://h", Some(Path::new("/ca.pem"))).err().unwrap();
        assert_eq!(plain.at, "/ca_file");
        assert_eq!(
            Endpoint::read("smpps://h", Some(Path::new("/nowhere.pem"))).err().unwrap().at,
            "/ca_file"
        );
    }
}
