//! Messages claimed one by one, and deleted.

use std::rc::Rc;

use anyhow::{Context as _, Result, ensure};
use nuncio_benches::{Letter, Line, machine::now_ns};

use super::floor::Floor;

/// Claims and deletes a message of `queue` whenever the last one is gone, until one finds none.
pub(super) async fn claim(floor: Rc<Floor>, mut line: Line, queue: String) -> Result<()> {
    let path = format!("/v2/queues/{queue}/claims?limit=1");
    let claim = line.request("POST", &path, br#"{"ttl": 300, "grace": 60}"#);
    while floor.open() {
        let stamp = now_ns();
        let said = line.ask(&claim).await?;
        if said.status == 204 {
            floor.close();
            break;
        }
        ensure!(said.status == 201, "a claim was answered {}: {}", said.status, said.text());
        let (number, _) = Letter::find(said.body).context("a claim holds no letter")?;
        let path = href(said.body)
            .with_context(|| format!("a claim without a message: {}", said.text()))?
            .to_owned();
        let delete = line.request("DELETE", &path, b"");
        let said = line.ask(&delete).await?;
        ensure!(said.status == 204, "{path} was answered {}: {}", said.status, said.text());
        floor.journal.borrow_mut().arrived(0, number, stamp, now_ns());
        floor.finish(stamp);
    }
    Ok(())
}

/// The path of the first message of a claim, with the claim's id.
fn href(body: &[u8]) -> Option<&str> {
    let (_, rest) = str::from_utf8(body).ok()?.split_once("\"href\":\"")?;
    rest.split_once('"').map(|(path, _)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_message_is_found() {
        assert_eq!(
            href(br#"{"messages":[{"id":"m","href":"/v2/m?claim_id=1","ttl":60}]}"#),
            Some("/v2/m?claim_id=1")
        );
        assert_eq!(href(b"{}"), None);
    }
}
