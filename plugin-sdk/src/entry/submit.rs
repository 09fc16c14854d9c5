//! Deliveries begin.

use std::sync::Arc;

use nuncio_core::{
    Batch, Notice, Outcomes,
    abi::{self, Status},
    abi_read,
};

use super::{
    batch::{Copies, Items},
    complete::{Ended, complete},
    flight::{End, Flight, Work, poll_once},
    foreign::array,
    instance::{Instance, leave},
    panics::caught,
    view::{Lent, View},
};

/// A delivery that was first looked at.
enum Begun {
    Ended(Ended),
    Goes(Work<Outcomes>),
}

/// Begins the delivery of each of `notices`: what ends at once is completed before this returns. Says how many were
/// taken.
///
/// # Safety
/// `notices` are `count` pointers to notices of the host, each of which lives until its token is completed.
pub(super) unsafe fn submit(
    instance: &Arc<Instance>,
    notices: *const *const abi::Notice,
    count: usize,
) -> (Status, usize) {
    let Some(inside) = instance.gate.enter() else { return (abi::CLOSED, 0) };
    let context = instance.handle.enter();
    // SAFETY: the caller's promise.
    let notices = unsafe { array(notices, count) };
    let taken = if let ([notice], 1) = (notices, instance.batch) {
        // SAFETY: the caller's promise.
        unsafe { one(instance, *notice) }
    } else if instance.batch == 1 {
        // SAFETY: the caller's promise.
        unsafe { several(instance, notices) }
    } else {
        // SAFETY: the caller's promise.
        unsafe { batches(instance, notices) }
    };
    drop(context);
    inside.leave(|| instance.underway.forget_early());
    (if taken == count { abi::OK } else { abi::BUSY }, taken)
}

/// # Safety
/// As [`submit`].
unsafe fn one(instance: &Arc<Instance>, notice: *const abi::Notice) -> usize {
    if instance.underway.is_full() {
        return 0;
    }
    // SAFETY: the caller's promise.
    let (token, begun) = unsafe { (token_of(notice), begin(instance, notice)) };
    match begun {
        Begun::Ended(ended) => complete(&instance.host, &[(token, ended)]),
        Begun::Goes(work) => instance.deliver_on(token, work),
    }
    1
}

/// # Safety
/// As [`submit`].
unsafe fn several(instance: &Arc<Instance>, notices: &[*const abi::Notice]) -> usize {
    let (mut done, mut taken) = (Vec::with_capacity(notices.len()), 0);
    for notice in notices {
        if instance.underway.is_full() {
            break;
        }
        taken += 1;
        // SAFETY: the caller's promise.
        let (token, begun) = unsafe { (token_of(*notice), begin(instance, *notice)) };
        match begun {
            Begun::Ended(ended) => done.push((token, ended)),
            Begun::Goes(work) => instance.deliver_on(token, work),
        }
    }
    complete(&instance.host, &done);
    taken
}

/// Reads a notice and looks at its delivery once; a panic in either is its end.
///
/// # Safety
/// As [`submit`].
unsafe fn begin(instance: &Arc<Instance>, notice: *const abi::Notice) -> Begun {
    let begun = caught(|| {
        // SAFETY: the view is within the work, which is dropped before its token is completed.
        let view = match unsafe { View::read(notice, &instance.targets, &mut Lent) } {
            Ok(view) => view,
            Err(why) => return Begun::Ended(Ended::unreadable(why)),
        };
        let driver = Arc::clone(&instance.driver);
        let mut work = Box::pin(async move {
            let notice = view.notice();
            driver.deliver(&notice).await
        });
        match poll_once(work.as_mut()) {
            Some(outcomes) => Begun::Ended(Ended::Said(outcomes)),
            None => Begun::Goes(work),
        }
    });
    begun.unwrap_or_else(|told| Begun::Ended(Ended::panicked(told)))
}

/// Gives the driver as many at once as it takes.
///
/// # Safety
/// As [`submit`].
unsafe fn batches(instance: &Arc<Instance>, notices: &[*const abi::Notice]) -> usize {
    let mut taken = 0;
    for notices in notices.chunks(instance.batch) {
        if instance.underway.is_full() {
            break;
        }
        // SAFETY: the caller's promise.
        unsafe { batch(instance, notices) };
        taken += notices.len();
    }
    taken
}

/// # Safety
/// As [`submit`].
unsafe fn batch(instance: &Arc<Instance>, notices: &[*const abi::Notice]) {
    let (mut copies, mut views) = (Copies::default(), Vec::with_capacity(notices.len()));
    let (mut tokens, mut done) = (Vec::with_capacity(notices.len()), Vec::new());
    for notice in notices {
        // SAFETY: the caller's promise.
        let token = unsafe { token_of(*notice) };
        // SAFETY: the copies live as long as the views, within the work.
        match caught(|| unsafe { View::read(*notice, &instance.targets, &mut copies) }) {
            Ok(Ok(view)) => {
                tokens.push(token);
                views.push(view);
            }
            Ok(Err(why)) => done.push((token, Ended::unreadable(why))),
            Err(told) => done.push((token, Ended::panicked(told))),
        }
    }
    if views.is_empty() {
        return complete(&instance.host, &done);
    }
    let items = Items::new(&tokens, Arc::clone(&instance.host), Arc::clone(&instance.underway));
    let (driver, settle) = (Arc::clone(&instance.driver), Arc::clone(&items));
    let mut work: Work<()> = Box::pin(async move {
        let _copies = copies;
        let notices: Vec<Notice<'_>> = views.iter().map(View::notice).collect();
        driver.deliver_batch(&Batch::new(&notices, &*settle)).await;
    });
    let end = match caught(|| poll_once(work.as_mut())) {
        Ok(Some(())) => End::Done(()),
        Err(told) => End::Panicked(told),
        Ok(None) => {
            done.extend(items.goes_on());
            complete(&instance.host, &done);
            return fly(instance, work, items);
        }
    };
    if let Err(told) = caught(|| drop(work)) {
        instance.host.error(module_path!(), &format!("a batch's end {told}"));
    }
    done.extend(items.ended_at_once(end));
    complete(&instance.host, &done);
}

/// Carries a batch on the runtime.
fn fly(instance: &Arc<Instance>, work: Work<()>, items: Arc<Items>) {
    let (cancel, seat) = (items.cancel(), instance.underway.seat());
    let held = Arc::clone(instance);
    let tell = move |end| {
        items.ended(end);
        leave(held, seat);
    };
    instance.handle.spawn(Flight::new(work, cancel, tell));
}

/// # Safety
/// `notice` is one of the host.
unsafe fn token_of(notice: *const abi::Notice) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { abi_read!(notice, abi::Notice, token, 0) }
}
