//! What matching looks at, and what it finds.

use std::{cell::OnceCell, sync::Arc};

use bytes::Bytes;
use nuncio_core::{Attributes, LaneId, MAX_RECIPIENTS, Matched, filter::Filter, packed};
use serde_json::Value;

use crate::storage::StoreError;

/// Who wants a message. Cloning copies no list.
#[derive(Clone, Debug)]
pub(in crate::storage::sqlite) struct Wanted {
    /// The targets, as the message lists them.
    pub(in crate::storage::sqlite) matched: Arc<[Matched]>,
    /// The same as it is stored.
    pub(in crate::storage::sqlite) packed: Arc<[u8]>,
    /// The lane of each.
    pub(in crate::storage::sqlite) lanes: Arc<[LaneId]>,
    /// How many recipients they have.
    pub(in crate::storage::sqlite) recipients: u64,
}

impl Wanted {
    /// Those targets, each with its lane.
    pub(in crate::storage::sqlite) fn new(
        targets: impl Iterator<Item = (Matched, LaneId)>,
    ) -> Result<Self, StoreError> {
        let (matched, lanes): (Vec<_>, Vec<_>) = targets.unzip();
        let recipients: u64 = matched.iter().map(|one: &Matched| u64::from(one.addresses)).sum();
        if recipients > u64::from(MAX_RECIPIENTS) {
            return Err(StoreError::Full {
                limit: "recipients of one message",
                value: MAX_RECIPIENTS.into(),
            });
        }
        let packed = packed::matched(&matched).into();
        Ok(Self { matched: matched.into(), packed, lanes: lanes.into(), recipients })
    }

    /// About how much memory it takes, bytes.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.matched) + size_of_val(&*self.lanes) + self.packed.len() + size_of::<Self>()
    }
}

/// The body of a message, read as JSON when it is first asked for, and once.
#[derive(Debug)]
pub(in crate::storage::sqlite) struct Body {
    bytes: Bytes,
    json: OnceCell<Option<Value>>,
}

impl Body {
    /// Those bytes.
    pub(in crate::storage::sqlite) fn new(bytes: Bytes) -> Self {
        Self { bytes, json: OnceCell::new() }
    }

    /// The body as JSON, if it is JSON.
    pub(in crate::storage::sqlite) fn json(&self) -> Option<&Value> {
        self.json.get_or_init(|| serde_json::from_slice(&self.bytes).ok()).as_ref()
    }
}

/// A message as filters see it.
#[derive(Clone, Copy, Debug)]
pub(in crate::storage::sqlite) struct Seen<'m> {
    /// Its attributes.
    pub(in crate::storage::sqlite) attributes: &'m Attributes,
    /// Its body.
    pub(in crate::storage::sqlite) body: &'m Body,
}

impl Seen<'_> {
    /// Whether it passes `filter`.
    pub(super) fn passes(&self, filter: &Filter) -> bool {
        filter.matches(self.attributes, || self.body.json())
    }
}
