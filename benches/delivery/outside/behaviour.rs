//! What an endpoint does, by its path: `/{behaviour}/{subscriber}`.

use std::fmt;

/// What an endpoint does with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// 200 at once.
    Take,
    /// 503 to the first try of so many deliveries of a hundred, 200 to all else.
    Fail(u8),
    /// Never answers.
    Hang,
    /// Cuts the connection.
    Reset,
    /// 200, a byte at a time.
    Drip,
}

impl Behaviour {
    /// The path of `subscriber`.
    pub(crate) fn path(self, subscriber: usize) -> String {
        format!("/{self}/{subscriber}")
    }

    /// Behaviour and subscriber of a path.
    pub(super) fn parse(path: &str) -> Option<(Self, usize)> {
        let (name, subscriber) = path.strip_prefix('/')?.split_once('/')?;
        let behaviour = match name {
            "take" => Self::Take,
            "hang" => Self::Hang,
            "reset" => Self::Reset,
            "drip" => Self::Drip,
            _ => Self::Fail(name.strip_prefix("fail")?.parse().ok()?),
        };
        Some((behaviour, subscriber.parse().ok()?))
    }
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Take => f.write_str("take"),
            Self::Fail(percent) => write!(f, "fail{percent}"),
            Self::Hang => f.write_str("hang"),
            Self::Reset => f.write_str("reset"),
            Self::Drip => f.write_str("drip"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_its_behaviour_and_its_subscriber() {
        use Behaviour::{Drip, Fail, Hang, Reset, Take};
        for behaviour in [Take, Fail(10), Hang, Reset, Drip] {
            assert_eq!(Behaviour::parse(&behaviour.path(7)), Some((behaviour, 7)));
        }
        for bad in ["", "/take", "/take/x", "/other/1", "take/1"] {
            assert_eq!(Behaviour::parse(bad), None, "{bad}");
        }
    }
}
