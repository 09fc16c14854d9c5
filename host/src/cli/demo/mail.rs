//! A receiver of mail: as much of SMTP (RFC 5321) as a relay's client needs, in plain text on loopback.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinHandle,
};

use super::receipts::Receipts;

/// The longest line read, far above RFC 5321's 1,000.
const MAX_LINE: u64 = 16 << 10;
/// The largest mail taken.
const MAX_MAIL: usize = 4 << 20;
/// The most connections at a time.
const MAX_CONNECTIONS: usize = 64;

/// The receiver; it ends when it is dropped.
#[derive(Debug)]
pub(super) struct Mail {
    pub(super) address: SocketAddr,
    pub(super) receipts: Receipts,
    server: JoinHandle<io::Result<()>>,
}

impl Mail {
    pub(super) async fn listen() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let receipts = Receipts::default();
        let server = tokio::spawn(accept(listener, receipts.clone()));
        Ok(Self { address, receipts, server })
    }
}

impl Drop for Mail {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn accept(listener: TcpListener, receipts: Receipts) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        let (stream, _) = listener.accept().await?;
        let receipts = receipts.clone();
        tokio::spawn(async move {
            // A client that hangs up is no concern of the receiver.
            drop(Session { stream: BufReader::new(stream), receipts }.talk().await);
            drop(place);
        });
    }
}

struct Session {
    stream: BufReader<TcpStream>,
    receipts: Receipts,
}

impl Session {
    async fn talk(&mut self) -> io::Result<()> {
        self.say("220 demo ESMTP").await?;
        while let Some(line) = self.line().await? {
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.trim_end() {
                "EHLO" => self.say("250-demo\r\n250-8BITMIME\r\n250 SMTPUTF8").await?,
                "HELO" | "MAIL" | "RCPT" | "RSET" | "NOOP" => self.say("250 ok").await?,
                "DATA" => self.mail().await?,
                "QUIT" => return self.say("221 bye").await,
                _ => self.say("502 no such command here").await?,
            }
        }
        Ok(())
    }

    async fn mail(&mut self) -> io::Result<()> {
        self.say("354 go on").await?;
        let (mut id, mut bytes, mut in_header) = (String::new(), 0, true);
        loop {
            let Some(line) = self.line().await? else { return Err(io::ErrorKind::UnexpectedEof.into()) };
            bytes += line.len();
            if line == "." {
                break;
            }
            in_header &= !line.is_empty();
            if let Some(found) = Some(&line).filter(|_| in_header).and_then(|line| delivery(line)) {
                id = found;
            }
        }
        if bytes > MAX_MAIL {
            return self.say("552 too large").await;
        }
        self.receipts.note(&id);
        self.say("250 taken").await
    }

    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        (&mut self.stream).take(MAX_LINE).read_until(b'\n', &mut line).await?;
        match line.last() {
            None => Ok(None),
            Some(b'\n') => Ok(Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())),
            Some(_) => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    async fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(format!("{text}\r\n").as_bytes()).await
    }
}

/// The delivery's id in a field `Message-ID: <id@host>`.
fn delivery(line: &str) -> Option<String> {
    let (name, value) = line.split_once(':')?;
    let (id, _) = value.trim().strip_prefix('<')?.split_once('@')?;
    name.eq_ignore_ascii_case("message-id").then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[tokio::test]
    async fn a_mail_is_taken_and_its_delivery_noted() {
        let mail = Mail::listen().await.unwrap();
        let mut stream = BufReader::new(TcpStream::connect(mail.address).await.unwrap());
        let talk = "EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n\
                    Message-ID: <one@host>\r\n\r\nMessage-ID: <two@host>\r\n.\r\nVRFY x\r\nQUIT\r\n";
        stream.write_all(talk.as_bytes()).await.unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        let codes: Vec<_> = said.lines().map(|line| line.split([' ', '-']).next().unwrap()).collect();
        assert_eq!(codes, ["220", "250", "250", "250", "250", "250", "354", "250", "502", "221"]);
        assert_eq!([mail.receipts.times("one"), mail.receipts.times("two")], [1, 0]);
    }

    proptest! {
        #[test]
        fn any_line_has_a_delivery_or_none(line in ".*", id in "[a-z0-9-]{1,36}") {
            let _: Option<String> = delivery(&line);
            prop_assert_eq!(delivery(&format!("message-id:<{id}@host>")), Some(id));
        }
    }
}
