//! Bit strings that start anywhere in a byte: bzip2 aligns nothing.

/// Copies `len` bits of `from`, starting at bit `start` (most significant first), to the end of `to`, whose last byte has
/// `used` bits in use (0: byte-aligned). Returns the bits then in use of its last byte.
pub(super) fn append(to: &mut Vec<u8>, mut used: u32, from: &[u8], start: u64, len: u64) -> u32 {
    let (mut at, end) = (start, start + len);
    to.reserve((len / 8 + 2) as usize);
    if used == 0 {
        // The long run of whole bytes, all shifted alike.
        let (first, whole, skip) = ((start / 8) as usize, (len / 8) as usize, start % 8);
        if skip == 0 {
            to.extend_from_slice(&from[first..first + whole]);
        } else {
            let pairs = from[first..first + whole + 1].windows(2);
            to.extend(pairs.map(|pair| pair[0] << skip | pair[1] >> (8 - skip)));
        }
        at += len / 8 * 8;
    }
    while at < end {
        let byte = (at / 8) as usize;
        let skip = (at % 8) as u32;
        // The next up to eight bits, left-aligned in a byte.
        let high = u16::from(from[byte]) << 8 | u16::from(from.get(byte + 1).copied().unwrap_or(0));
        let take = (end - at).min(8) as u32;
        let bits = ((high << skip) >> 8) as u8 & (0xffu16 << (8 - take)) as u8;
        if used == 0 {
            to.push(bits);
        } else {
            if let Some(last) = to.last_mut() {
                *last |= bits >> used;
            }
            if used + take > 8 {
                to.push(bits << (8 - used));
            }
        }
        used = (used + take) % 8;
        at += u64::from(take);
    }
    used
}

/// The `len` ≤ 64 bits of `from` at bit `start`; `None` if it is shorter.
pub(super) fn read(from: &[u8], start: u64, len: u32) -> Option<u64> {
    if start + u64::from(len) > from.len() as u64 * 8 {
        return None;
    }
    let mut value = 0u64;
    for at in start..start + u64::from(len) {
        value = value << 1 | u64::from(from[(at / 8) as usize] >> (7 - at % 8) & 1);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appending_at_every_offset_equals_bit_by_bit() {
        let from: Vec<u8> = (0..40u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for start in 0..17u64 {
            for len in [0u64, 1, 7, 8, 9, 48, 100, 280] {
                for lead in 0..8u64 {
                    let mut to = Vec::new();
                    let used = append(&mut to, 0, &[0xa5], 0, lead);
                    let used = append(&mut to, used, &from, start, len);
                    assert_eq!(to.len() as u64, (lead + len).div_ceil(8), "{start} {len} {lead}");
                    assert_eq!(u64::from(used), (lead + len) % 8);
                    for i in 0..len {
                        assert_eq!(read(&to, lead + i, 1), read(&from, start + i, 1), "{start} {len} {lead} {i}");
                    }
                    assert_eq!(read(&to, 0, lead as u32), read(&[0xa5], 0, lead as u32));
                }
            }
        }
        assert_eq!(read(&from, 300, 48), None);
    }
}
