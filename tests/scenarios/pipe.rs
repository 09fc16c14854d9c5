//! `nuncio pipe`: lines become messages, each once and in order, whoever is killed.

use std::{
    fs::OpenOptions,
    io::Write as _,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use nuncio_tests::{Folder, Host, Recipe, binary, command::command, free_port, until};
use serde_json::Value;

use crate::clock::{SOON, long};

/// `nuncio pipe lines` for the host at `port`, with these arguments.
fn pipe(mut nuncio: Command, port: u16, arguments: &[&str]) -> Command {
    let host = format!("http://127.0.0.1:{port}");
    nuncio.args(["pipe", "lines", "--project", "tests", "--host", &host]).args(arguments);
    nuncio.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    nuncio
}

/// Gives it `input` and waits for its end.
fn poured(port: u16, arguments: &[&str], input: &str) -> Output {
    let limited = command(binary(), Duration::from_secs(120));
    let mut child = pipe(limited, port, arguments).spawn().expect("the program under test");
    child.stdin.take().expect("it is piped").write_all(input.as_bytes()).expect("it reads");
    child.wait_with_output().expect("our own child")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// The bodies of all messages of the queue, in their order.
fn bodies(host: &Host) -> Vec<Value> {
    let mut found = Vec::new();
    let mut next = "/v2/queues/lines/messages?echo=true&limit=20".to_owned();
    loop {
        let page = host.get(&next).expect(200).json();
        let messages = page["messages"].as_array().expect("a list of messages");
        if messages.is_empty() {
            return found;
        }
        found.extend(messages.iter().map(|one| one["body"].clone()));
        next = page["links"][0]["href"].as_str().expect("a next page").to_owned();
    }
}

fn host_on(port: u16) -> Host {
    Recipe::new().env("NUNCIO_HTTP__LISTEN", format!("127.0.0.1:{port}")).start()
}

#[test]
fn lines_of_the_standard_input_are_posted_and_a_line_that_is_refused_is_named() {
    let port = free_port();
    let host = host_on(port);
    let output = poured(port, &["--json"], "{\"order\": 7}\nplain words\n\nlast");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"posted\": 3"), "{}", said(&output));
    assert_eq!(bodies(&host), [serde_json::json!({"order": 7}), "plain words".into(), "last".into()]);

    let long_line = "x".repeat(300 << 10);
    let input = format!("four\n{long_line}\nsix\n");
    let output = poured(port, &[], &input);
    assert_eq!(output.status.code(), Some(65), "{}", said(&output));
    assert!(
        said(&output).contains("line 2: ") && said(&output).contains("--skip-refused"),
        "{}",
        said(&output)
    );
    let output = poured(port, &["--skip-refused"], &input);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("2 posted, 1 left out"), "{}", said(&output));
    let posted = bodies(&host);
    assert_eq!(posted[3..], ["four", "four", "six"].map(Value::from));
}

#[test]
fn what_was_posted_before_a_line_that_is_refused_is_not_posted_again() {
    let port = free_port();
    let listening = || Recipe::new().env("NUNCIO_HTTP__LISTEN", format!("127.0.0.1:{port}"));
    let mut host = listening().start();
    let folder = Folder::new("pipe");
    let (file, state) = (folder.join("lines"), folder.join("state"));
    std::fs::write(&file, format!("one\n{}\nthree\n", "x".repeat(300 << 10))).unwrap();
    let arguments = ["--file", file.to_str().unwrap(), "--state", state.to_str().unwrap()];
    let output = poured(port, &arguments, "");
    assert_eq!(output.status.code(), Some(65), "{}", said(&output));
    host.stop();
    host.change(listening().section("[queues]\nmax_messages_post_size = 1048576"));
    host.start();
    let output = poured(port, &arguments, "");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let lengths: Vec<_> = bodies(&host).iter().map(|body| body.as_str().unwrap().len()).collect();
    assert_eq!(lengths, [3, 300 << 10, 5]);
}

#[test]
fn who_is_not_allowed_or_finds_nobody_is_told() {
    let output = poured(free_port(), &["--give-up", "1"], "one\n");
    assert_eq!(output.status.code(), Some(69), "{}", said(&output));
    assert!(said(&output).contains("no host answers at"), "{}", said(&output));
}

/// A writer that appends numbered lines, and moves its file away now and then.
struct Writer<'a> {
    log: &'a Path,
    next: u64,
}

impl Writer<'_> {
    fn write(&mut self, lines: u64) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.log).unwrap();
        for _ in 0..lines {
            writeln!(file, "{}", self.next).unwrap();
            self.next += 1;
        }
    }

    fn rotate(&self) {
        std::fs::rename(self.log, self.log.with_extension(format!("{}.log", self.next))).unwrap();
    }
}

fn kill(mut child: Child) {
    child.kill().expect("our own child");
    child.wait().expect("our own child");
}

#[test]
fn a_file_is_posted_once_and_in_order_whatever_is_killed() {
    let port = free_port();
    let mut host = host_on(port);
    let folder = Folder::new("pipe");
    let (log, state) = (folder.join("app.log"), folder.join("state"));
    let mut writer = Writer { log: &log, next: 0 };
    let arguments =
        ["--file", log.to_str().unwrap(), "--state", state.to_str().unwrap(), "--follow", "--batch", "7"];
    let rounds = if long() { 60 } else { 9 };
    for round in 0..rounds {
        writer.write(400);
        let child = pipe(Command::new(binary()), port, &arguments).spawn().expect("the program under test");
        // Somewhere in the middle of what was written.
        let enough = writer.next - 200;
        until("lines to be posted", SOON, || (count(&host) >= enough).then_some(()));
        match round % 3 {
            0 => kill(child),
            1 => {
                host.kill();
                writer.write(50);
                host.start();
                kill(child);
            }
            _ => {
                kill(child);
                writer.rotate();
                writer.write(1);
            }
        }
    }
    let child = pipe(Command::new(binary()), port, &arguments).spawn().expect("the program under test");
    until("the last line to be posted", SOON, || (count(&host) >= writer.next).then_some(()));
    kill(child);
    let wanted: Vec<_> = (0..writer.next).map(Value::from).collect();
    assert_eq!(bodies(&host), wanted);
}

/// Messages in the queue.
fn count(host: &Host) -> u64 {
    let stats = host.get("/v2/queues/lines/stats");
    if stats.status == 404 { 0 } else { stats.expect(200).json()["messages"]["total"].as_u64().unwrap() }
}
