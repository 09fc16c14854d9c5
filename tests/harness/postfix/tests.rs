use std::{process::Output, time::Duration};

use super::{PASSWORD, Postfix, USER};
use crate::command::{command, run, succeed};

const SOON: Duration = Duration::from_secs(20);

/// Sends one mail by curl, a client that is not ours.
fn curl(postfix: &Postfix, relay: &str, to: &str, more: &[&str]) -> Output {
    let letter = postfix.folder().write("letter", "Subject: hello\n\nhello\n");
    let mut tool = command("curl", Duration::from_secs(30));
    tool.args(["-v", "--url", relay, "--mail-from", "sender@example.org", "--mail-rcpt", to, "-T"]);
    run(tool.arg(letter).arg("--cacert").arg(&postfix.authority().ca_file).args(more))
}

fn transcript(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

#[test]
fn submission_wants_tls_then_a_password_and_then_delivers() {
    let postfix = Postfix::start();
    let relay = postfix.submission();
    let plain = transcript(&curl(&postfix, &relay, "ann@example.test", &[]));
    assert!(plain.contains("530 5.7.0 Must issue a STARTTLS command first"), "{plain}");
    let nobody = transcript(&curl(&postfix, &relay, "ann@example.test", &["--ssl-reqd"]));
    assert!(nobody.contains("554 5.7.1"), "{nobody}");
    let login = format!("{USER}:{PASSWORD}");
    let wrong =
        transcript(&curl(&postfix, &relay, "ann@example.test", &["--ssl-reqd", "--user", "nuncio:wrong"]));
    assert!(wrong.contains("535 5.7.8"), "{wrong}");
    let right = curl(&postfix, &relay, "ann@example.test", &["--ssl-reqd", "--user", &login]);
    assert!(right.status.success(), "{}", transcript(&right));
    assert_eq!(postfix.mailbox("ann").wait_for(1, SOON)[0].header("delivered-to"), "ann@example.test");
}

#[test]
fn recipients_are_refused_as_asked_until_asked_otherwise() {
    let postfix = Postfix::start();
    let relay = postfix.open_relay();
    let unknown = transcript(&curl(&postfix, &relay, "nobody@example.test", &[]));
    assert!(unknown.contains("550 5.1.1"), "{unknown}");
    postfix.refuse(&[("bob@example.test", "451 4.3.0 come back later")]);
    let later = transcript(&curl(&postfix, &relay, "bob@example.test", &[]));
    assert!(later.contains("451 4.3.0"), "{later}");
    postfix.refuse(&[]);
    assert!(curl(&postfix, &relay, "bob@example.test", &[]).status.success());
    assert_eq!(postfix.mailbox("bob").wait_for(1, SOON).len(), 1);
}

#[test]
fn sendmail_reaches_a_local_mailbox_that_mail_reads() {
    let postfix = Postfix::start();
    let address = format!("root@{}", postfix.machine());
    let letter = postfix.folder().write("letter", "Subject: read me\n\nsent by sendmail\n");
    let mut tool = command("/usr/sbin/sendmail", SOON);
    tool.env("MAIL_CONFIG", postfix.mail_config()).args(["-i", "--", &address]);
    succeed(tool.stdin(std::fs::File::open(letter).unwrap()));
    let spool = postfix.spool("root", SOON);
    let read = succeed(command("sh", SOON).args(["-c", "echo p | mail -N -f \"$0\""]).arg(spool));
    assert!(read.contains("read me") && read.contains("sent by sendmail"), "{read}");
}
