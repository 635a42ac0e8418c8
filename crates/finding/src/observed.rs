//! Upstreams by observed routes (methods §2 and §3, class `observed`): at how many vantages, with what share, since when.
//!
//! What each vantage held is looked at day by day. A day shows an upstream that two independent clusters show. It denies one
//! only if enough clusters had a route, and enough of the vantages that show it next (or showed it last) were awake with
//! another route: that a vantage joins or leaves neither starts nor ends anything. What a vantage in quarantine shows is set
//! aside, and told apart ([`SetAside`]); so is a route that one vantage is stuck with.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::rows::{RouteHistory, Sources, Vantage};
use headwater_route::{Asn, Family, Prefix, Time, Window};
use serde::Serialize;

use crate::cohort::{Member, Poll, Share, independent};
use crate::finding::{Cited, Class, Draft, Finding, Unknown, Why, cite};
use crate::looks::{Looks, Showing, clear};
use crate::period::{Edge, Period, periods};
use crate::rules::Rules;
use crate::sanitise::{Registry, Upstream};
use crate::sweep::{DAY_MICROS, Seen, Sighting, Stated, Sweep, shown, sweep};
use crate::vantage::reset::resets;
use crate::vantage::standing::{Quarantine, Standing};
use crate::vantage::stuck::{Stuck, set_apart};
use crate::words;

const METHOD: &str = "upstreams.observed/4";

/// How well a routing fact is supported (methods §14).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// One cluster, or less than an hour.
    Low,
    /// At least two independent clusters for an hour.
    Medium,
    /// At least six clusters of two collectors for a day without a gap.
    High,
}

/// An upstream on one day.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DayShare {
    /// Start of the day.
    pub day: Time,
    /// Vantages that had a route through it.
    pub vantages_with: usize,
    /// Vantages that had a route to the network.
    pub vantages: usize,
    /// Its share, where the cohort allows one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
}

/// A network seen next to the origin.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ObservedUpstream {
    /// The network.
    pub asn: Asn,
    /// How well that is supported.
    pub grade: Grade,
    /// Since when and until when. Where it was never seen at two independent clusters, by the sightings there are.
    pub periods: Vec<Period>,
    /// Vantages that ever showed it.
    pub vantages: usize,
    /// Distinct peer ASNs among them.
    pub peer_asns: usize,
    /// Collectors among them.
    pub collectors: usize,
    /// Prefixes seen through it.
    pub prefixes: Vec<Prefix>,
    /// Of these, prefixes seen through no other network at any time looked at.
    pub exclusive: usize,
    /// The networks seen behind it, with the number of vantages: what carries the upstream itself.
    pub next: Vec<(Asn, usize)>,
    /// Day by day, days on which it was seen only.
    pub days: Vec<DayShare>,
    /// Id of the finding.
    pub finding: String,
}

/// What was looked at on one day.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DayView {
    /// Start of the day.
    pub day: Time,
    /// Vantages whose state is known.
    pub awake: usize,
    /// Of these, with a route to the network.
    pub with_route: usize,
    /// Collectors of those with a route.
    pub collectors: usize,
    /// Weighted share of full-feed vantages that had any route to the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<f64>,
}

/// A vantage in quarantine, of whose routes to the network nothing is told.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct SetAside {
    /// The vantage.
    #[serde(flatten)]
    pub vantage: Vantage,
    /// Last dump before in which it was sound; `None`: there is none.
    pub after: Option<Time>,
    /// First dump afterwards in which it was sound again; `None`: there is none.
    pub before: Option<Time>,
    /// Links that it alone showed in one dump, at most.
    pub links: u64,
    /// Median of the peers with a full feed in that comparison.
    pub median: f64,
    /// Why its routes are set aside.
    pub why: String,
    /// Networks that it alone ever showed next to the network.
    pub alone: Vec<Asn>,
}

/// Upstreams in one family.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Observed {
    /// Family.
    pub family: Family,
    /// Days with any look, in order.
    pub days: Vec<DayView>,
    /// Networks seen next to the origin, the first seen first.
    pub upstreams: Vec<ObservedUpstream>,
    /// Vantages in quarantine that had routes to the network, sorted.
    pub set_aside: Vec<SetAside>,
    /// Routes that one vantage is stuck with, sorted by vantage, prefix and time.
    pub stuck: Vec<Stuck>,
    /// Routes whose next network has no public number: the next public number behind it and vantages.
    pub hidden: Vec<(Option<Asn>, usize)>,
    /// Routes set aside because their path does not tell the origin or what stands next to it.
    pub unusable_routes: usize,
    /// Routes of the same prefixes from other origins.
    pub other_origins: Vec<(Asn, usize)>,
}

