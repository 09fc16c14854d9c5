//! One connection to the sink.

use std::{cell::RefCell, rc::Rc, time::Duration};

use anyhow::Result;
use nuncio_benches::{Journal, Letter, Message, Wire, machine::now_ns};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};

use super::behaviour::Behaviour;

const TAKEN: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
const STRANGE: &[u8] = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
/// Between two bytes of an answer that drips.
const DROP: Duration = Duration::from_millis(20);

/// What is done with a request.
enum Reply {
    Send(&'static [u8]),
    Drip,
    Hang,
    Cut,
}

/// Answers until the client goes.
pub(super) async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    journal: Rc<RefCell<Journal>>,
) -> Result<()> {
    let mut wire = Wire::default();
    loop {
        let Some(message) = wire.next(&mut stream).await? else { return Ok(()) };
        let reply = reply(&message, &mut journal.borrow_mut());
        match reply {
            Reply::Send(text) => stream.write_all(text).await?,
            Reply::Drip => {
                for byte in TAKEN.chunks(1) {
                    stream.write_all(byte).await?;
                    tokio::time::sleep(DROP).await;
                }
            }
            // The client gives up and closes: then there is nothing more to read.
            Reply::Hang => {
                wire.next(&mut stream).await?;
            }
            Reply::Cut => return Ok(()),
        }
    }
}

fn reply(message: &Message<'_>, journal: &mut Journal) -> Reply {
    let path = message.first.split(' ').nth(1).and_then(Behaviour::parse);
    let (Some((behaviour, subscriber)), Some((number, stamp))) = (path, Letter::find(message.body)) else {
        journal.strange += 1;
        return Reply::Send(STRANGE);
    };
    let reply = match behaviour {
        Behaviour::Take => Reply::Send(TAKEN),
        Behaviour::Fail(percent) if unlucky(number, subscriber, percent) => {
            if journal.refuse(subscriber, number) {
                return Reply::Send(BUSY);
            }
            Reply::Send(TAKEN)
        }
        Behaviour::Fail(_) => Reply::Send(TAKEN),
        Behaviour::Drip => Reply::Drip,
        Behaviour::Hang => return Reply::Hang,
        Behaviour::Reset => return Reply::Cut,
    };
    journal.arrived(subscriber, number, stamp, now_ns());
    reply
}

/// Whether this delivery is among the `percent` of a hundred that fail once: by a multiplicative hash of both numbers.
fn unlucky(number: u64, subscriber: usize, percent: u8) -> bool {
    let mixed = (number << 20 | subscriber as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    mixed % 100 < u64::from(percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivered(path: &str, journal: &mut Journal, number: u64) -> Option<&'static [u8]> {
        let mut body = Letter::of_size(100).text().to_vec();
        Letter::fill(&mut body, number, 0);
        let first = format!("POST {path} HTTP/1.1");
        match reply(&Message { first: &first, body: &body }, journal) {
            Reply::Send(text) => Some(text),
            _ => None,
        }
    }

    #[test]
    fn a_tenth_fails_once_and_is_taken_then() {
        let mut journal = Journal::default();
        let mut refused = 0;
        for number in 0..10_000 {
            if delivered("/fail10/3", &mut journal, number) == Some(BUSY) {
                refused += 1;
                assert_eq!(delivered("/fail10/3", &mut journal, number), Some(TAKEN));
            }
        }
        assert!((900..1100).contains(&refused), "{refused}");
        assert_eq!((journal.received, journal.duplicates), (10_000, 0));
    }

    #[test]
    fn what_hangs_or_is_cut_has_not_arrived() {
        let mut journal = Journal::default();
        assert_eq!(delivered("/hang/0", &mut journal, 1), None);
        assert_eq!(delivered("/reset/0", &mut journal, 1), None);
        assert_eq!(delivered("/elsewhere", &mut journal, 1), Some(STRANGE));
        assert_eq!((journal.received, journal.strange), (0, 1));
    }
}
