use std::{
    io::{BufRead, BufReader},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::{folder::Folder, port::free_port, wait::until};

/// A throwaway Kannel (bearerbox and smsbox) with a message centre of one phone, which takes every SMS and confirms it.
///
/// It knows the `sendsms-user` [`KANNEL_USER`] with [`KANNEL_PASSWORD`], and refuses numbers that begin with `+1999`.
#[derive(Debug)]
pub struct Kannel {
    folder: Folder,
    sendsms: u16,
    centre: u16,
    bearerbox: Option<Child>,
    smsbox: Option<Child>,
}

/// The phone: each SMS is a line.
#[derive(Debug)]
pub struct Phone {
    lines: BufReader<TcpStream>,
}

/// An SMS as the phone gets it: with long ones, a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// Who it is from.
    pub from: String,
    /// Who it is for.
    pub to: String,
    /// The user data header.
    pub header: Vec<u8>,
    /// The text, in UTF-16 where Kannel sent it so.
    pub text: Text,
}

/// What stands in an SMS, or in a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// In the 7-bit alphabet, which Kannel writes in UTF-8.
    Gsm(String),
    /// In UTF-16: a part may end within a character.
    Ucs2(Vec<u16>),
}

impl Arrived {
    /// How many parts there are, by the header (3GPP TS 23.040 section 9.2.3.24.1).
    #[must_use]
    pub fn total(&self) -> u8 {
        self.header.get(4).copied().unwrap_or(1)
    }

    /// Which of them it is, from 1.
    #[must_use]
    pub fn number(&self) -> u8 {
        self.header.get(5).copied().unwrap_or(1)
    }

    /// The text of all `parts`.
    #[must_use]
    pub fn whole(parts: &[Self]) -> String {
        let mut units = Vec::new();
        for part in parts {
            match &part.text {
                Text::Gsm(text) => units.extend(text.encode_utf16()),
                Text::Ucs2(part) => units.extend(part),
            }
        }
        String::from_utf16(&units).expect("the parts together are a text")
    }
}

/// The user of `sendsms`.
pub const KANNEL_USER: &str = "nuncio";
/// Its password.
pub const KANNEL_PASSWORD: &str = "the-password-of-kannel";

impl Kannel {
    /// Starts one. Needs the packages that `tests/run` installs.
    #[must_use]
    #[track_caller]
    pub fn start() -> Self {
        let folder = Folder::new("kannel");
        let [admin, boxes, sendsms, centre] = [free_port(), free_port(), free_port(), free_port()];
        folder.write("kannel.conf", &configuration(&folder, [admin, boxes, sendsms, centre]));
        let mut kannel = Self { folder, sendsms, centre, bearerbox: None, smsbox: None };
        kannel.bearerbox = Some(kannel.run("/usr/sbin/bearerbox"));
        listening("bearerbox", boxes);
        kannel.smsbox = Some(kannel.run("/usr/sbin/smsbox"));
        listening("smsbox", sendsms);
        kannel
    }

    fn run(&self, program: &str) -> Child {
        let mut command = Command::new(program);
        let quiet = command.arg(self.folder.join("kannel.conf")).current_dir(self.folder.path());
        let quiet = quiet.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.spawn().unwrap_or_else(|error| panic!("{program}: {error}; `./tests/run` installs it"))
    }

    /// The address of `sendsms`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/cgi-bin/sendsms", self.sendsms)
    }

    /// Turns the phone on.
    #[must_use]
    #[track_caller]
    pub fn phone(&self) -> Phone {
        Phone { lines: BufReader::new(listening("the message centre", self.centre)) }
    }
}

impl Phone {
    /// The next SMS, which comes within `limit`.
    ///
    /// # Panics
    /// When none comes, or one that is not as Kannel writes it.
    #[track_caller]
    pub fn next(&mut self, limit: Duration) -> Arrived {
        self.lines.get_ref().set_read_timeout(Some(limit)).expect("a limit that is not zero");
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("an SMS arrives");
        read(line.trim_end_matches('\n')).unwrap_or_else(|| panic!("not an SMS: {line}"))
    }
}

