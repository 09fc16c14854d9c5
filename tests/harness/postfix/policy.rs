use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// What Postfix asks about every recipient (`SMTPD_POLICY_README`), so that a change counts at once, also within a
/// connection.
#[derive(Debug)]
pub(super) struct Policy {
    port: u16,
    rules: Arc<Rules>,
}

#[derive(Debug, Default)]
struct Rules {
    answers: Mutex<HashMap<String, String>>,
    ended: AtomicBool,
}

impl Policy {
    /// Starts to answer on a free loopback port; nobody is refused yet.
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free loopback port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let rules = Arc::new(Rules::default());
        let shared = Arc::clone(&rules);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if shared.ended.load(Ordering::Relaxed) {
                    return;
                }
                let rules = Arc::clone(&shared);
                // Postfix closes the connection when it has no more questions.
                thread::spawn(move || answer(&stream, &rules).ok());
            }
        });
        Self { port, rules }
    }

    /// Where it answers.
    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// Refuses exactly these recipients with these answers.
    pub(super) fn refuse(&self, recipients: &[(&str, &str)]) {
        let fresh = recipients.iter().map(|(address, answer)| ((*address).to_owned(), (*answer).to_owned()));
        *self.rules.answers.lock().unwrap_or_else(PoisonError::into_inner) = fresh.collect();
    }
}

impl Drop for Policy {
    fn drop(&mut self) {
        self.rules.ended.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for connections, so that it sees the end.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
    }
}

/// A question is lines `name=value` up to an empty one, and so is the answer.
fn answer(mut stream: &TcpStream, rules: &Rules) -> io::Result<()> {
    let mut recipient = String::new();
    for line in BufReader::new(stream).lines() {
        let line = line?;
        if let Some(value) = line.strip_prefix("recipient=") {
            value.clone_into(&mut recipient);
        } else if line.is_empty() {
            let answers = rules.answers.lock().unwrap_or_else(PoisonError::into_inner);
            let action = answers.get(&recipient).map_or("DUNNO", String::as_str);
            stream.write_all(format!("action={action}\n\n").as_bytes())?;
        }
    }
    Ok(())
}
