//! The canonical byte encoding: one value, one byte string, both ways.
//!
//! | kind | bytes |
//! |---|---|
//! | unsigned integer | LEB128, shortest form only |
//! | signed integer | zigzag, then LEB128 |
//! | digest, signature | as they are |
//! | string, list | length, then the elements |
//! | enum | a tag byte, then the fields |
//!
//! Reading refuses whatever writing would not have produced (padded integers, unknown tags, bytes left over), so
//! that a stored record and its meaning cannot differ.

use goshawk_market::quantity::{Energy, Money, Price};

use crate::digest::Digest;

/// Bytes that no value encodes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end in the middle of a value.
    #[error("the bytes end in the middle of a value")]
    Truncated,
    /// Bytes are left over after the value.
    #[error("{0} bytes are left over after the value")]
    Trailing(usize),
    /// An integer is longer than needed, or does not fit its type.
    #[error("an integer is not in its shortest form or does not fit")]
    Integer,
    /// No variant of this type has this tag.
    #[error("{what} has no variant with tag {tag}")]
    Tag {
        /// The type.
        what: &'static str,
        /// The tag.
        tag: u8,
    },
    /// A string is not UTF-8.
    #[error("a string is not UTF-8")]
    Text,
    /// A value that is well-formed but breaks a rule of its type.
    #[error("{0}")]
    Invalid(&'static str),
}

/// A value with a canonical encoding.
pub trait Canonical: Sized {
    /// Appends the encoding to `out`.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads one value from the front of `input`.
    ///
    /// # Errors
    /// When `input` does not start with an encoded value.
    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// The encoding.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    /// The value that `bytes` encode.
    ///
    /// # Errors
    /// When `bytes` are not the encoding of a value, or more than that.
    fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let value = Self::read(&mut input)?;
        match input.rest.len() {
            0 => Ok(value),
            left => Err(DecodeError::Trailing(left)),
        }
    }
}

/// A cursor over bytes to decode.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// From the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read.
    pub(crate) fn remaining(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `count` bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// The next byte, as a tag.
    pub(crate) fn tag(&mut self) -> Result<u8, DecodeError> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A list's length; each element takes at least a byte, so more than what remains is a lie.
    fn length(&mut self) -> Result<usize, DecodeError> {
        let length = usize::try_from(u64::read(self)?).map_err(|_| DecodeError::Integer)?;
        if length > self.rest.len() { Err(DecodeError::Truncated) } else { Ok(length) }
    }
}

impl Canonical for u64 {
    fn write(&self, out: &mut Vec<u8>) {
        let mut left = *self;
        while left >= 0x80 {
            out.push(left as u8 | 0x80);
            left >>= 7;
        }
        out.push(left as u8);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = input.tag()?;
            let bits = u64::from(byte & 0x7f);
            if (bits << shift) >> shift != bits || (byte == 0 && shift > 0) {
                return Err(DecodeError::Integer);
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(DecodeError::Integer)
    }
}

impl Canonical for u32 {
    fn write(&self, out: &mut Vec<u8>) {
        u64::from(*self).write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::try_from(u64::read(input)?).map_err(|_| DecodeError::Integer)
    }
}

impl Canonical for i64 {
    fn write(&self, out: &mut Vec<u8>) {
        (((self << 1) ^ (self >> 63)) as u64).write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let zigzag = u64::read(input)?;
        Ok((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }
}

impl Canonical for Digest {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array().map(Self)
    }
}

impl Canonical for String {
    fn write(&self, out: &mut Vec<u8>) {
        (self.len() as u64).write(out);
        out.extend_from_slice(self.as_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let length = input.length()?;
        let text = std::str::from_utf8(input.take(length)?).map_err(|_| DecodeError::Text)?;
        Ok(text.to_owned())
    }
}

impl<T: Canonical> Canonical for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        write_list(self, out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let length = input.length()?;
        (0..length).map(|_| T::read(input)).collect()
    }
}

impl<T: Canonical> Canonical for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            None => out.push(0),
            Some(value) => {
                out.push(1);
                value.write(out);
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match input.tag()? {
            0 => Ok(None),
            1 => T::read(input).map(Some),
            tag => Err(DecodeError::Tag { what: "option", tag }),
        }
    }
}

/// A list from a slice.
pub(crate) fn write_list<T: Canonical>(list: &[T], out: &mut Vec<u8>) {
    (list.len() as u64).write(out);
    list.iter().for_each(|element| element.write(out));
}

macro_rules! quantity {
    ($($name:ident),*) => {$(
        impl Canonical for $name {
            fn write(&self, out: &mut Vec<u8>) {
                self.micro().write(out);
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                i64::read(input).map(Self::from_micro)
            }
        }
    )*};
}

quantity!(Energy, Money, Price);

/// Derives [`Canonical`] for a struct by its fields in order.
macro_rules! canonical_struct {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl $crate::codec::Canonical for $name {
            fn write(&self, out: &mut Vec<u8>) {
                $(self.$field.write(out);)*
            }

            fn read(
                input: &mut $crate::codec::Reader<'_>,
            ) -> Result<Self, $crate::codec::DecodeError> {
                $(let $field = $crate::codec::Canonical::read(input)?;)*
                Ok(Self { $($field),* })
            }
        }
    };
}

/// Derives [`Canonical`] for an enum whose variants have named fields or none.
macro_rules! canonical_enum {
    ($name:ident { $($tag:literal => $variant:ident $({ $($field:ident),* })?),* $(,)? }) => {
        impl $crate::codec::Canonical for $name {
            fn write(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $({ $($field),* })? => {
                        out.push($tag);
                        $($($field.write(out);)*)?
                    })*
                }
            }

            fn read(
                input: &mut $crate::codec::Reader<'_>,
            ) -> Result<Self, $crate::codec::DecodeError> {
                match input.tag()? {
                    $($tag => {
                        $($(let $field = $crate::codec::Canonical::read(input)?;)*)?
                        Ok(Self::$variant $({ $($field),* })?)
                    })*
                    tag => Err($crate::codec::DecodeError::Tag { what: stringify!($name), tag }),
                }
            }
        }
    };
}

pub(crate) use {canonical_enum, canonical_struct};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn padded_and_oversized_integers_are_refused() {
        assert_eq!(u64::from_bytes(&[0x80, 0x00]), Err(DecodeError::Integer), "zero in two bytes");
        assert_eq!(u64::from_bytes(&[0xff; 10]), Err(DecodeError::Integer), "more than 64 bits");
        assert_eq!(u32::from_bytes(&u64::MAX.to_bytes()), Err(DecodeError::Integer));
        assert_eq!(u64::from_bytes(&u64::MAX.to_bytes()), Ok(u64::MAX));
    }

    #[test]
    fn bytes_left_over_or_missing_are_refused() {
        assert_eq!(u64::from_bytes(&[1, 2]), Err(DecodeError::Trailing(1)));
        assert_eq!(Vec::<u64>::from_bytes(&[200, 1]), Err(DecodeError::Truncated));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(numbers in prop::collection::vec(any::<i64>(), 0..20), text in ".*") {
            prop_assert_eq!(Vec::<i64>::from_bytes(&numbers.to_bytes()), Ok(numbers));
            prop_assert_eq!(String::from_bytes(&text.to_bytes()), Ok(text));
        }

        #[test]
        fn whatever_decodes_encodes_to_the_same_bytes(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
            if let Ok(value) = Vec::<u64>::from_bytes(&bytes) {
                prop_assert_eq!(value.to_bytes(), bytes);
            }
        }
    }
}
