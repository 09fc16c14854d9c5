//! A driver that is a child process dies, and nothing is lost.

use std::{collections::BTreeSet, fs, path::Path};

use nuncio_tests::{Folder, Recipe, until};
use serde_json::{Value, json};

use crate::clock::SOON;

/// Dies at its 50th notice, once; writes the ids of what it delivered.
const DRIVER: &str = r#"
import json, os, sys
folder = sys.argv[1]
def say(**message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()
say(type="hello", protocol=1, manifest={"name": "mortal", "version": "1.0.0", "schemes": ["mortal"]})
seen = 0
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "create":
        say(type="ready")
    elif message["type"] == "notice":
        seen += 1
        if seen == 50 and not os.path.exists(folder + "/died"):
            open(folder + "/died", "w").close()
            os.kill(os.getpid(), 9)
        with open(folder + "/delivered", "a") as file:
            file.write(message["notice"]["id"] + "\n")
        say(type="completion", token=message["token"], reports=[{"outcome": "delivered"}])
    elif message["type"] == "shutdown":
        break
"#;

fn delivered(folder: &Path) -> Vec<String> {
    fs::read_to_string(folder.join("delivered")).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[test]
fn a_child_that_dies_in_the_middle_is_started_again_and_delivers_the_rest() {
    let folder = Folder::new("mortal");
    let script = folder.write("driver.py", DRIVER);
    let section = format!(
        "[[exec]]\nname = \"mortal\"\ncommand = [\"/usr/bin/python3\", \"{}\", \"{}\"]",
        script.display(),
        folder.path().display()
    );
    let host = Recipe::new().section(&section).start();
    host.subscribe("q", "mortal:anybody", &json!({}));
    for from in [0, 100] {
        let bodies: Vec<Value> = (from..from + 100).map(|n| json!(n)).collect();
        host.post("q", &bodies);
    }
    until("all to be delivered", SOON, || {
        let ids: BTreeSet<_> = delivered(folder.path()).into_iter().collect();
        (ids.len() == 200).then_some(())
    });
    assert!(folder.join("died").exists());
    until("all to be settled", SOON, || {
        (host.deliveries("queue=q&state=delivered").len() == 200).then_some(())
    });
    assert!(host.deliveries("queue=q&state=dead").is_empty());
}
