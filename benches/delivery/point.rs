//! A point at which everything is measured, and the axes along which points lie.

use serde::Serialize;

use crate::outside::Behaviour;

/// What is posted, to whom.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Point {
    /// What it is called.
    pub(crate) name: String,
    /// Subscribers of the queue.
    pub(crate) fan_out: usize,
    /// Messages of a POST.
    pub(crate) batch: usize,
    /// The size of a message, bytes.
    pub(crate) body_bytes: usize,
    /// Whether the sink speaks TLS.
    pub(crate) tls: bool,
    /// Deliveries of a hundred that fail once.
    pub(crate) failing: u8,
}

impl Point {
    /// Fan-out 10, 1 kB, single posts.
    pub(crate) fn base() -> Self {
        Self { name: "base".to_owned(), fan_out: 10, batch: 1, body_bytes: 1000, tls: false, failing: 0 }
    }

    /// The points of an axis; none of one that is not there.
    pub(crate) fn axis(name: &str) -> Vec<Self> {
        let base = Self::base;
        let named = |point: Self, value: &str| Self { name: format!("{name} {value}"), ..point };
        match name {
            "base" => vec![base()],
            "fan-out" => {
                vec![named(Self { fan_out: 1, ..base() }, "1"), named(Self { fan_out: 100, ..base() }, "100")]
            }
            "batch" => vec![
                named(Self { batch: 20, ..base() }, "20"),
                named(Self { batch: 100, ..base() }, "100"),
                named(Self { batch: 20, fan_out: 1, ..base() }, "20, fan-out 1"),
            ],
            "body" => vec![
                named(Self { body_bytes: 200, ..base() }, "200 B"),
                named(Self { body_bytes: 16_000, ..base() }, "16 kB"),
            ],
            "tls" => vec![named(Self { tls: true, ..base() }, "on")],
            "failing" => vec![
                named(Self { failing: 1, ..base() }, "1 %"),
                named(Self { failing: 10, ..base() }, "10 %"),
            ],
            _ => Vec::new(),
        }
    }

    /// The names of all axes.
    pub(crate) const AXES: [&'static str; 6] = ["base", "fan-out", "batch", "body", "tls", "failing"];

    /// What its endpoints do.
    pub(crate) const fn behaviour(&self) -> Behaviour {
        match self.failing {
            0 => Behaviour::Take,
            percent => Behaviour::Fail(percent),
        }
    }
}