impl Drop for Kannel {
    fn drop(&mut self) {
        // A bearerbox that is asked to end waits for its connections.
        for child in [&mut self.smsbox, &mut self.bearerbox].into_iter().flatten() {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

#[track_caller]
fn listening(what: &str, port: u16) -> TcpStream {
    until(&format!("{what} to listen"), Duration::from_secs(30), || {
        TcpStream::connect(("127.0.0.1", port)).ok()
    })
}

/// A line of Kannel's fake message centre: `FROM TO text TEXT`, `FROM TO ucs-2 DATA` or `FROM TO udh HEADER KIND DATA`.
fn read(line: &str) -> Option<Arrived> {
    let mut words = line.splitn(4, ' ');
    let (from, to, mut kind, mut rest) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let mut header = Vec::new();
    if kind == "udh" {
        let mut words = rest.splitn(3, ' ');
        header = bytes(words.next()?);
        (kind, rest) = (words.next()?, words.next()?);
    }
    let text = match kind {
        "text" => Text::Gsm(rest.to_owned()),
        "data" => match String::from_utf8(bytes(rest)) {
            // A part says nothing of its alphabet, but UTF-16 has octets that no text has.
            Ok(text) if !text.contains(char::is_control) => Text::Gsm(text),
            Ok(text) => ucs2(text.as_bytes())?,
            Err(error) => ucs2(error.as_bytes())?,
        },
        "ucs-2" => ucs2(&bytes(rest))?,
        _ => return None,
    };
    Some(Arrived { from: from.to_owned(), to: to.to_owned(), header, text })
}

fn ucs2(octets: &[u8]) -> Option<Text> {
    let units = octets.chunks(2).map(|pair| Some(u16::from_be_bytes(pair.try_into().ok()?)));
    units.collect::<Option<_>>().map(Text::Ucs2)
}

/// What is encoded for a form.
fn bytes(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap_or(b'0'), rest.next().unwrap_or(b'0')];
                let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0);
                u8::try_from(digit(digits[0]) * 16 + digit(digits[1])).unwrap_or(0)
            }
            other => other,
        });
    }
    out
}

/// Groups are divided by empty lines. The fake centre cannot be bound to loopback, but takes nobody else.
fn configuration(folder: &Folder, [admin, boxes, sendsms, centre]: [u16; 4]) -> String {
    let dir = folder.path().display();
    format!(
        "group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = unused
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
log-file = {dir}/bearerbox.log
log-level = 0
dlr-storage = internal

group = smsc
smsc = fake
smsc-id = phone
port = {centre}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
log-file = {dir}/smsbox.log
log-level = 0

group = sendsms-user
username = {KANNEL_USER}
password = {KANNEL_PASSWORD}
max-messages = 20
concatenation = true
black-list-regex = \"^\\+1999\"
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{command, succeed};

    #[test]
    fn a_line_of_the_message_centre_is_an_sms() {
        let arrived = read("Nuncio +15551230101 ucs-2 %04%16%046%00+%D8%3D%DE%00").unwrap();
        assert_eq!(Arrived::whole(&[arrived]), "Жж 😀");
        let part = read("Nuncio +15551230101 udh %05%00%03%04%02%01 data a+b%21").unwrap();
        assert_eq!((part.total(), part.number(), Arrived::whole(&[part])), (2, 1, "a b!".to_owned()));
        assert_eq!(read("Nuncio +15551230101"), None);
    }

    #[test]
    fn what_sendsms_takes_is_on_the_phone() {
        let kannel = Kannel::start();
        let mut phone = kannel.phone();
        let mut curl = command("curl", Duration::from_secs(30));
        let to_user = format!("{}?username={KANNEL_USER}&password={KANNEL_PASSWORD}", kannel.url());
        let answer = succeed(curl.arg("-sS").arg(format!("{to_user}&from=me&to=%2B15551230101&text=a%5Eb")));
        assert!(answer == "0: Accepted for delivery" || answer == "3: Queued for later delivery", "{answer}");
        let arrived = phone.next(Duration::from_secs(30));
        assert_eq!(
            (arrived.from.as_str(), Arrived::whole(std::slice::from_ref(&arrived)).as_str()),
            ("me", "a^b")
        );
    }
}
