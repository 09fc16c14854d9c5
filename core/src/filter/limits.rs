//! What bounds a policy.

/// How deep the keys of a policy may be nested.
pub const MAX_DEPTH: usize = 20;
/// How many `*` a wildcard pattern may have.
pub const MAX_WILDCARDS: usize = 10;
/// How many values of a message one evaluation looks at; those that lists have beyond it match nothing.
pub const MAX_VALUES: usize = 10_000;

/// The most that a policy may have. The default is what Amazon SNS documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Keys with conditions (`queues.max_filter_keys`).
    pub keys: usize,
    /// Combinations of values: those of each key multiplied with each other, and in a body with the depth of the key
    /// (`queues.max_filter_combinations`).
    pub combinations: u64,
    /// Bytes of the policy as JSON (`queues.max_filter_size`).
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { keys: 5, combinations: 150, bytes: 256 << 10 }
    }
}