/// Routes, and what is known of who saw them.
#[derive(Clone, Copy)]
pub struct Witnessed<'a> {
    /// Routes of the network.
    pub routes: &'a RouteHistory,
    /// Which vantages are to be believed when.
    pub standing: &'a Standing,
    /// Networks that are known to lie behind the network: as vantages they show whom it sells to, not who carries it.
    pub behind: &'a BTreeSet<Asn>,
}

/// Upstreams of `subject` per family, in routes of `era`; periods that `window` does not touch are left out, and so are days
/// outside it.
pub fn observed(
    subject: Asn,
    witnessed: Witnessed<'_>,
    registry: &Registry,
    era: &Window,
    window: &Window,
    sources: &Sources,
    rules: &Rules,
) -> (Vec<Observed>, Vec<Finding>) {
    let mut families = Vec::new();
    let mut findings = Vec::new();
    for family in [Family::V4, Family::V6] {
        let (sweep, stuck) = swept(subject, family, witnessed.routes, registry, era, rules);
        let judge = Judge::new(subject, family, witnessed, window, sources, rules, &sweep);
        let (mut found, mut stated) = judge.observed();
        found.stuck = stuck.into_iter().filter(|s| window.touches(s.since, s.until)).collect();
        let aside = !found.set_aside.is_empty() || !found.stuck.is_empty();
        if aside || !found.upstreams.is_empty() || !found.hidden.is_empty() || !found.other_origins.is_empty() {
            findings.append(&mut stated);
            families.push(found);
        }
    }
    (families, findings)
}

/// The routes of a family through time, less those that one vantage is stuck with, which are given apart.
pub(crate) fn swept(
    subject: Asn,
    family: Family,
    routes: &RouteHistory,
    registry: &Registry,
    era: &Window,
    rules: &Rules,
) -> (Sweep, Vec<Stuck>) {
    let mut sweep = sweep(subject, family, routes, registry, &resets(routes, rules), era, rules);
    let stuck = set_apart(&mut sweep, routes, rules);
    (sweep, stuck)
}

/// A day and what holds for every upstream on it.
pub(crate) struct Day<'a> {
    pub start: Time,
    /// Vantages of which something is known; the subject's own sessions tell nothing about who stands next to it.
    pub seen: Vec<&'a Seen>,
    with_route: usize,
    collectors: usize,
    /// Independent clusters with a route.
    pub clusters: usize,
    /// Independent clusters whose whole table is known: of these, none with a route tells that the network had none.
    pub awake: usize,
    visibility: Option<f64>,
    shares: BTreeMap<Asn, Share>,
}

impl Day<'_> {
    /// The last instant at which something is known of it: what vantages hold on the day, they hold by then.
    pub fn end(&self) -> Time {
        self.seen.iter().map(|s| s.to).max().unwrap_or(self.start)
    }
}

pub(crate) struct Judge<'a> {
    subject: Asn,
    family: Family,
    history: &'a RouteHistory,
    standing: &'a Standing,
    behind: &'a BTreeSet<Asn>,
    window: &'a Window,
    sources: &'a Sources,
    pub rules: &'a Rules,
    pub sweep: &'a Sweep,
    pub days: Vec<Day<'a>>,
    /// Sightings by vantages that were sound then, by upstream.
    sightings: BTreeMap<Asn, Vec<&'a Sighting>>,
    /// Networks that each prefix was seen through.
    through: BTreeMap<Prefix, BTreeSet<Asn>>,
}

