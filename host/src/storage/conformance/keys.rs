//! API keys are kept, counted and removed.

use super::bench::Bench;
use crate::storage::{KeyRow, StoreError};

super::promises! {
    a_key_is_kept_until_it_is_removed,
    there_are_no_more_keys_than_are_allowed,
}

fn key(id: &str) -> KeyRow {
    KeyRow {
        id: id.to_owned(),
        project: "p".to_owned(),
        name: "ci".to_owned(),
        roles: vec!["member".to_owned()],
        hash: [7; 32],
        created: 1,
        expires: 0,
        used: 0,
    }
}

async fn a_key_is_kept_until_it_is_removed(bench: Bench) {
    let store = &bench.store;
    store.key_add(key("b"), 9).await.unwrap();
    store.key_add(key("a"), 9).await.unwrap();
    store.key_used("a", 5).await.unwrap();
    let used = KeyRow { used: 5, ..key("a") };
    assert_eq!(store.keys().await.unwrap(), [used, key("b")]);
    assert!(store.key_remove("b").await.unwrap());
    assert!(!store.key_remove("b").await.unwrap());
    assert_eq!(store.keys().await.unwrap().len(), 1);
}

async fn there_are_no_more_keys_than_are_allowed(bench: Bench) {
    let store = &bench.store;
    store.key_add(key("a"), 1).await.unwrap();
    let refused = store.key_add(key("b"), 1).await.unwrap_err();
    assert_eq!(refused, StoreError::TooMany { limit: "auth.max_keys", value: 1 });
    assert!(store.key_remove("a").await.unwrap());
    store.key_add(key("b"), 1).await.unwrap();
}
