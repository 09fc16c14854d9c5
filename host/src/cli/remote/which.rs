//! Which deliveries are meant: the filter that listing, replaying and cancelling share.

use nuncio_core::{Clock as _, duration::parse_duration};
use serde_json::{Map, Value};

use crate::clock::System;

#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Which {
    /// Of this queue
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
    /// Of this subscription
    #[arg(long, value_name = "ID")]
    subscription: Option<String>,
    /// To this destination, as `deliveries list` shows it
    #[arg(long, value_name = "NAME")]
    destination: Option<String>,
    /// By this driver
    #[arg(long, value_name = "NAME")]
    driver: Option<String>,
    /// From then on: RFC 3339, Unix seconds, or how long ago, like `2h`
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<Value>,
    /// Before then
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<Value>,
}

impl Which {
    /// The members of a filter.
    pub(super) fn members(&self) -> Map<String, Value> {
        let text = |value: &Option<String>| value.clone().map(Value::from);
        let members = [
            ("queue", text(&self.queue)),
            ("subscription", text(&self.subscription)),
            ("destination", text(&self.destination)),
            ("driver", text(&self.driver)),
            ("from", self.from.clone()),
            ("to", self.to.clone()),
        ];
        members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

/// A time as the host reads it. How long ago something was is counted back from now.
fn time(text: &str) -> Result<Value, String> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Ok(seconds.into());
    }
    match parse_duration(text) {
        Ok(ago) => {
            let ms = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
            Ok(System.now_ms().saturating_sub(ms).div_euclid(1000).into())
        }
        Err(_) if text.contains('T') => Ok(text.into()),
        Err(_) => {
            Err("write a time like 2026-01-31T09:00:00Z, Unix seconds, or how long ago, like 2h".into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_absolute_or_how_long_ago() {
        assert_eq!(time("1700000000").unwrap(), 1_700_000_000);
        assert_eq!(time("2026-01-31T09:00:00Z").unwrap(), "2026-01-31T09:00:00Z");
        let (now, ago) = (System.now_ms() / 1000, time("2h").unwrap().as_i64().unwrap());
        assert!((now - 7200..=now - 7100).contains(&ago), "{ago}");
        assert!(time("yesterday").is_err());
    }
}
