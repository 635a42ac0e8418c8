//! Bad data: stored, counted, shown, never fatal, never silent.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One piece of bad data and where it stands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// Byte offset in the decompressed stream (of the record or line concerned).
    pub offset: u64,
    /// What is wrong.
    pub kind: FaultKind,
    /// What was found there, in a few words; may quote hostile text, so it is escaped wherever it is shown.
    pub detail: String,
}

macro_rules! fault_kinds {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal,)+) => {
        /// The closed list of what can be wrong with input. The code is stable: it is stored and shown.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum FaultKind { $($(#[doc = $doc])+ $name,)+ }

        impl FaultKind {
            /// Every kind, for documentation and tests.
            pub const ALL: &[FaultKind] = &[$(FaultKind::$name),+];

            /// The stable code, such as `cut_stream`.
            pub fn code(self) -> &'static str {
                match self { $(FaultKind::$name => $code),+ }
            }

            /// From the stable code.
            pub fn from_code(code: &str) -> Option<FaultKind> {
                match code { $($code => Some(FaultKind::$name),)+ _ => None }
            }

            /// What the code means, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(FaultKind::$name => concat!($($doc),+)),+ }
            }
        }
    };
}

fault_kinds! {
    /// The compressed stream is damaged here; what could be decoded around it was kept.
    BadCompression = "bad_compression",
    /// The stream ends inside a record, line or compressed block.
    CutStream = "cut_stream",
    /// A record header makes no sense (length or type); reading resumed at the next header that does.
    BadFraming = "bad_framing",
    /// A record is longer than the limit.
    OversizedRecord = "oversized_record",
    /// A record type that is known and not read.
    UnsupportedRecord = "unsupported_record",
    /// A record body does not follow its format.
    BadRecord = "bad_record",
    /// A RIB record came before any peer table; its entries cannot be attributed.
    NoPeerTable = "no_peer_table",
    /// A RIB entry names a peer that the peer table does not have.
    UnknownPeer = "unknown_peer",
    /// A path attribute is malformed; the routes of its message are treated as withdrawn (RFC 7606).
    BadAttribute = "bad_attribute",
    /// A prefix has a length its family does not allow, or overruns its field.
    BadPrefix = "bad_prefix",
    /// A prefix has bits set beyond its length; they were dropped.
    HostBits = "host_bits",
    /// An AS_PATH keeps AS_TRANS because no AS4_PATH resolves it.
    UnresolvedAsTrans = "unresolved_as_trans",
    /// A line does not follow the format of its file.
    BadLine = "bad_line",
    /// Text is not UTF-8; the bytes were replaced.
    BadText = "bad_text",
    /// A snapshot has no date, neither inside nor in its name.
    Undated = "undated",
    /// The kind of the file is not known.
    UnknownKind = "unknown_kind",
    /// The kind of the file is known and not read by this version.
    UnsupportedKind = "unsupported_kind",
    /// The file is empty.
    Empty = "empty",
    /// A stated limit was reached; the rest was not read.
    Limit = "limit",
    /// A count the file states about itself does not match its content.
    CountMismatch = "count_mismatch",
    /// Further faults of the same kind in the same file were counted, not stored one by one.
    More = "more",
}

impl FaultKind {
    /// True if a fault of this kind means that content of the source is missing from what was read.
    pub fn loses_content(self) -> bool {
        !matches!(
            self,
            FaultKind::HostBits
                | FaultKind::UnresolvedAsTrans
                | FaultKind::BadText
                | FaultKind::CountMismatch
                | FaultKind::UnsupportedRecord
                | FaultKind::More
        )
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl Serialize for FaultKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for FaultKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        FaultKind::from_code(&code).ok_or_else(|| serde::de::Error::custom(format!("unknown fault kind {code:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_read_back() {
        for kind in FaultKind::ALL {
            assert_eq!(FaultKind::from_code(kind.code()), Some(*kind));
            assert!(!kind.meaning().is_empty());
        }
    }

    #[test]
    fn what_is_kept_with_a_remark_is_not_lost() {
        assert!(FaultKind::CutStream.loses_content());
        assert!(FaultKind::BadLine.loses_content());
        // The prefix, the path and the text are kept; a count and a record without routes hold none.
        for kept in [FaultKind::HostBits, FaultKind::UnresolvedAsTrans, FaultKind::BadText, FaultKind::CountMismatch] {
            assert!(!kept.loses_content(), "{kept}");
        }
    }
}
