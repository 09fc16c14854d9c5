//! The mission's functional test: a mail to `$(whoami)@$(hostname)` arrives by `sendmail` and is read with `mail`.

use nuncio_tests::{
    Postfix, Recipe,
    command::{command, succeed},
};
use serde_json::json;

use crate::clock::SOON;

#[test]
fn a_mail_by_sendmail_is_read_with_mail() {
    let postfix = Postfix::start();
    let sendmail = "[drivers.mailto]\nsendmail = \"/usr/sbin/sendmail -oi\"\n[notification]\nrequire_confirmation = \"none\"";
    let host = Recipe::new().env("MAIL_CONFIG", postfix.mail_config()).section(sendmail).start();
    let whoami = succeed(&mut command("whoami", SOON)).trim().to_owned();
    let me = format!("mailto:{whoami}@{}", postfix.machine());

    host.subscribe("tasks", &me, &json!({"subject": "Your task has ended"}));
    host.post("tasks", &[json!("it went well")]);

    let spool = postfix.spool(&whoami, SOON);
    let read = succeed(command("sh", SOON).args(["-c", "echo p | mail -N -f \"$0\""]).arg(spool));
    assert!(read.contains("Subject: Your task has ended"), "{read}");
    assert!(read.contains("it went well"), "{read}");
}
