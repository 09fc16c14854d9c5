//! How much may be said of a message beside its body.

use nuncio_core::Attributes;

use super::door::IntakeError;
use crate::config::Queues;

/// Looks at the number and the size of a message's attributes, which stand at `place`.
pub(super) fn check(
    place: impl FnOnce() -> String,
    attributes: &Attributes,
    limits: &Queues,
) -> Result<(), IntakeError> {
    if attributes.is_empty() {
        return Ok(());
    }
    let (count, bytes) = (attributes.values().len(), attributes.stored().len());
    let why = if count > limits.max_attributes {
        format!("{count} attributes, and the most is {} (max_attributes)", limits.max_attributes)
    } else if bytes > limits.max_attributes_size {
        format!("{bytes} bytes of JSON, and the most is {} (max_attributes_size)", limits.max_attributes_size)
    } else {
        return Ok(());
    };
    Err(IntakeError::Limit(format!("{}: {why}: say it in the body", place())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use serde_json::{Map, Value};

    fn checked(count: usize, text: &str) -> Result<(), String> {
        let values: Map<_, _> = (0..count).map(|n| (format!("a{n}"), Value::from(text))).collect();
        let attributes = Attributes::new(values).unwrap();
        check(|| "attributes".to_owned(), &attributes, &Config::default().queues)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn number_and_size_are_bounded_by_name() {
        assert_eq!((checked(0, ""), checked(32, "x")), (Ok(()), Ok(())));
        let refusal = checked(33, "x").unwrap_err();
        assert!(refusal.starts_with("attributes: 33 ") && refusal.contains("max_attributes)"), "{refusal}");
        let refusal = checked(1, &"x".repeat(16_384)).unwrap_err();
        assert!(refusal.contains("max_attributes_size"), "{refusal}");
    }
}
