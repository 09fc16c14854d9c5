//! MessagePack as far as JSON can hold it: what it has beyond that is refused, never bent.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Values nested deeper than this are refused, as in JSON.
const MAX_DEPTH: usize = 100;

/// The JSON text of one MessagePack value.
///
/// # Errors
/// Why it is none, or what JSON cannot hold.
pub(super) fn to_json(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut reader = rmp_serde::Deserializer::new(bytes);
    // It counts the innermost values too.
    reader.set_max_depth(MAX_DEPTH + 1);
    let value = Plain.deserialize(&mut reader).map_err(|error| error.to_string())?;
    let left = reader.get_ref().len();
    if left > 0 {
        return Err(format!("{left} bytes follow the first value"));
    }
    serde_json::to_vec(&value).map_err(|error| error.to_string())
}

/// The MessagePack of a JSON text.
///
/// # Errors
/// When it is not JSON.
pub(super) fn of_json(text: &[u8]) -> Result<Vec<u8>, String> {
    let value: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    rmp_serde::to_vec(&value).map_err(|error| error.to_string())
}

/// Reads a value that JSON can hold.
struct Plain;

impl<'de> DeserializeSeed<'de> for Plain {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Plain {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON can hold")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        let value =
            i64::try_from(value).map_err(|_| E::custom("an integer that is too large for 64 bits"))?;
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value);
        number
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number that is not finite, which JSON cannot hold"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_bytes<E: Error>(self, _: &[u8]) -> Result<Value, E> {
        Err(E::custom("a binary value, which JSON cannot hold: send a string"))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, _: D) -> Result<Value, D::Error> {
        Err(D::Error::custom("an extension value, which JSON cannot hold: send a string or a number"))
    }

    // What a length says is not believed: room is made for what comes.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(value) = list.next_element_seed(Self)? {
            all.push(value);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(key) = members.next_key_seed(Self)? {
            let Value::String(key) = key else {
                return Err(A::Error::custom("a map whose key is not a string, which JSON cannot hold"));
            };
            all.insert(key, members.next_value_seed(Self)?);
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(bytes: &[u8]) -> Result<Value, String> {
        to_json(bytes).map(|text| serde_json::from_slice(&text).unwrap())
    }

    #[test]
    fn what_json_can_hold_is_taken() {
        // {"a": [1, -1, 1.5, nil, true, "é"]}, by the specification's own bytes.
        let bytes = b"\x81\xa1a\x96\x01\xff\xcb\x3f\xf8\0\0\0\0\0\0\xc0\xc3\xa2\xc3\xa9";
        assert_eq!(read(bytes).unwrap(), json!({"a": [1, -1, 1.5, null, true, "é"]}));
        assert_eq!(read(b"\xcf\x7f\xff\xff\xff\xff\xff\xff\xff").unwrap(), json!(i64::MAX));
    }

    #[test]
    fn what_json_cannot_hold_is_named() {
        for (bytes, why) in [
            (&b"\xc4\x01x"[..], "binary value"),
            (b"\xd4\x05x", "extension value"),
            (b"\xd6\xff\0\0\0\0", "extension value"),
            (b"\xca\x7f\xc0\0\0", "not finite"),
            (b"\xcf\x80\0\0\0\0\0\0\0", "too large"),
            (b"\x81\x01\x02", "key is not a string"),
            (b"\x01\x02", "1 bytes follow"),
            (b"\xc1", ""),
            (b"", ""),
            (b"\xdd\xff\xff\xff\xff\x01", ""),
            (b"\xa1\xff", ""),
        ] {
            let error = read(bytes).unwrap_err();
            assert!(error.contains(why), "{bytes:?}: {error}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| [vec![0x91; depth], vec![0x01]].concat();
        assert!(read(&nested(MAX_DEPTH)).is_ok());
        assert!(read(&nested(MAX_DEPTH + 1)).is_err());
        assert!(read(&nested(100_000)).is_err());
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            // Of which the text says all.
            any::<i32>().prop_map(|number| Value::from(f64::from(number) / 8.0)),
            "\\PC*".prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::btree_map("\\PC{0,8}", inner, 0..8)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(text) = to_json(&bytes) {
                prop_assert!(serde_json::from_slice::<Value>(&text).is_ok());
            }
        }

        #[test]
        fn every_json_value_comes_back(value in values()) {
            let packed = of_json(value.to_string().as_bytes()).unwrap();
            prop_assert_eq!(read(&packed).unwrap(), value);
        }
    }
}
