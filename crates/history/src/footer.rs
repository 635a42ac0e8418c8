//! The footer of a segment, and whether what it claims can be true.
//!
//! The reader of Parquet passes over fields that it does not know element by element, and an element of a list of booleans
//! takes it no byte: twelve bytes of a damaged footer can claim two milliards of them, and keep it busy for seconds. So the
//! claims are added up before it reads. Must not know: what the fields mean.

use std::sync::Arc;

use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::ParquetError;
use parquet::file::metadata::{FooterTail, ParquetMetaDataReader};
use parquet::file::reader::ChunkReader;

/// Length of the footer, and magic.
const TAIL_BYTES: u64 = 8;
/// Nesting that is looked into; the reader of Parquet refuses deeper.
const MAX_DEPTH: u32 = 64;

/// Reads the footer of a segment.
pub(crate) fn load(file: &impl ChunkReader) -> Result<ArrowReaderMetadata, ParquetError> {
    let short = || ParquetError::EOF("it is shorter than its footer".to_owned());
    let end = file.len().checked_sub(TAIL_BYTES).ok_or_else(short)?;
    let tail = file.get_bytes(end, TAIL_BYTES as usize)?;
    let len = FooterTail::try_from(tail.as_ref())?.metadata_length();
    let footer = file.get_bytes(end.checked_sub(len as u64).ok_or_else(short)?, len)?;
    if !claims_fit(&footer) {
        return Err(ParquetError::General("its footer claims more than it holds".to_owned()));
    }
    let metadata = ParquetMetaDataReader::decode_metadata(&footer)?;
    // The types of our columns follow from those of Parquet: the Arrow schema beside them is one more thing to be damaged.
    ArrowReaderMetadata::try_new(Arc::new(metadata), ArrowReaderOptions::new().with_skip_arrow_metadata(true))
}

/// False if the lists and maps of a structure (Thrift, compact protocol) have more elements together than it has bytes. What
/// breaks other rules is left to the reader.
fn claims_fit(bytes: &[u8]) -> bool {
    let mut walk = Walk { rest: bytes, elements_left: bytes.len() as u64 };
    !matches!(walk.pass(kind::STRUCT, MAX_DEPTH), Err(Stop::Claim))
}

/// Types of fields and elements.
mod kind {
    pub(super) const STOP: u8 = 0;
    pub(super) const TRUE: u8 = 1;
    pub(super) const FALSE: u8 = 2;
    pub(super) const BYTE: u8 = 3;
    pub(super) const I16: u8 = 4;
    pub(super) const I32: u8 = 5;
    pub(super) const I64: u8 = 6;
    pub(super) const DOUBLE: u8 = 7;
    pub(super) const BINARY: u8 = 8;
    pub(super) const LIST: u8 = 9;
    pub(super) const SET: u8 = 10;
    pub(super) const MAP: u8 = 11;
    pub(super) const STRUCT: u8 = 12;
    pub(super) const UUID: u8 = 13;
}

enum Stop {
    /// More is claimed than there can be.
    Claim,
    /// The bytes end, or are of no known type.
    Unreadable,
}

struct Walk<'a> {
    rest: &'a [u8],
    /// Elements that may still be claimed.
    elements_left: u64,
}

impl Walk<'_> {
    fn byte(&mut self) -> Result<u8, Stop> {
        let (first, rest) = self.rest.split_first().ok_or(Stop::Unreadable)?;
        self.rest = rest;
        Ok(*first)
    }

    fn bytes(&mut self, len: u64) -> Result<(), Stop> {
        let len = usize::try_from(len).map_err(|_| Stop::Unreadable)?;
        self.rest = self.rest.get(len..).ok_or(Stop::Unreadable)?;
        Ok(())
    }

    fn varint(&mut self) -> Result<u64, Stop> {
        let (mut value, mut shift) = (0u64, 0);
        loop {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).wrapping_shl(shift);
            if byte < 0x80 {
                return Ok(value);
            }
            shift += 7;
        }
    }

    fn claim(&mut self, elements: u64) -> Result<(), Stop> {
        self.elements_left = self.elements_left.checked_sub(elements).ok_or(Stop::Claim)?;
        Ok(())
    }

    /// Passes over a value.
    fn pass(&mut self, kind: u8, depth: u32) -> Result<(), Stop> {
        let depth = depth.checked_sub(1).ok_or(Stop::Unreadable)?;
        match kind {
            kind::TRUE | kind::FALSE => Ok(()),
            kind::BYTE => self.bytes(1),
            kind::I16 | kind::I32 | kind::I64 => self.varint().map(drop),
            kind::DOUBLE => self.bytes(8),
            kind::UUID => self.bytes(16),
            kind::BINARY => {
                let len = self.varint()?;
                self.bytes(len)
            }
            kind::LIST | kind::SET => {
                let head = self.byte()?;
                let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                self.claim(count)?;
                (0..count).try_for_each(|_| self.pass(head & 15, depth))
            }
            kind::MAP => {
                let count = self.varint()?;
                self.claim(count)?;
                let kinds = if count > 0 { self.byte()? } else { 0 };
                (0..count).try_for_each(|_| {
                    self.pass(kinds >> 4, depth)?;
                    self.pass(kinds & 15, depth)
                })
            }
            kind::STRUCT => loop {
                let head = self.byte()?;
                if head & 15 == kind::STOP {
                    return Ok(());
                }
                if head >> 4 == 0 {
                    // The number of the field.
                    self.varint()?;
                }
                self.pass(head & 15, depth)?;
            },
            _ => Err(Stop::Unreadable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_added_up() {
        // Field 15: 2³¹−1 booleans, of which the reader of Parquet would count each.
        let huge = [0xf9, 0xf1, 0xff, 0xff, 0xff, 0xff, 7, 0];
        assert!(!claims_fit(&huge));
        // The same in a list of structures, and as a map of booleans.
        assert!(!claims_fit(&[&[0xf9, 0x1c][..], &huge, &[0]].concat()));
        assert!(!claims_fit(&[0xfb, 0xff, 0xff, 0xff, 0xff, 7, 0x11, 0]));
        // Fourteen booleans ten times over, of lists that each have their byte.
        assert!(!claims_fit(&[&[0xf9, 0xa9][..], &[0xe1; 10], &[0; 40]].concat()));
        assert!(claims_fit(&[0xf9, 0x21, 1, 2, 0]));
        // What else is wrong is not for this to say.
        for other in [&[][..], &[0xf9], &[0x19, 0x28, 20, 1], &[0xff; 300], &[0x1c; 300]] {
            assert!(claims_fit(other), "{other:?}");
        }
    }
}
