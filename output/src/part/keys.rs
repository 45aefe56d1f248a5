//! Keys of a dictionary as the format packs them (`RLE_DICTIONARY` of the Parquet specification).
//!
//! ```text
//! bits a key, then either one run of one key or all keys packed, least significant bit first
//! ```

/// The keys, each below `distinct`.
pub(super) fn packed(keys: &[u32], distinct: u32) -> Vec<u8> {
    let bits = u32::BITS - distinct.saturating_sub(1).leading_zeros();
    let mut page = vec![bits as u8];
    if bits == 0 {
        push_varint(&mut page, (keys.len() as u64) << 1);
        return page;
    }
    let groups = keys.len().div_ceil(8);
    push_varint(&mut page, (groups as u64) << 1 | 1);
    page.reserve(groups * bits as usize);
    let (mut waiting, mut filled) = (0u64, 0);
    for key in keys.iter().copied().chain(std::iter::repeat_n(0, groups * 8 - keys.len())) {
        waiting |= u64::from(key) << filled;
        filled += bits;
        while filled >= 8 {
            page.push(waiting as u8);
            waiting >>= 8;
            filled -= 8;
        }
    }
    page
}

/// A number in groups of seven bits, the least significant first.
pub(super) fn push_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}
