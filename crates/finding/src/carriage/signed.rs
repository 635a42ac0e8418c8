//! Tests of what the two networks have signed: standing authorisations (T9) and the entry of the network itself (T10).

use std::collections::BTreeSet;

use headwater_route::rows::{AspaLine, VrpSighting};
use headwater_route::{Prefix, Time};

use super::test::{Asker, OBJECTS, Outcome, State};
use crate::finding::{Class, cite, cite_whole};
use crate::words::day;

const DAY_MICROS: f64 = 86_400e6;

impl Asker<'_> {
    /// RPKI files of the time: not long before the start of the pair, up to its end.
    fn rpki(&self) -> Vec<usize> {
        let files = &self.rows.authorisations.files;
        let (Some(first), Some(last)) = (self.facts.first(), self.facts.last()) else { return Vec::new() };
        let earliest = Time(first.0.saturating_sub((self.rules.carriage.authorisation_days * DAY_MICROS) as i64));
        (0..files.len()).filter(|i| files[*i].at >= earliest && files[*i].at <= last).collect()
    }

    fn rpki_dates(&self) -> String {
        let dates: Vec<String> = self.rows.authorisations.files.iter().map(|f| day(f.at)).collect();
        match dates.as_slice() {
            [] => "no RPKI file was read".to_owned(),
            [one] => format!("the only RPKI file read is of {one}, which is not of the time"),
            [first, .., last] => {
                format!("none of the {} RPKI files read, of {first} to {last}, is of the time", dates.len())
            }
        }
    }

    pub(super) fn standby(&self) -> Outcome {
        const NEEDS: &str = "RPKI files (rpki-client JSON) from before the start, and route objects";
        let Some(first) = self.facts.first() else {
            return Outcome::new(9, State::NotTested, "the two were not seen together").needs(NEEDS);
        };
        let (subject, carrier) = (self.facts.subject, self.facts.carrier);
        let given = self.rows.authorisations;
        let own: BTreeSet<_> = given.vrps.iter().filter(|v| v.asn == subject).map(|v| v.prefix).collect();
        // What it announces only since the carrier stands there may be the carrier's own space, under a mistyped number.
        let history = self.rows.own.routes;
        let known = |table: usize| history.tables.get(table).is_some_and(|table| table.at < first);
        let before: BTreeSet<_> = history.runs.iter().filter(|r| known(r.first)).map(|r| r.prefix).collect();
        let since: BTreeSet<_> = history.runs.iter().filter(|r| !known(r.first)).map(|r| r.prefix).collect();
        let meet = |v: &VrpSighting, p: &Prefix| p.covers(&v.prefix) || v.prefix.covers(p);
        let early = |file: usize| given.files[file].at <= first;
        // A permission in the newest whole file before the start: one that was taken back stands no longer.
        let newest = (0..given.files.len()).rfind(|i| given.files[*i].complete && early(*i));
        let (naming, later): (Vec<_>, Vec<_>) = given
            .vrps
            .iter()
            .filter(|v| v.asn == carrier && Some(v.file) == newest)
            .filter(|v| own.iter().chain(&before).chain(&since).any(|p| meet(v, p)))
            .partition(|v| own.iter().chain(&before).any(|p| meet(v, p)));
        if let Some(vrp) = naming.last() {
            let says = format!(
                "a ROA payload of {} lets {carrier} announce {}, space of {subject}",
                day(given.files[vrp.file].at),
                vrp.prefix
            );
            let lines = naming
                .iter()
                .map(|v| cite(self.rows.own.sources, v.evidence, format!("{carrier} may announce {}", v.prefix)));
            return Outcome::new(9, State::Yes, says).by(Class::External, ["rpki".to_owned()], lines.collect());
        }
        if let Some(vrp) = later.last() {
            let says = format!(
                "a ROA payload of {} lets {carrier} announce {}, which {subject} is not authorised for and was not seen to announce \
                 before: it may be space of {carrier}",
                day(given.files[vrp.file].at),
                vrp.prefix
            );
            return Outcome::new(9, State::CannotTell, says).needs(NEEDS);
        }
        let file = self.rpki().into_iter().rfind(|i| given.files[*i].complete && early(*i)).map(|i| &given.files[i]);
        match file {
            Some(file) => Outcome::new(
                9,
                State::No,
                format!(
                    "no ROA payload of {} lets {carrier} announce space of {subject}; route objects were not read",
                    day(file.at)
                ),
            )
            .by(
                Class::External,
                ["rpki".to_owned()],
                vec![cite_whole(
                    self.rows.own.sources,
                    file.source,
                    format!("no payload for {carrier} in space of {subject}"),
                )],
            ),
            None => {
                let days = self.rules.carriage.authorisation_days;
                let says = format!("no whole RPKI file of the {days:.0} days before {} was read", day(first));
                Outcome::new(9, State::NotTested, says).needs(NEEDS)
            }
        }
    }

    pub(super) fn own_registry(&self) -> Outcome {
        let at = self.rpki();
        let (subject, carrier) = (self.facts.subject, self.facts.carrier);
        let given = self.rows.authorisations;
        let lines: Vec<_> = given.aspas.iter().filter(|a| at.contains(&a.file)).collect();
        let sources = self.rows.own.sources;
        let cited = |a: &AspaLine| cite(sources, a.evidence, format!("the ASPA of {subject} lists {}", a.provider));
        if let Some(line) = lines.iter().find(|a| a.provider == carrier) {
            let says = format!("its ASPA of {} lists {carrier} as a provider", day(given.files[line.file].at));
            return Outcome::new(10, State::Yes, says).by(Class::External, ["rpki".to_owned()], vec![cited(line)]);
        }
        if let Some(line) = lines.first() {
            let says = format!("its ASPA of {} does not list {carrier}", day(given.files[line.file].at));
            let all = lines.iter().map(|a| cited(a)).collect();
            return Outcome::new(10, State::No, says).by(Class::External, ["rpki".to_owned()], all);
        }
        let says = match (at.is_empty(), self.facts.first()) {
            (true, None) => "the two were not seen next to each other".to_owned(),
            (true, Some(_)) => self.rpki_dates(),
            (false, _) => {
                format!("{subject} has no ASPA in the RPKI files of the time, and no other registry entry was read")
            }
        };
        Outcome::new(10, State::NotTested, says).needs(OBJECTS)
    }
}
