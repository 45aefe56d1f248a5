//! How what is shared, or signed, goes into a saved run: as the value itself, or in the ledger's own encoding. What was
//! shared comes back as copies that say the same.

use std::fmt;
use std::sync::Arc;

use goshawk_ledger::Canonical;
use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes, as the ledger encodes something.
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsBytes;

        impl Visitor<'_> for AsBytes {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }

        deserializer.deserialize_bytes(AsBytes)
    }
}

/// A value of the ledger.
pub(crate) mod value {
    use super::*;

    pub(crate) fn serialize<T: Canonical, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&value.to_bytes())
    }

    pub(crate) fn deserialize<'de, T: Canonical, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        T::from_bytes(&Bytes::deserialize(deserializer)?.0).map_err(D::Error::custom)
    }
}

/// A shared value of the ledger.
pub(crate) mod shared_value {
    use super::*;

    pub(crate) fn serialize<T: Canonical, S: Serializer>(
        value: &Arc<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value::serialize(&**value, serializer)
    }

    pub(crate) fn deserialize<'de, T: Canonical, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<T>, D::Error> {
        value::deserialize(deserializer).map(Arc::new)
    }
}

/// A list of shared values of the ledger.
pub(crate) mod list {
    use super::*;

    pub(crate) fn serialize<T: Canonical, L: AsRef<[Arc<T>]>, S: Serializer>(
        list: &L,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let list = list.as_ref();
        let mut out = Vec::new();
        (list.len() as u64).write(&mut out);
        list.iter().for_each(|value| value.write(&mut out));
        serializer.serialize_bytes(&out)
    }

    pub(crate) fn deserialize<'de, T: Canonical, L: FromIterator<Arc<T>>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<L, D::Error> {
        let list: Vec<T> = value::deserialize(deserializer)?;
        Ok(list.into_iter().map(Arc::new).collect())
    }
}

/// A shared value that is not of the ledger.
pub(crate) mod shared {
    use super::*;

    pub(crate) fn serialize<T: Serialize, S: Serializer>(
        value: &Arc<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        T::serialize(value, serializer)
    }

    pub(crate) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<T>, D::Error> {
        T::deserialize(deserializer).map(Arc::new)
    }
}

/// A shared value of the ledger, to be put by itself.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Shared<T: Canonical>(#[serde(with = "shared_value")] pub(crate) Arc<T>);

/// A list of shared values of the ledger, to be put by itself.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct List<T: Canonical>(#[serde(with = "list")] pub(crate) Vec<Arc<T>>);
