//! Reading the backlog.

use nuncio_core::{Cursor, MessageId, State, Why};

use super::bench::{Bench, closed, dead, key, waits};

async fn the_backlog_is_what_has_no_entry_and_no_row(mut bench: Bench) {
    bench.subscribe("a.example,b.example,c.example,d.example").await;
    let ids = bench.post(&["1", "2"]).await.ids;
    let fresh = bench.fresh().await.remove(0);
    bench
        .record(vec![
            closed(key(ids[0], 1), State::Delivered, false),
            waits(key(ids[0], 2), fresh.lane, fresh.target, 500, Why::Retry),
            dead(key(ids[1], 0), fresh.lane, fresh.target, false),
        ])
        .await;
    let open: Vec<_> = [(0, 0), (0, 3), (1, 1), (1, 2), (1, 3)].map(|(m, idx)| key(ids[m], idx)).to_vec();
    for max in [1, 2, 3, 100] {
        assert_eq!(bench.backlog(max).await, open, "pages of {max}");
    }
}

async fn a_page_comes_back_as_it_was_handed_over(mut bench: Bench) {
    bench.subscribe("a.example,b.example").await;
    bench.subscribe("c.example").await;
    bench.post(&["1", "22"]).await;
    let fresh = bench.fresh().await;
    let page = bench.store.scan(Cursor::default(), 100).await.unwrap();
    assert_eq!(page.fresh, fresh);
    assert!(page.end && page.reached == fresh[3].message);
    assert_eq!(page.next, Cursor { message: MessageId(page.reached.0 + 1), idx: 0 });
}

async fn a_target_is_not_split_between_pages(bench: Bench) {
    bench.subscribe("a.example,b.example,c.example").await;
    bench.subscribe("d.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    let page = bench.store.scan(Cursor::default(), 2).await.unwrap();
    assert_eq!(page.fresh.iter().map(|one| one.open.clone()).collect::<Vec<_>>(), [vec![0, 1, 2]]);
    assert_eq!((page.next, page.end), (Cursor { message: id, idx: 3 }, false));
}

async fn it_goes_on_in_the_middle_of_a_message(bench: Bench) {
    bench.subscribe("a.example,b.example").await;
    bench.subscribe("c.example").await;
    let id = bench.post(&["1"]).await.ids[0];
    let page = bench.store.scan(Cursor { message: id, idx: 1 }, 10).await.unwrap();
    let open: Vec<_> = page.fresh.iter().map(|one| (one.first, one.open.clone())).collect();
    assert_eq!(open, [(0, vec![1]), (2, vec![2])]);
}

async fn blocks_of_ids_are_told_apart(mut bench: Bench) {
    bench.subscribe("a.example").await;
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.extend(bench.post(&["1"]).await.ids);
        bench.fresh().await;
        bench.turn(100);
    }
    let (even, odd): (Vec<_>, Vec<_>) =
        ids.iter().map(|id| key(*id, 0)).enumerate().partition(|(n, _)| n % 2 == 0);
    bench.record(even.into_iter().map(|(_, key)| closed(key, State::Delivered, false)).collect()).await;
    let open: Vec<_> = odd.into_iter().map(|(_, key)| key).collect();
    assert_eq!(bench.backlog(3).await, open);
}

async fn what_is_too_much_to_hand_over_is_found_from_where_it_begins(mut bench: Bench) {
    for n in 0..10 {
        bench.subscribe(&format!("{n}.example")).await;
    }
    bench.post(&vec!["1"; 7_000]).await;
    let commit = bench.brought().await;
    let rest = commit.rest.expect("70,000 notices are too much for one commit to hand over");
    assert!(commit.fresh.iter().all(|one| Cursor { message: one.message, idx: one.first } < rest));
    let (mut cursor, mut found) = (rest, 0);
    loop {
        let page = bench.store.scan(cursor, 10_000).await.unwrap();
        found += page.fresh.len();
        cursor = page.next;
        if page.end {
            break;
        }
    }
    assert_eq!(commit.fresh.len() + found, 70_000);
}

async fn an_empty_store_has_no_backlog(bench: Bench) {
    let page = bench.store.scan(Cursor::default(), 10).await.unwrap();
    assert!(page.end && page.fresh.is_empty() && page.reached == MessageId::NONE);
}

super::promises! {
    the_backlog_is_what_has_no_entry_and_no_row,
    a_page_comes_back_as_it_was_handed_over,
    a_target_is_not_split_between_pages,
    it_goes_on_in_the_middle_of_a_message,
    blocks_of_ids_are_told_apart,
    what_is_too_much_to_hand_over_is_found_from_where_it_begins,
    an_empty_store_has_no_backlog,
}
