//! What happens in a scenario: each event says what changes and when, and the truth about it.
//!
//! A variant of [`What`] stands in a file with its like, and owes: the changes, an [`EventTruth`], an innocent twin (another
//! variant, or the same marked `innocent`), a line in `docs/worlds.md`, and a test that finds it in the files. Must not know:
//! routes, detectors.

mod abuse;
mod carrier;
mod forged;
mod fronts;
mod leak;
mod number;
mod protection;
mod space;
mod vantage;

pub(crate) use self::vantage::incident;

use headwater_route::{Asn, Prefix, Time};
use serde::Deserialize;

use crate::error::WorldError;
use crate::plan::Plan;
use crate::topology::AsIndex;
use crate::truth::{EventTruth, Party};

/// An entry `[[event]]` of a scenario: `at = "…"` and `what.carrier_added = { … }`.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When it begins.
    pub at: Time,
    /// It only looks like what a detector is after. For events that are always innocent it changes nothing.
    #[serde(default)]
    pub innocent: bool,
    /// What happens.
    pub what: What,
}

/// Declares the events: type, name in a scenario, and whether they can be anything but innocent.
macro_rules! events {
    ($($(#[$doc:meta])* $name:literal $variant:ident($type:ty) $innocence:ident;)+) => {
        /// What happens. Networks are named by number or by the name of their cast.
        #[derive(Clone, PartialEq, Debug, Deserialize)]
        pub enum What {
            $($(#[$doc])* #[serde(rename = $name)] $variant($type),)+
        }

        impl What {
            /// The names of all events, as a scenario writes them.
            pub const NAMES: &[&str] = &[$($name),+];

            /// The name in a scenario.
            pub fn name(&self) -> &'static str {
                match self { $(What::$variant(_) => $name,)+ }
            }

            fn is_always_innocent(&self) -> bool {
                match self { $(What::$variant(_) => events!(@ $innocence),)+ }
            }

            fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
                match self { $(What::$variant(what) => what.plan(plan, id, event),)+ }
            }
        }
    };
    (@ innocent) => { true };
    (@ either) => { false };
}

events! {
    /// A network buys from one more carrier.
    "carrier_added" CarrierAdded(carrier::Added) either;
    /// A network no longer buys from a carrier.
    "carrier_lost" CarrierLost(carrier::Lost) either;
    /// One carrier takes the place of another.
    "carrier_replaced" CarrierReplaced(carrier::Replaced) either;
    /// A carrier gets a part: some prefixes, or some vantages.
    "carrier_shifted" CarrierShifted(carrier::Shifted) either;
    /// Two networks become something else to each other.
    "relation_changed" RelationChanged(carrier::Related) innocent;
    /// A protector carries a network from now on, alone.
    "protection_always_on" ProtectionAlwaysOn(protection::AlwaysOn) either;
    /// A protector carries a network for a while.
    "protection_on_demand" ProtectionOnDemand(protection::OnDemand) either;
    /// A protector may announce a network's prefixes, and does not.
    "protection_standby" ProtectionStandby(protection::Standby) either;
    /// A telecom moves behind a protector, and its customers with it.
    "protection_indirect" ProtectionIndirect(protection::Indirect) either;
    /// Prefixes go to another number of the same operator.
    "prefixes_reoriginated" PrefixesReoriginated(space::Reoriginated) either;
    /// Prefixes are sold.
    "prefixes_sold" PrefixesSold(space::Sold) innocent;
    /// A lease of prefixes ends, and somebody else takes them.
    "lease_ended" LeaseEnded(space::LeaseEnded) innocent;
    /// A network is merged into another.
    "networks_merged" NetworksMerged(space::Merged) innocent;
    /// A number is given to another holder, after a silence.
    "number_reissued" NumberReissued(number::Reissued) either;
    /// A holder changes its name.
    "holder_renamed" HolderRenamed(number::Renamed) innocent;
    /// Several networks are fronts of one operator.
    "one_operator" OneOperator(fronts::OneOperator) either;
    /// Several networks are customers of one broker.
    "shared_broker" SharedBroker(fronts::SharedBroker) innocent;
    /// A network passes on what it should keep (RFC 7908).
    "route_leaked" RouteLeaked(leak::Leaked) either;
    /// A network announces prefixes of another as its own.
    "origin_forged" OriginForged(forged::Origin) either;
    /// A network announces prefixes with their holder's leave.
    "second_origin" SecondOrigin(forged::SecondOrigin) innocent;
    /// A network announces a path that does not exist.
    "path_forged" PathForged(forged::Path) either;
    /// A network puts others into its paths, so that they refuse them.
    "path_poisoned" PathPoisoned(forged::Poisoned) either;
    /// A network repeats its number.
    "prepended" Prepended(forged::Prepended) innocent;
    /// A network means to repeat its number, and names another.
    "prepend_typo" PrependTypo(forged::Typo) innocent;
    /// A host is given up to save the rest (RFC 7999).
    "blackholed" Blackholed(forged::Blackholed) innocent;
    /// A vantage appears after the collectors have begun.
    "vantage_joins" VantageJoins(vantage::Joins) innocent;
    /// A vantage goes for good.
    "vantage_leaves" VantageLeaves(vantage::Leaves) innocent;
    /// A vantage's session is reset, and its table transferred again.
    "vantage_resets" VantageResets(vantage::Resets) innocent;
    /// A vantage is stuck with routes that are gone (zombies).
    "vantage_sticks" VantageSticks(vantage::Sticks) innocent;
    /// A vantage puts links into its paths that do not exist.
    "vantage_invents" VantageInvents(vantage::Invents) innocent;
    /// A collector writes nothing.
    "collector_dies" CollectorDies(vantage::Dies) innocent;
    /// A collector's clock is wrong.
    "clock_skews" ClockSkews(vantage::Skews) innocent;
    /// Hosts of a network do what feeds list.
    "abuse_hosted" AbuseHosted(abuse::Hosted) either;
    /// Feeds list hosts of a network that did nothing.
    "abuse_misreported" AbuseMisreported(abuse::Misreported) innocent;
    /// A network or its blocks are put on a list of bad ones.
    "network_listed" NetworkListed(abuse::Listed) either;
    /// A feed removes much at once.
    "feed_purged" FeedPurged(abuse::Purged) innocent;
}

/// Plans one event.
pub(crate) fn plan(plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
    if event.at < plan.from || event.at >= plan.until {
        return Err(WorldError::scenario(format!("{} is outside the calendar", event.at)));
    }
    event.what.plan(plan, id, event)
}

/// The truth about an event, with its parties as (part, network).
fn told(plan: &Plan, id: usize, event: &Event, parties: &[(&str, AsIndex)]) -> EventTruth {
    let party = |(part, network): &(&str, AsIndex)| Party { part: (*part).to_owned(), asn: plan.asn(*network) };
    EventTruth {
        id,
        kind: event.what.name().to_owned(),
        variant: String::new(),
        innocent: event.innocent || event.what.is_always_innocent(),
        from: event.at,
        until: None,
        parties: parties.iter().map(party).collect(),
        prefixes: Vec::new(),
        families: Vec::new(),
    }
}

/// The prefixes that an event names, else all that a network announces then; none at all is a mistake.
fn prefixes_or_all(plan: &Plan, named: &[Prefix], network: AsIndex, at: Time) -> Result<Vec<Prefix>, WorldError> {
    let prefixes = if named.is_empty() { plan.prefixes_of(network, at) } else { named.to_vec() };
    if prefixes.is_empty() {
        let asn: Asn = plan.asn(network);
        return Err(WorldError::scenario(format!("{asn} announces nothing then, and no prefixes are named")));
    }
    Ok(prefixes)
}
