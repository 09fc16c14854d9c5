//! The main job in one command.

use nuncio_tests::{
    binary,
    command::{command, run},
};

use crate::clock::SOON;

#[test]
fn demo_once_shows_drivers_deliveries_a_failure_and_its_recovery() {
    let output = run(command(binary(), SOON * 2).args(["demo", "--once"]));
    let account = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}\n{account}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    for part in ["http", "mailto", "log", "503", "delivered"] {
        assert!(account.contains(part), "the account does not speak of {part}:\n{account}");
    }
}
