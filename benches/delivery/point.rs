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
    /// Addresses over which the subscribers are spread: what breaks together has one.
    pub(crate) endpoints: usize,
    /// Subscribers whose endpoint never answers.
    pub(crate) hanging: usize,
}

impl Point {
    /// Fan-out 10, 1 kB, single posts.
    pub(crate) fn base() -> Self {
        Self {
            name: "base".to_owned(),
            fan_out: 10,
            batch: 1,
            body_bytes: 1000,
            tls: false,
            failing: 0,
            endpoints: 1,
            hanging: 0,
        }
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
            "hanging" => [0, 1, 10]
                .map(|hanging| {
                    let point = Self { fan_out: 100, endpoints: 100, hanging, ..base() };
                    named(point, &format!("{hanging} of 100"))
                })
                .into(),
            _ => Vec::new(),
        }
    }

    /// The names of all axes.
    pub(crate) const AXES: [&'static str; 8] =
        ["base", "fan-out", "batch", "body", "tls", "failing", "hanging", "ballast"];

    /// What the endpoint of a subscriber does.
    pub(crate) const fn behaviour(&self, subscriber: usize) -> Behaviour {
        match self.failing {
            _ if subscriber < self.hanging => Behaviour::Hang,
            0 => Behaviour::Take,
            percent => Behaviour::Fail(percent),
        }
    }

    /// How many deliveries of a message arrive.
    pub(crate) const fn healthy(&self) -> usize {
        self.fan_out - self.hanging
    }
}
