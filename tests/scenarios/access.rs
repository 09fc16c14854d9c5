//! API keys of the real program, and TLS on its listener.

use std::{path::Path, process::Output, time::Duration};

use nuncio_tests::{
    Authority, Folder, Host, Recipe, Socket, WallClock, binary,
    command::{command, run, succeed},
    http::Client,
    until,
};
use serde_json::{Value, json};

use crate::clock::SOON;

const TOKENS: &str = "[auth]\nstrategy = \"token\"";

/// `nuncio` with these arguments on the configuration in `folder`.
fn nuncio(configuration: &Path, arguments: &[&str]) -> Output {
    let mut nuncio = command(binary(), Duration::from_secs(60));
    run(nuncio.arg("--config").arg(configuration).args(arguments))
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn status(host: &Host, token: &str) -> u16 {
    let mut client = Client::connect(host.address()).unwrap();
    client.send("GET", "/v2/queues", &[("X-Auth-Token", token)], b"").unwrap().status
}

#[test]
fn the_first_key_is_made_without_a_host_and_makes_the_others() {
    let folder = Folder::new("host");
    let recipe = Recipe::new().section(TOKENS);
    let configuration = recipe.write(&folder);
    let admin =
        printed(&nuncio(&configuration, &["keys", "create", "--project", "tests", "--role", "admin"]));
    let host = recipe.start_in(folder);
    assert_eq!(status(&host, &admin), 200);
    assert_eq!(status(&host, ""), 401);

    // The database is the host's now.
    let busy = nuncio(&configuration, &["keys", "list"]);
    assert!(String::from_utf8_lossy(&busy.stderr).contains("--host URL"), "{busy:?}");
    let file = host.folder().write("token", &admin);
    let (url, file) = (format!("http://{}", host.address()), file.display().to_string());
    let remote = |arguments: &[&str]| {
        let place = ["--host", &url, "--token-file", &file];
        printed(&nuncio(&configuration, &[arguments, &place].concat()))
    };
    let made: Value = serde_json::from_str(&remote(&[
        "--json",
        "keys",
        "create",
        "--project",
        "tests",
        "--role",
        "reader",
        "--name",
        "ci",
        "--ttl",
        "1h",
    ]))
    .unwrap();
    let (id, token) = (made["id"].as_str().unwrap(), made["token"].as_str().unwrap());
    assert_eq!(status(&host, token), 200);
    let listed = remote(&["keys", "list"]);
    assert!(listed.contains(id) && listed.contains("ci"), "{listed}");
    assert!(!listed.contains(token) && !host.log().contains(token) && !host.log().contains(&admin));
    // Every command that talks to a host takes the token.
    remote(&["deliveries", "list"]);
    remote(&["keys", "revoke", id]);
    assert_eq!(status(&host, token), 401);
}

#[test]
fn keys_and_usage_survive_a_kill_and_a_stop() {
    let folder = Folder::new("host");
    let recipe = Recipe::new().section(TOKENS);
    let configuration = recipe.write(&folder);
    let key = printed(&nuncio(&configuration, &["keys", "create", "--project", "tests", "--role", "member"]));
    let mut host = recipe.start_in(folder);
    host.restart();
    let send = |host: &Host, method: &str, path: &str, body: &[u8]| {
        let mut client = Client::connect(host.address()).unwrap();
        client.send(method, path, &[("X-Auth-Token", &key)], body).unwrap()
    };
    let body = br#"{"messages": [{"body": "one"}, {"body": "two"}]}"#;
    send(&host, "POST", "/v2/queues/q/messages", body).expect(201);
    host.stop();
    host.start();
    let usage = send(&host, "GET", "/v2/usage", b"").expect(200).json();
    assert_eq!((&usage["total"]["messages"], &usage["total"]["bytes"]), (&2.into(), &10.into()), "{usage}");
}

#[test]
fn a_connection_ends_with_its_token() {
    let (clock, folder) = (WallClock::new(), Folder::new("host"));
    let recipe = Recipe::new()
        .section(&format!("{TOKENS}\n[websocket]\nping_interval = \"100ms\""))
        .envs(clock.environment());
    let make = ["keys", "create", "--project", "tests", "--role", "member", "--ttl", "1h"];
    let token = printed(&nuncio(&recipe.write(&folder), &make));
    let host = recipe.start_in(folder);
    let mut socket = Socket::connect(host.address());
    assert_eq!(socket.authenticate(&token), 200);
    socket.ask("queue_create", &json!({"queue_name": "q"}), 201);
    clock.set(7200);
    assert_eq!(socket.closed(), (4003, "Authentication expired.".to_owned()));
    assert_eq!(Socket::connect(host.address()).authenticate(&token), 401);
}

#[test]
fn the_listener_speaks_tls_and_takes_new_certificates_without_a_restart() {
    let folder = Folder::new("host");
    let first = Authority::in_folder(&folder);
    let served = Folder::new("served");
    let place = |authority: &Authority| {
        std::fs::copy(&authority.certificate, served.join("tls.crt")).unwrap();
        std::fs::copy(&authority.key, served.join("tls.key")).unwrap();
    };
    place(&first);
    let tls = format!("[http.tls]\ncert = \"{0}/tls.crt\"\nkey = \"{0}/tls.key\"\n", served.path().display());
    let mut host = Recipe::new().section(&tls).start_tls_in(folder);
    let url = until("the host to listen", SOON, || {
        let log = host.log();
        let (_, rest) = log.split_once("listening on https://")?;
        Some(format!("https://{}", rest.lines().next()?.trim()))
    });
    let curl = |authority: &Authority, more: &[&str]| {
        let mut curl = command("curl", SOON);
        curl.args(["-sS", "--cacert"]).arg(&authority.ca_file).args(["-H", "X-Project-ID: p"]).args(more);
        curl
    };
    let health = format!("{url}/healthz");
    let versions = ["-o", "/dev/null", "-w", "%{http_version} %{http_code}"];
    let http2 = succeed(curl(&first, &versions).args(["--http2", "--tlsv1.3", &health]));
    assert_eq!(http2, "2 200");
    let http1 = succeed(curl(&first, &versions).args(["--http1.1", "--tls-max", "1.2", &health]));
    assert_eq!(http1, "1.1 200");
    assert!(!run(curl(&first, &[]).args(["--tls-max", "1.1", &health])).status.success());

    let other = Folder::new("other");
    let second = Authority::in_folder(&other);
    place(&second);
    succeed(curl(&first, &["-X", "POST"]).arg(format!("{url}/v2/reload")));
    succeed(curl(&second, &[]).arg(&health));
    assert!(!run(curl(&first, &[]).arg(&health)).status.success());
    // Bad files are said, and change nothing.
    std::fs::write(served.join("tls.key"), "rubbish").unwrap();
    let reloaded = succeed(curl(&second, &["-X", "POST"]).arg(format!("{url}/v2/reload")));
    assert!(reloaded.contains("tls.key"), "{reloaded}");
    succeed(curl(&second, &[]).arg(&health));
    host.kill();
}
