//! What the history reads back of its own files, should somebody or something have touched them.

use bytes::Bytes;
use headwater_history::fuzz::{segment_rows, state_routes};
use headwater_history::table::Table;
use twox_hash::XxHash3_64;

/// Any bytes as a segment of the table that the first byte names: refused, or rows; no panic, and no more rows behind a test
/// than without.
pub fn segment(data: &[u8]) {
    let Some((table, bytes)) = data.split_first() else { return };
    let table = Table::ALL[usize::from(*table) % Table::ALL.len()];
    let bytes = Bytes::copy_from_slice(bytes);
    let all = segment_rows(table, bytes.clone(), None);
    let some = segment_rows(table, bytes, Some((0, 64_510)));
    if let (Some(all), Some(some)) = (all, some) {
        assert!(some <= all);
    }
}

/// The hash that a dump state ends with, for less than one block of it.
fn seal(mut state: Vec<u8>) -> Vec<u8> {
    let hash = XxHash3_64::oneshot_with_seed(0, &state);
    state.extend(hash.to_le_bytes());
    state
}

/// A state with these bytes as its groups, as a zstd frame of one block that is not compressed (RFC 8878 §3.1.1), and as many
/// absent vantages as the bytes behind them hold.
fn framed(groups: &[u8], absent: &[u8]) -> Vec<u8> {
    let absent = &absent[..absent.len() / 8 * 8];
    let mut state = b"HWSTATE1".to_vec();
    state.extend([7; 16]);
    state.extend([0x28, 0xb5, 0x2f, 0xfd, 0xa0]);
    state.extend((groups.len() as u32).to_le_bytes());
    state.extend(&((groups.len() as u32) << 3 | 1).to_le_bytes()[..3]);
    state.extend(groups);
    state.extend(absent);
    state.extend((absent.len() as u64 / 8).to_le_bytes());
    state
}

/// Any bytes as a dump state with a right hash: as the file, or as the groups in one: refused, or routes; no panic.
pub fn dump_state(data: &[u8]) {
    let state = match data {
        [0, state @ ..] => state.to_vec(),
        [cut, groups @ ..] => {
            let (absent, groups) = groups.split_at(groups.len().min(usize::from(*cut - 1)));
            framed(&groups[..groups.len().min(100_000)], absent)
        }
        [] => return,
    };
    state_routes(&seal(state));
}
