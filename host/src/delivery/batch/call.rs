use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
};

use nuncio_core::{Batch, Entry};
use tokio::time::{Instant, sleep_until};

use super::board::{Board, Waiting};
use crate::delivery::{answer::Answer, panics::contained, prepared::Prepared};

/// Calls the driver once, until it has ended or every item has its outcome or is too late: then the call is dropped.
pub(super) async fn call(entry: &Entry, items: Vec<(Arc<Prepared>, Waiting)>) {
    let (prepared, waiting): (Vec<_>, Vec<_>) = items.into_iter().unzip();
    let opened: Vec<_> = prepared.iter().map(|one| one.opened()).collect();
    let notices: Vec<_> = opened.iter().map(|one| one.notice()).collect();
    let board = Board::new(waiting);
    let batch = Batch::new(&notices, &board);
    let mut call = pin!(contained(entry.driver.deliver_batch(&batch)));
    while let Some(next) = board.next() {
        tokio::select! {
            biased;
            ended = ended_or_settled(call.as_mut(), &board) => return close(entry, &board, ended),
            () = sleep_until(next) => board.time_out(Instant::now()),
        }
    }
}

fn close(entry: &Entry, board: &Board, ended: Option<Result<(), String>>) {
    match ended {
        Some(Err(panic)) => {
            tracing::error!(driver = entry.manifest.name, panic, "a driver panicked");
            board.close(|| Answer::panicked(&panic));
        }
        Some(Ok(())) => board.close(Answer::silent),
        None => {}
    }
}

/// How the call ended; `None` when there is nothing left that it could say.
async fn ended_or_settled(
    mut call: Pin<&mut impl Future<Output = Result<(), String>>>,
    board: &Board,
) -> Option<Result<(), String>> {
    poll_fn(|context| match call.as_mut().poll(context) {
        Poll::Ready(ended) => Poll::Ready(Some(ended)),
        Poll::Pending if board.next().is_none() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}