impl<'a> Judge<'a> {
    pub fn new(
        subject: Asn,
        family: Family,
        witnessed: Witnessed<'a>,
        window: &'a Window,
        sources: &'a Sources,
        rules: &'a Rules,
        sweep: &'a Sweep,
    ) -> Judge<'a> {
        let Witnessed { routes: history, standing, behind } = witnessed;
        let sound = |s: &&Sighting| {
            let quarantine = standing.quarantined(&history.vantages[s.vantage], family, s.first, s.last);
            quarantine.is_none_or(|q| !q.covers(s.first, s.last))
        };
        let mut sightings: BTreeMap<Asn, Vec<&Sighting>> = BTreeMap::new();
        let mut through: BTreeMap<Prefix, BTreeSet<Asn>> = BTreeMap::new();
        for (asn, all) in &sweep.sightings {
            let kept: Vec<&Sighting> = all.iter().filter(sound).collect();
            for sighting in &kept {
                through.entry(sighting.prefix).or_default().insert(*asn);
            }
            sightings.insert(*asn, kept);
        }
        let days = Vec::new();
        let mut judge = Judge {
            subject,
            family,
            history,
            standing,
            behind,
            window,
            sources,
            rules,
            sweep,
            days,
            sightings,
            through,
        };
        let mut poll = Poll::new(&sweep.prefixes, &sweep.tables, family);
        judge.days = sweep.days.iter().map(|(day, seen)| judge.day(*day, seen, &mut poll)).collect();
        judge
    }

    /// The collector of a vantage.
    pub fn collector(&self, vantage: usize) -> &'a str {
        &self.history.vantages[vantage].collector
    }

    pub fn pair(&self, seen: &Seen) -> (&'a str, Asn) {
        let vantage = &self.history.vantages[seen.vantage];
        (vantage.collector.as_str(), vantage.asn)
    }

    pub fn independent(&self, seen: &[&Seen]) -> usize {
        independent(seen.iter().map(|s| self.pair(s)))
    }

    /// The quarantine that a vantage was in at some time of a day's look.
    fn quarantine(&self, seen: &Seen) -> Option<&'a Quarantine> {
        let (from, until) = (seen.by.min(seen.to), seen.to.max(seen.by));
        self.standing.quarantined(&self.history.vantages[seen.vantage], self.family, from, until)
    }

    fn day(&self, day: i64, seen: &'a [Seen], poll: &mut Poll<'_>) -> Day<'a> {
        let counts = |s: &&Seen| self.pair(s).1 != self.subject && self.quarantine(s).is_none();
        let seen: Vec<&Seen> = seen.iter().filter(counts).collect();
        let with: Vec<&Seen> = seen.iter().filter(|s| !s.any.is_empty()).copied().collect();
        let largest = seen.iter().map(|s| s.table).max().unwrap_or(0);
        let full = |s: &&&Seen| {
            let behind = self.behind.contains(&self.pair(s).1);
            !behind && s.table > 0 && s.table as f64 >= self.rules.full_feed_ratio * largest as f64
        };
        let member = |s: &&'a Seen| Member { collector: self.pair(s).0, asn: self.pair(s).1, held: s.held };
        let members: Vec<Member<'_>> = seen.iter().filter(full).map(member).collect();
        Day {
            start: Time(day * DAY_MICROS),
            with_route: with.len(),
            collectors: with.iter().map(|s| self.pair(s).0).collect::<BTreeSet<_>>().len(),
            clusters: self.independent(&with),
            awake: self.independent(&seen.iter().filter(|s| !s.partial).copied().collect::<Vec<_>>()),
            visibility: poll.visibility(&members, self.rules.adequate_clusters),
            shares: poll.shares(&members, self.rules),
            seen,
        }
    }

    fn in_window(&self, day: &Day<'_>) -> bool {
        self.window.touches(day.start, Time(day.start.0 + DAY_MICROS - 1))
    }

    fn observed(&self) -> (Observed, Vec<Finding>) {
        let mut showing: BTreeMap<Asn, Showing<'a>> = BTreeMap::new();
        for (at, day) in self.days.iter().enumerate() {
            for seen in &day.seen {
                for via in &seen.any {
                    if let Upstream::Seen(asn) = via.upstream {
                        showing.entry(asn).or_default().entry(at).or_default().push(seen);
                    }
                }
            }
        }
        let mut found: Vec<(ObservedUpstream, Finding)> =
            showing.iter().filter_map(|(asn, showing)| self.upstream(*asn, showing)).collect();
        found.sort_by_key(|(u, _)| (u.periods.first().map(|p| p.bounds.from_by), u.asn));
        let (upstreams, findings): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        let view = |day: &Day<'_>| DayView {
            day: day.start,
            awake: day.seen.len(),
            with_route: day.with_route,
            collectors: day.collectors,
            visibility: day.visibility,
        };
        let observed = Observed {
            family: self.family,
            days: self.days.iter().filter(|day| self.in_window(day)).map(view).collect(),
            set_aside: self.set_aside(&upstreams),
            stuck: Vec::new(),
            upstreams,
            hidden: self.sweep.hidden.iter().map(|(next, v)| (*next, v.len())).collect(),
            unusable_routes: self.sweep.unusable,
            other_origins: self.sweep.others.iter().map(|(asn, v)| (*asn, v.len())).collect(),
        };
        (observed, findings)
    }

    /// Vantages in quarantine that had a route on a day of the window, and what they alone show.
    fn set_aside(&self, upstreams: &[ObservedUpstream]) -> Vec<SetAside> {
        let told: BTreeSet<Asn> = upstreams.iter().map(|u| u.asn).collect();
        let mut found: BTreeMap<(usize, Time), (&Quarantine, BTreeSet<Asn>)> = BTreeMap::new();
        for (day, all) in &self.sweep.days {
            let start = Time(day * DAY_MICROS);
            if !self.window.touches(start, Time(start.0 + DAY_MICROS - 1)) {
                continue;
            }
            for seen in all.iter().filter(|s| !s.any.is_empty() && self.pair(s).1 != self.subject) {
                let Some(quarantine) = self.quarantine(seen) else { continue };
                let alone = seen.any.iter().filter_map(|via| match via.upstream {
                    Upstream::Seen(asn) if !told.contains(&asn) => Some(asn),
                    _ => None,
                });
                found.entry((seen.vantage, quarantine.first)).or_insert((quarantine, BTreeSet::new())).1.extend(alone);
            }
        }
        let aside = |((vantage, _), (q, alone)): ((usize, Time), (&Quarantine, BTreeSet<Asn>))| SetAside {
            vantage: self.history.vantages[vantage].clone(),
            after: q.after,
            before: q.before,
            links: q.most.links,
            median: q.most.median,
            why: q.why(),
            alone: alone.into_iter().collect(),
        };
        found.into_iter().map(aside).collect()
    }

    fn upstream(&self, asn: Asn, showing: &Showing<'a>) -> Option<(ObservedUpstream, Finding)> {
        let sightings = self.sightings.get(&asn)?;
        let looks = Looks::new(self, asn, showing, sightings);
        let all = periods(&looks.looks, self.rules.route_gap_days);
        let periods: Vec<Period> = all.into_iter().filter(|p| p.touches(self.window)).collect();
        if periods.is_empty() {
            return None;
        }
        let days: Vec<DayShare> = showing
            .iter()
            .map(|(at, seen)| (&self.days[*at], seen))
            .filter(|(day, _)| self.in_window(day))
            .map(|(day, seen)| DayShare {
                day: day.start,
                vantages_with: seen.len(),
                vantages: day.with_route,
                share: day.shares.get(&asn).copied(),
            })
            .collect();
        let vantages: BTreeSet<usize> = showing.values().flatten().map(|s| s.vantage).collect();
        let asns: BTreeSet<Asn> = showing.values().flatten().map(|s| self.pair(s).1).collect();
        let collectors: BTreeSet<&str> = showing.values().flatten().map(|s| self.pair(s).0).collect();
        let prefixes: BTreeSet<Prefix> = sightings.iter().map(|s| s.prefix).collect();
        let alone = |p: &&Prefix| self.through[*p].len() == 1 && !self.sweep.unclear.contains(*p);
        let mut upstream = ObservedUpstream {
            asn,
            grade: grade(looks.best, collectors.len(), &periods, self.rules),
            periods,
            vantages: vantages.len(),
            peer_asns: asns.len(),
            collectors: collectors.len(),
            exclusive: prefixes.iter().filter(alone).count(),
            prefixes: prefixes.into_iter().collect(),
            next: self.next(asn, sightings),
            days,
            finding: String::new(),
        };
        let finding = self.state(&upstream, &looks, sightings)?;
        upstream.finding = finding.id.clone();
        Some((upstream, finding))
    }

    /// The networks behind an upstream, with the number of vantages.
    fn next(&self, asn: Asn, sightings: &[&'a Sighting]) -> Vec<(Asn, usize)> {
        let mut next: BTreeMap<Asn, BTreeSet<usize>> = BTreeMap::new();
        for s in sightings {
            next.entry(s.next.unwrap_or(self.history.vantages[s.vantage].asn)).or_default().insert(s.vantage);
        }
        next.remove(&asn);
        let mut next: Vec<(Asn, usize)> = next.into_iter().map(|(asn, v)| (asn, v.len())).collect();
        next.sort_by_key(|(asn, count)| (std::cmp::Reverse(*count), *asn));
        next
    }

    fn state(&self, upstream: &ObservedUpstream, looks: &Looks<'_, '_>, sightings: &[&'a Sighting]) -> Option<Finding> {
        let (evidence, evidence_unlisted) = self.evidence(upstream, looks, sightings);
        Draft {
            method: METHOD,
            subject: self.subject,
            object: Some(upstream.asn),
            family: Some(self.family),
            class: Class::Observed,
            bounds: match upstream.periods.as_slice() {
                [one] => Some(one.bounds),
                _ => None,
            },
            statement: self.statement(upstream),
            evidence,
            evidence_unlisted,
        }
        .seal(usize::MAX)
    }

    fn statement(&self, upstream: &ObservedUpstream) -> String {
        let (subject, family, asn) = (self.subject, self.family, upstream.asn);
        // Of days with as many vantages, the first.
        let most = upstream.days.iter().rev().max_by_key(|d| d.vantages_with);
        let (with, of) = most.map_or((0, 0), |d| (d.vantages_with, d.vantages));
        let on = most.map_or(String::new(), |d| format!(" on {}", d.day.date()));
        let peers = |n| words::number(n, "peer", "peers");
        let seen = match upstream.grade {
            Grade::Low if with == 1 => format!("one vantage reported {asn} next to {subject} ({family}){on}"),
            Grade::Low => format!("{} reported {asn} next to {subject} ({family}){on}", peers(with)),
            Grade::Medium => {
                format!("{asn} was observed next to {subject} ({family}) at {with} of {}{on}", peers(of))
            }
            Grade::High => {
                format!("{asn} was directly upstream of {subject} ({family}) at {with} of {}{on}", peers(of))
            }
        };
        format!("{seen}: {}", words::periods(&upstream.periods, "seen"))
    }

    /// What a finding rests on: records that show the upstream, and for each bound of a period records of that day that show
    /// another route.
    fn evidence(
        &self,
        upstream: &ObservedUpstream,
        looks: &Looks<'_, '_>,
        sightings: &[&'a Sighting],
    ) -> (Vec<Cited>, usize) {
        let mut listed: Vec<(Time, Cited)> = Vec::new();
        // Of many periods the first and the last bound are shown.
        let bounds = [
            upstream.periods.first().filter(|p| p.start == Edge::Bounded).and_then(|p| p.bounds.from_after),
            upstream.periods.last().filter(|p| p.end == Edge::Bounded).and_then(|p| p.bounds.to_by),
        ];
        for at in bounds.into_iter().flatten() {
            let day = looks.denying(at).map(|at| &self.days[at]);
            listed.extend(day.into_iter().flat_map(|day| self.others(day)));
        }
        let most = self.rules.evidence_items.saturating_sub(listed.len()).max(2);
        let kept = self.first_and_last(sightings, most);
        let unlisted = sightings.len() - kept.len();
        let shows = |s: &Sighting| (s.first, cite(self.sources, s.evidence, self.says(upstream.asn, s)));
        listed.extend(kept.into_iter().map(shows));
        listed.sort();
        listed.dedup();
        (listed.into_iter().map(|(_, cited)| cited).collect(), unlisted)
    }

    /// The sightings that begin first and those that end last.
    fn first_and_last(&self, sightings: &[&'a Sighting], most: usize) -> Vec<&'a Sighting> {
        let key = |s: &Sighting| (s.vantage, s.prefix, s.evidence.offset);
        let mut order: Vec<usize> = (0..sightings.len()).collect();
        order.sort_by_key(|&i| (sightings[i].first, std::cmp::Reverse(sightings[i].last), key(sightings[i])));
        let mut kept: BTreeSet<usize> = order.iter().take(most - most / 2).copied().collect();
        order.sort_by_key(|&i| (std::cmp::Reverse(sightings[i].last), key(sightings[i])));
        for i in order {
            if kept.len() >= most {
                break;
            }
            kept.insert(i);
        }
        kept.into_iter().map(|i| sightings[i]).collect()
    }

    fn says(&self, asn: Asn, s: &Sighting) -> String {
        let at = match s.stated {
            Stated::Update => format!("announced at {}", s.first),
            Stated::Dump if s.first == s.last => format!("in the dump of {}", s.first),
            Stated::Dump => format!("unchanged in dumps from {} to {}", s.first, s.last),
        };
        let private = if s.private_origin { ", before a private number that the network announces" } else { "" };
        format!("{} at {} through {asn}{private}, {at}", s.prefix, shown(&self.history.vantages[s.vantage]))
    }

    /// Of each collector a record of that day which shows a route.
    fn others(&self, day: &Day<'_>) -> Vec<(Time, Cited)> {
        let mut collectors: BTreeSet<&str> = BTreeSet::new();
        let mut out = Vec::new();
        for seen in day.seen.iter().filter(|s| clear(s)) {
            if let Some((prefix, upstream, at)) = seen.sample
                && collectors.insert(self.pair(seen).0)
            {
                let through = match upstream {
                    Upstream::Seen(asn) => format!("through {asn}"),
                    _ => "from the network itself".to_owned(),
                };
                let vantage = shown(&self.history.vantages[seen.vantage]);
                let says = format!(
                    "{} at {vantage} {through}, held on {}",
                    self.sweep.prefixes[prefix as usize],
                    day.start.date()
                );
                out.push((day.start, cite(self.sources, at, says)));
            }
        }
        out
    }
}

/// How well the sightings support an upstream (methods §14).
fn grade(best: usize, collectors: usize, periods: &[Period], rules: &Rules) -> Grade {
    let longest = periods.iter().map(|p| p.bounds.to_after.0.saturating_sub(p.bounds.from_by.0)).max().unwrap_or(0);
    let unbroken = periods.len() == 1 && periods.iter().all(|p| p.seen == p.of);
    if best >= rules.adequate_clusters && collectors >= 2 && longest >= DAY_MICROS && unbroken {
        Grade::High
    } else if best >= rules.positive_clusters && longest >= DAY_MICROS / 24 {
        Grade::Medium
    } else {
        Grade::Low
    }
}

/// What observed routes cannot tell here.
pub fn unknowns(
    subject: Asn,
    history: &RouteHistory,
    families: &[Observed],
    rules: &Rules,
    registry: &Registry,
) -> Vec<Unknown> {
    let mut out = Vec::new();
    let archives = "tables and updates of route collectors (RIPE RIS, RouteViews) of the time".to_owned();
    if families.iter().all(|f| f.upstreams.is_empty()) {
        let looked = history.tables.len() + history.spans.len();
        let first = history.tables.iter().map(|t| t.at).chain(history.spans.iter().map(|s| s.from)).min();
        let last = history.tables.iter().map(|t| t.until).chain(history.spans.iter().map(|s| s.until)).max();
        let what = match first.zip(last) {
            None => format!("routes of {subject}: no table or update file of a collector was read"),
            Some((first, last)) => format!(
                "routes of {subject}: none in the {looked} collector files read, which lie between {} and {}",
                first.date(),
                last.date()
            ),
        };
        let why = if looked == 0 { Why::NoData } else { Why::Undetermined };
        out.push(Unknown { what, why, from: None, until: None, settled_by: archives });
        return out;
    }
    for family in families {
        let best = family.days.iter().map(|d| d.collectors).max().unwrap_or(0);
        if best < rules.adequate_clusters {
            out.push(Unknown {
                what: format!(
                    "shares and ends of {} upstreams: routes were seen at {best} of the {} collectors that shares need",
                    family.family, rules.adequate_clusters
                ),
                why: Why::InsufficientCohort,
                from: None,
                until: None,
                settled_by: archives.clone(),
            });
        }
    }
    for family in families {
        for aside in &family.set_aside {
            let side = |time: Option<Time>| time.map_or("?".to_owned(), |time| time.date());
            out.push(Unknown {
                what: format!(
                    "what {} shows of {subject} ({}) between {} and {}: its routes are set aside, as {}",
                    shown(&aside.vantage),
                    family.family,
                    side(aside.after),
                    side(aside.before),
                    aside.why
                ),
                why: Why::Conflicting,
                from: aside.after,
                until: aside.before,
                settled_by: "other vantages that show the same links, or the operator of that session".to_owned(),
            });
        }
    }
    if !history.spans.is_empty() && history.states.is_empty() {
        out.push(Unknown {
            what: "short resets of sessions: no state message was read, so resets are inferred from bursts of \
                   announcements, and a route may have been held on beyond one that made none"
                .to_owned(),
            why: Why::NotObservable,
            from: None,
            until: None,
            settled_by: "updates of collectors that write state messages (RIPE RIS)".to_owned(),
        });
    }
    if registry.route_servers.is_empty() {
        out.push(Unknown {
            what:
                "which upstreams are route servers of exchanges: no dated list was read, so one may stand as upstream"
                    .to_owned(),
            why: Why::NoData,
            from: None,
            until: None,
            settled_by: "a dated list of route-server numbers".to_owned(),
        });
    }
    out
}
