//! Signs for and against a network that offers DDoS protection (methods §8): counts beside each other, and no verdict. What
//! cannot be observed is named.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::rows::{AspaSighting, HolderRows, LinkAt, NameSnapshot, Neighbour, TagSighting};
use headwater_route::{Asn, Time};
use serde::Serialize;

use crate::finding::{Unknown, Why};
use crate::kinds::{Kind, guesses};
use crate::members::names_in;
use crate::names::telling;
use crate::portfolio::{Member, Portfolio, State};
use crate::protection::Typed;
use crate::words::day;

/// A row of the table of protection networks, and whether it is known to hold at the time told.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TypedAt {
    /// The row.
    #[serde(flatten)]
    pub row: Typed,
    /// It holds at the time told.
    pub holds: bool,
}

/// ASPAs of one file that list the network.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Aspas {
    /// Date of the file.
    pub at: Time,
    /// Networks that list it as provider.
    pub listing: Vec<Asn>,
}

/// What the members look like together.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Panel {
    /// Networks listed in the publication told.
    pub listed: usize,
    /// Of these, networks under which the publication lists none.
    pub stubs: usize,
    /// Of these, networks without another listed provider.
    pub sole: usize,
    /// Of these, networks that were listed before, and not for a time.
    pub returned: usize,
    /// Of these, networks with a published name.
    pub named: usize,
    /// Different bodies by these names.
    pub bodies: usize,
    /// Networks by what kind they may be.
    pub kinds: BTreeMap<Kind, usize>,
    /// Rows of the table of protection networks.
    pub typed: Vec<TypedAt>,
    /// ASPAs, by file.
    pub aspas: Vec<Aspas>,
}

/// Rows that describe the members.
pub struct Described<'a> {
    /// Their links in the publication told.
    pub links: &'a [LinkAt],
    /// Names and delegations.
    pub held: &'a BTreeMap<Asn, HolderRows>,
    /// Files of names.
    pub files: &'a [NameSnapshot],
    /// Tags, sorted by ASN.
    pub tags: &'a [TagSighting],
}

/// Enters what the publication told lists of the members, and what kind of network each may be.
pub fn describe(portfolio: &Portfolio, members: &mut [Member], rows: &Described<'_>) {
    let Some(told) = portfolio.publication() else { return };
    let own = portfolio.holders.name_of(&portfolio.era);
    let mut providers: BTreeMap<Asn, BTreeSet<Asn>> = BTreeMap::new();
    let mut customers: BTreeMap<Asn, BTreeSet<Asn>> = BTreeMap::new();
    for link in rows.links {
        let side = match link.kind {
            Neighbour::Provider => &mut providers,
            Neighbour::Customer => &mut customers,
            Neighbour::Peer => continue,
        };
        side.entry(link.asn).or_default().insert(link.neighbour);
    }
    for member in members {
        member.providers = providers.get(&member.asn).map(|all| all.iter().copied().collect()).unwrap_or_default();
        member.listed_under = customers.get(&member.asn).map_or(0, BTreeSet::len);
        let names = rows.held.get(&member.asn).map(|held| names_in(&member.era, &held.names, rows.files));
        let from = rows.tags.partition_point(|t| t.asn < member.asn);
        let window = member.era.window();
        let tags: Vec<&TagSighting> = rows.tags[from..]
            .iter()
            .take_while(|t| t.asn == member.asn)
            .filter(|t| window.touches(t.at, t.at))
            .collect();
        member.guesses = guesses(&names.unwrap_or_default(), rows.files, &tags, told.from, own);
    }
}

/// The panel of the members listed in the publication told.
pub fn panel(portfolio: &Portfolio, members: &[Member], table: &[Typed], aspas: &[AspaSighting]) -> Panel {
    let Some(told) = portfolio.publication() else { return Panel::default() };
    let listed: Vec<&Member> = members.iter().filter(|m| m.state == State::Listed).collect();
    let count = |is: &dyn Fn(&Member) -> bool| listed.iter().filter(|m| is(m)).count();
    let bodies: BTreeSet<_> = listed.iter().filter_map(|m| m.holder.as_deref()).map(telling).collect();
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    for guess in listed.iter().filter_map(|m| m.guesses.first()) {
        *kinds.entry(guess.kind).or_default() += 1;
    }
    let typed = table.iter().filter(|row| row.asn == portfolio.subject);
    let mut by_file: BTreeMap<Time, BTreeSet<Asn>> = BTreeMap::new();
    for aspa in aspas {
        by_file.entry(aspa.at).or_default().extend(aspa.customer);
    }
    Panel {
        listed: listed.len(),
        stubs: count(&|m| m.listed_under == 0),
        sole: count(&|m| m.providers.as_slice() == [portfolio.subject]),
        returned: count(&|m| m.returned),
        named: count(&|m| m.holder.is_some()),
        bodies: bodies.len(),
        kinds,
        typed: typed.map(|row| TypedAt { row: row.clone(), holds: row.holds_at(told.from) }).collect(),
        aspas: by_file.into_iter().map(|(at, listing)| Aspas { at, listing: listing.into_iter().collect() }).collect(),
    }
}

/// What the panel cannot tell.
pub fn unknowns(portfolio: &Portfolio, panel: &Panel) -> Vec<Unknown> {
    let subject = portfolio.subject;
    let Some(told) = portfolio.publication() else { return Vec::new() };
    let unknown = |what: String, why: Why, settled_by: &str| Unknown {
        what,
        why,
        from: None,
        until: None,
        settled_by: settled_by.to_owned(),
    };
    let mut out = Vec::new();
    if !panel.typed.iter().any(|row| row.holds) {
        out.push(unknown(
            format!(
                "whether {subject} is described as offering DDoS protection on {} (no row of the table holds then)",
                day(told.from)
            ),
            Why::Undetermined,
            "a dated description by the network itself or by others, entered in the table",
        ));
    }
    out.push(unknown(
        "use on demand, that is links that come and go within hours or days".to_owned(),
        Why::NotObservable,
        "tables and updates of route collectors",
    ));
    if panel.aspas.is_empty() {
        out.push(unknown(
            format!("which networks authorise {subject} by ASPA"),
            Why::NoData,
            "RPKI snapshots (rpki-client JSON) of the time",
        ));
    }
    out.push(unknown(
        format!("standby authorisations by ROA, and the address space of {subject} beside that of the listed networks, for which this version does not ask"),
        Why::Undetermined,
        "`headwater sql` on the tables `vrps` and `origins`",
    ));
    out
}
