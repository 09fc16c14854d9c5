use std::{fs, io, os::unix::fs::chown, path::Path, process::Stdio, time::Duration};

use crate::{
    authority::Authority,
    command::{command, succeed},
    folder::Folder,
};

/// Who may log in.
pub const USER: &str = "nuncio";
/// With which password.
pub const PASSWORD: &str = "open sesame";

/// An account that owns nothing else, on every Debian (`nobody`).
const NOBODY: u32 = 65_534;

/// What the configuration is made of.
pub(super) struct Plan<'a> {
    pub(super) folder: &'a Folder,
    pub(super) authority: &'a Authority,
    /// The machine's name, whose users have local mailboxes.
    pub(super) machine: &'a str,
    /// The port that wants STARTTLS and AUTH.
    pub(super) submission: u16,
    /// The port that wants nothing.
    pub(super) open: u16,
    /// The port that is asked whether a recipient is refused.
    pub(super) policy: u16,
}

impl Plan<'_> {
    /// Writes all files that Postfix reads, with the owners it insists on.
    pub(super) fn write(&self) {
        let folder = self.folder;
        folder.write("etc/main.cf", &self.main());
        folder.write("etc/master.cf", &self.master());
        folder.write("mailboxes", "ann@example.test ann/\nbob@example.test bob/\ncat@example.test cat/\n");
        for name in ["queue", "data", "mail", "spool"] {
            fs::create_dir(folder.join(name)).expect("our own folder");
        }
        let postfix = uid_of("postfix");
        chown(folder.join("data"), Some(postfix), None).unwrap_or_else(not_root);
        chown(folder.join("mail"), Some(NOBODY), Some(NOBODY)).unwrap_or_else(not_root);
        self.passwords(postfix);
    }

    fn main(&self) -> String {
        let (dir, machine, policy) = (self.folder.path().display(), self.machine, self.policy);
        let (certificate, key) = (self.authority.certificate.display(), self.authority.key.display());
        format!(
            "compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {dir}/log
maillog_file_prefixes = {dir}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = {machine}
mydestination = {machine}, localhost
mynetworks = 127.0.0.0/8
alias_maps =
biff = no
default_transport = error:5.4.4 the tests reach nobody outside
relay_transport = $default_transport
mail_spool_directory = {dir}/spool
virtual_mailbox_domains = example.test
virtual_mailbox_base = {dir}/mail
virtual_mailbox_maps = texthash:{dir}/mailboxes
virtual_uid_maps = static:{NOBODY}
virtual_gid_maps = static:{NOBODY}
smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{policy}, permit_mynetworks, reject
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_sasl_path = smtpd
smtpd_sasl_local_domain = {machine}
smtpd_error_sleep_time = 0
smtpd_client_connection_rate_limit = 0
"
        )
    }

    fn master(&self) -> String {
        let (submission, open) = (self.submission, self.open);
        format!(
            "127.0.0.1:{submission} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
127.0.0.1:{open} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
local unix - n n - - local
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
proxymap unix - - n - - proxymap
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"
        )
    }

    /// Debian's Postfix reads Cyrus SASL's settings from `sasl/` in its own configuration folder.
    fn passwords(&self, postfix: u32) {
        let database = self.folder.join("sasldb2");
        self.folder.write(
            "etc/sasl/smtpd.conf",
            &format!(
                "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\nsasldb_path: {}\n",
                database.display()
            ),
        );
        let secret = self.folder.write("secret", PASSWORD);
        let mut tool = command("/usr/sbin/saslpasswd2", Duration::from_secs(20));
        tool.args(["-p", "-c", "-u", self.machine, "-f"]).arg(&database).arg(USER);
        succeed(tool.stdin(Stdio::from(fs::File::open(secret).expect("our own file"))));
        chown(&database, Some(postfix), None).unwrap_or_else(not_root);
    }
}

fn uid_of(user: &str) -> u32 {
    let mut id = command("id", Duration::from_secs(5));
    succeed(id.args(["-u", user])).trim().parse().expect("a number")
}

fn not_root(error: io::Error) {
    panic!("{error}: Postfix gives its files to accounts of its own, so these tests run as root");
}

/// Whether `path` holds anything.
pub(super) fn is_filled(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.len() > 0)
}
