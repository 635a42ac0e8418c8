//! What changes, in order, and what becomes of it at the vantages.
//!
//! Place on the way: between the plan and the files. A [`Change`] is applied to the [`State`] at its time; only classes that
//! it can affect are computed again, and the differences at each vantage become [`Message`]s. Must not know: why something
//! changes, formats, files.

mod affected;
mod messages;
mod state;
mod telling;
#[cfg(test)]
mod tests;

use headwater_route::{Family, Prefix, Time};

pub use self::messages::{Body, Message, Shown, Spoken};
pub use self::state::{ClassId, Settings, State};
use crate::announce::Announcement;
use crate::observe::{CollectorId, VantageId};
use crate::propagate::Leak;
use crate::topology::{AsIndex, Conduct, Relation};

/// Something that changes at a time.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// When.
    pub at: Time,
    /// What.
    pub what: What,
}

/// What changes.
#[derive(Clone, PartialEq, Debug)]
pub enum What {
    /// `a` becomes this to `b` in a family; `None`: the session ends.
    Relate {
        /// One network.
        a: AsIndex,
        /// The other.
        b: AsIndex,
        /// In which family.
        family: Family,
        /// What `a` is to `b` from now on.
        relation: Option<Relation>,
    },
    /// These prefixes are announced so from now on, whatever was announced before. An announcement without seeds withdraws
    /// them.
    Announce {
        /// The prefixes, of either family.
        prefixes: Vec<Prefix>,
        /// By whom and to whom.
        announcement: Announcement,
    },
    /// A network treats routes so from now on.
    Conduct {
        /// The network.
        network: AsIndex,
        /// How.
        conduct: Conduct,
    },
    /// A leak begins.
    LeakBegins(Leak),
    /// All leaks of a network end.
    LeakEnds {
        /// The network.
        by: AsIndex,
    },
    /// Something happens to a vantage.
    Vantage(VantageId, VantageChange),
    /// Something happens to a collector.
    Collector(CollectorId, CollectorChange),
}

/// What happens to a vantage.
#[derive(Clone, PartialEq, Debug)]
pub enum VantageChange {
    /// Its session comes up, and its table is transferred.
    Joins,
    /// Its session goes down, and its routes are no longer known.
    Leaves,
    /// It begins to put links into its paths that do not exist; `permille` of the classes.
    Invents {
        /// In a thousand classes.
        permille: u16,
    },
    /// It ceases to.
    Honest,
    /// It is stuck with its routes to these prefixes: no change of them is passed on (zombies).
    Sticks {
        /// The prefixes.
        prefixes: Vec<Prefix>,
    },
    /// It passes on what it missed.
    Unsticks,
}

/// What happens to a collector.
#[derive(Clone, PartialEq, Debug)]
pub enum CollectorChange {
    /// It writes nothing any more, without a word.
    Dies,
    /// It writes again: its sessions come up anew.
    Revives,
    /// Its clock is wrong by so many seconds (0: right).
    Skew {
        /// Seconds; positive: it is fast.
        secs: i64,
    },
}
