//! Where the records of a dump lie, told by where they lay in its root.
//!
//! Dumps of a collector hold about the same records in the same order, so a record is found where it was in the root, the dump
//! stored whole that the changes come back to, plus a shift that grows and shrinks slowly over the file. Changed rows lie
//! scattered, and the offset of their record would be their longest column; the distance from where the record was expected
//! takes a third of it. It is exact: what is expected follows from the root's rows and from the shifts in the catalogue.

/// Records under one shift. Fewer make distances shorter and the list of shifts longer; this is where the sum is least.
const BLOCK: usize = 64;

/// The shifts of a dump: from which offset in the root on, and by how many bytes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Shifts(Vec<(u64, i64)>);

impl Shifts {
    /// Adds records, (offset in the root, offset here), sorted; all lie behind those added before.
    pub fn extend(&mut self, records: &[(u64, u64)]) {
        for block in records.chunks(BLOCK) {
            let shift = |(root, here): &(u64, u64)| here.wrapping_sub(*root) as i64;
            // The least: distances are then small and not negative, and most of their bytes are 0.
            if let (Some((from, _)), Some(least)) = (block.first(), block.iter().map(shift).min()) {
                self.0.push((*from, least));
            }
        }
    }

    /// The root's offset from which the last shift holds.
    pub fn last(&self) -> Option<u64> {
        self.0.last().map(|(from, _)| *from)
    }

    /// Where the record is expected that the root has at `root`.
    pub fn expected(&self, root: u64) -> u64 {
        let after = self.0.partition_point(|(from, _)| *from <= root);
        let shift = after.checked_sub(1).map_or(0, |at| self.0[at].1);
        root.wrapping_add_signed(shift)
    }

    /// First and last offset in the root that a shift holds for, and the shift.
    #[cfg(feature = "sql")]
    pub fn ranges(&self) -> impl Iterator<Item = (u64, u64, i64)> {
        let next = self.0.iter().skip(1).map(|(from, _)| from.wrapping_sub(1)).chain([u64::MAX >> 1]);
        self.0.iter().zip(next).map(|((from, shift), until)| (*from, until, *shift))
    }

    /// As the catalogue holds them: of each the difference to the one before, as LEB128, that of the shift with its sign in
    /// the lowest bit.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut before = (0u64, 0i64);
        for (from, shift) in &self.0 {
            let step = shift.wrapping_sub(before.1);
            put(&mut bytes, from.wrapping_sub(before.0));
            put(&mut bytes, (step << 1 ^ step >> 63) as u64);
            before = (*from, *shift);
        }
        bytes
    }

    /// The inverse of [`Shifts::to_bytes`]; `None` for other bytes.
    pub fn from_bytes(mut bytes: &[u8]) -> Option<Shifts> {
        let mut shifts = Shifts::default();
        let mut before = (0u64, 0i64);
        while !bytes.is_empty() {
            let from = before.0.wrapping_add(take(&mut bytes)?);
            let step = take(&mut bytes)?;
            before = (from, before.1.wrapping_add((step >> 1) as i64 ^ -((step & 1) as i64)));
            shifts.0.push(before);
        }
        Some(shifts)
    }
}

fn put(bytes: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for at in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << (at * 7);
        if *byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_record_is_expected_where_its_neighbours_have_moved() {
        let records: Vec<(u64, u64)> = (0..200).map(|n| (n * 1000, n * 1000 + 30 * (n / 10))).collect();
        let mut shifts = Shifts::default();
        assert_eq!(shifts.expected(5), 5);
        shifts.extend(&records[..150]);
        shifts.extend(&records[150..]);
        assert_eq!(shifts.last(), Some(150_000));
        for (root, here) in records {
            let distance = here - shifts.expected(root);
            assert!(distance <= 30 * 7, "{root}: {distance}");
        }
        assert_eq!(Shifts::from_bytes(&[0x80]), None);
        assert_eq!(Shifts::from_bytes(&[0xff; 11]), None);
    }

    proptest! {
        #[test]
        fn any_shifts_read_back(mut records in prop::collection::vec((any::<u64>(), any::<u64>()), 0..300)) {
            records.sort_unstable();
            let mut shifts = Shifts::default();
            shifts.extend(&records);
            prop_assert_eq!(Shifts::from_bytes(&shifts.to_bytes()), Some(shifts));
        }
    }
}
