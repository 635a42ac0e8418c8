//! One network next to another: what is seen, how far it carries, the tests against the explanations, and claims.

use headwater_finding::account::Names;
use headwater_finding::carriage::Carriage;
use headwater_finding::carriage::claim::{Prediction, Tested, Verdict};
use headwater_finding::carriage::matrix::{Cell, Hypothesis, TIE};
use headwater_finding::carriage::test::{Outcome, State};
use headwater_finding::words::{day, number, periods, quoted};
use headwater_route::Asn;

use super::Style;
use crate::commands::investigate::Proves;
use crate::text::{Align, table};

/// The whole answer.
pub fn show(found: &Carriage, names: &Names, style: &Style) -> String {
    let facts = &found.facts;
    let mut out = style.heading(&format!(
        "{} next to {}",
        named(facts.carrier, facts.carrier_holder.as_deref(), names),
        named(facts.subject, facts.holder.as_deref(), names)
    ));
    out.push_str(&seen(found, style));
    out.push('\n');
    out.push_str(&ladder(found, style));
    out.push('\n');
    out.push_str(&tests(found, style));
    out.push('\n');
    out.push_str(&explanations(found, style));
    for claim in &found.claims {
        out.push('\n');
        out.push_str(&claimed(claim, style));
    }
    out
}

/// What the tellingest carriers prove, in short.
pub fn summary(subject: Asn, proves: &[Proves], names: &Names, style: &Style) -> String {
    let mut out = style.heading("What a carrier next to it proves");
    if proves.is_empty() {
        out.push_str(&style.wrap(&format!("no network is known next to {subject} in the time asked about"), ""));
        return out;
    }
    for p in proves {
        let rung = p.rung.map_or("no rung by routes".to_owned(), |rung| format!("rung {}", rung.code()));
        let first: Vec<String> = p.first.iter().map(|h| format!("{} ({})", h.says(), h.code())).collect();
        let least = match first.is_empty() {
            true => "explanations not ranked".to_owned(),
            false => format!("least contradicted: {}", first.join(", ")),
        };
        out.push_str(&style.item(&format!(
            "{}: {rung}; {least} ({} counted, {} open){}",
            named(p.carrier, None, names),
            number(p.counted, "test", "tests"),
            p.open,
            if p.rung.is_some() { format!(". {}", capital(&p.role)) } else { String::new() }
        )));
    }
    out.push_str(&style.wrap(&format!("`headwater rivals {subject} CARRIER` tells the tests and what they need."), ""));
    out
}

fn named(asn: Asn, holder: Option<&str>, names: &Names) -> String {
    match holder.or(names.get(&asn).map(String::as_str)) {
        Some(name) => format!("{asn} {}", quoted(name)),
        None => asn.to_string(),
    }
}

fn seen(found: &Carriage, style: &Style) -> String {
    let facts = &found.facts;
    let (subject, carrier) = (facts.subject, facts.carrier);
    let mut out = String::new();
    if facts.listed.is_empty() {
        let count = facts.publications.iter().filter(|p| p.can_deny).count();
        let text = match count {
            0 => format!("Published relationships: none of the time has {subject}"),
            n => format!(
                "Published relationships: {carrier} is not listed as a provider of {subject} in {}",
                number(n, "publication", "publications")
            ),
        };
        out.push_str(&style.item(&text));
    } else {
        let beside: Vec<String> = facts
            .listing()
            .map(|p| {
                let others: Vec<String> =
                    p.providers.iter().filter(|asn| **asn != carrier).map(ToString::to_string).collect();
                let others = if others.is_empty() { "none".to_owned() } else { others.join(" ") };
                format!("{} {others}", &day(p.from)[..7])
            })
            .collect();
        out.push_str(&style.item(&format!(
            "Published relationships (inferred, no paths): {carrier} is a provider of {subject}, {}{}",
            periods(&facts.listed, "listed"),
            cited(&facts.listed_finding)
        )));
        out.push_str(&style.item(&format!("Other listed providers in the same publications: {}", shortened(&beside))));
    }
    for routes in &facts.routes {
        let days = routes.days.iter().filter(|d| d.vantages > 0).count();
        let text = match &routes.upstream {
            Some(upstream) => format!(
                "Observed routes ({}): {carrier} is next to {subject} at {} of {} on {}, {}{}",
                routes.family,
                number(upstream.vantages, "vantage", "vantages"),
                number(upstream.collectors, "collector", "collectors"),
                number(days, "day with routes", "days with routes"),
                periods(&upstream.periods, "seen"),
                cited(&upstream.finding)
            ),
            None => format!(
                "Observed routes ({}): {carrier} was not seen next to {subject} on {}",
                routes.family,
                number(days, "day with routes", "days with routes")
            ),
        };
        out.push_str(&style.item(&text));
    }
    if facts.routes.is_empty() {
        let looked = facts.looked.clone().unwrap_or_else(|| "no file of a collector was read".to_owned());
        out.push_str(&style.item(&format!("Observed routes: {looked}")));
    }
    out
}

/// The first and the last of many.
fn shortened(all: &[String]) -> String {
    match all.len() {
        0..=6 => all.join("; "),
        n => format!("{}; {} more; {}", all[..3].join("; "), n - 6, all[n - 3..].join("; ")),
    }
}

fn ladder(found: &Carriage, style: &Style) -> String {
    let ladder = &found.ladder;
    let top = ladder.steps.iter().find(|s| Some(s.rung) == ladder.reached);
    let mut out = style.heading(&match top {
        Some(step) => format!("How far it carries: {}, {}", step.rung.code(), step.statement),
        None => "How far it carries: no rung is reached by routes".to_owned(),
    });
    let rows: Vec<Vec<String>> = ladder
        .steps
        .iter()
        .map(|step| {
            let reached = match step.reached {
                Some(true) => "reached",
                Some(false) => "not reached",
                None => "open",
            };
            vec![step.rung.code().to_owned(), reached.to_owned(), step.statement.clone()]
        })
        .collect();
    out.push_str(&table(&[("rung", Align::Left), ("", Align::Left), ("says that", Align::Left)], &rows));
    // What the last reached rung rests on, and what the next one lacks.
    let at = ladder.steps.iter().rposition(|s| s.reached == Some(true));
    let next = at.map_or(0, |at| at + 1);
    for (i, step) in ladder.steps.iter().enumerate() {
        if (Some(i) == at || i == next) && !step.says.is_empty() {
            out.push_str(&style.item(&format!("{}: {}", step.rung.code(), step.says)));
        }
    }
    if let Some(inferred) = &ladder.inferred {
        out.push_str(&style.item(inferred));
    }
    if let Some(published) = &found.roles.published {
        out.push_str(&style.item(&format!("Published role: {published}")));
    }
    out.push_str(&style.item(&format!("Role by routes: {}", found.roles.says)));
    out
}

/// The id of a finding behind a sentence.
fn cited(id: &str) -> String {
    if id.is_empty() { String::new() } else { format!(" ({id})") }
}

fn mark(cell: Cell) -> &'static str {
    match cell {
        Cell::CC => "++",
        Cell::C => "+",
        Cell::N => "·",
        Cell::I => "-",
        Cell::II => "--",
    }
}

fn tests(found: &Carriage, style: &Style) -> String {
    let matrix = &found.matrix;
    let mut out = style.heading("Tests against explanations");
    let mut headings = vec![("", Align::Left), ("outcome", Align::Left)];
    headings.extend(Hypothesis::ALL.iter().map(|h| (h.code(), Align::Right)));
    headings.push(("test", Align::Left));
    let rows: Vec<Vec<String>> = matrix
        .outcomes
        .iter()
        .map(|outcome| {
            let state = match outcome.state {
                State::Yes => "holds",
                State::No => "does not hold",
                State::CannotTell => "cannot tell",
                State::NotTested => "not tested",
            };
            let mut row = vec![outcome.id.to_owned(), state.to_owned()];
            let cells = matrix.rows.iter().find(|r| r.id == outcome.id).map(|r| r.cells.as_slice());
            row.extend((0..Hypothesis::ALL.len()).map(|h| cells.map_or("", |cells| mark(cells[h])).to_owned()));
            row.push(outcome.asks.to_owned());
            row
        })
        .collect();
    out.push_str(&table(&headings, &rows));
    out.push_str(&style.wrap(
        "++ strongly consistent, + consistent, · neutral, - inconsistent, -- strongly inconsistent; blank: the test does not \
         hold or is open, and counts nothing",
        "",
    ));
    let tell = |out: &mut String, head: &str, is: &dyn Fn(&Outcome) -> bool| {
        let told: Vec<&Outcome> = matrix.outcomes.iter().filter(|o| is(o)).collect();
        if told.is_empty() {
            return;
        }
        out.push_str(&style.heading(head));
        // Outcomes that say the same are told once.
        let same = |a: &Outcome, b: &Outcome| a.says == b.says && a.needs == b.needs;
        for (i, outcome) in told.iter().enumerate() {
            if told[..i].iter().any(|o| same(o, outcome)) {
                continue;
            }
            let ids: Vec<&str> = told[i..].iter().filter(|o| same(o, outcome)).map(|o| o.id).collect();
            let needs = outcome.needs.as_ref().map_or(String::new(), |needs| format!(" Needs: {needs}."));
            out.push_str(&style.item(&format!(
                "{}: {}.{needs}{}",
                ids.join(", "),
                outcome.says,
                cited(&outcome.finding)
            )));
        }
    };
    tell(&mut out, "What was found", &|o| matches!(o.state, State::Yes | State::No));
    tell(&mut out, "What stays open, and what it needs", &|o| matches!(o.state, State::CannotTell | State::NotTested));
    out
}

fn explanations(found: &Carriage, style: &Style) -> String {
    let matrix = &found.matrix;
    let mut out = style.heading("Explanations");
    let Some(ranking) = &matrix.ranking else {
        out.push_str(&style.wrap(
            &format!(
                "Not ranked: {} and {} are needed. All stay open:",
                number(
                    matrix.counted,
                    "test that holds tells explanations apart",
                    "tests that hold tell explanations apart"
                ),
                matrix.needed
            ),
            "",
        ));
        for h in Hypothesis::ALL {
            out.push_str(&style.item(&format!("{} {}", h.code(), h.says())));
        }
        out.push_str(&style.wrap(TIE, ""));
        return out;
    };
    let headings = [
        ("rank", Align::Right),
        ("", Align::Left),
        ("explanation", Align::Left),
        ("against", Align::Right),
        ("contradicted by", Align::Left),
        ("consistent with", Align::Left),
    ];
    let list = |ids: &[&str]| if ids.is_empty() { "nothing".to_owned() } else { ids.join(" ") };
    let rows: Vec<Vec<String>> = ranking
        .iter()
        .map(|r| {
            vec![
                r.rank.to_string(),
                r.id.code().to_owned(),
                r.says.to_owned(),
                format!("{:.1}", r.against),
                list(&r.contradicted_by),
                list(&r.consistent_with),
            ]
        })
        .collect();
    out.push_str(&table(&headings, &rows));
    out.push_str(&style.wrap(
        "The least contradicted comes first. The sums are no probabilities: they count what speaks against, weighed by source.",
        "",
    ));
    out.push_str(&style.wrap(TIE, ""));
    let changing: Vec<&str> = matrix.sensitivity.iter().filter(|s| s.changes).map(|s| s.without.as_str()).collect();
    out.push_str(&style.wrap(
        &match changing.is_empty() {
            true => "The order stays the same without any one test or any one source.".to_owned(),
            false => format!("The order changes without any one of: {}.", changing.join(", ")),
        },
        "",
    ));
    out
}

fn claimed(claim: &Tested, style: &Style) -> String {
    let said = &claim.claim;
    let mut head = format!("Claim of {}", said.speaker);
    if !said.date.is_empty() {
        head.push_str(&format!(", {}", said.date));
    }
    let mut out = style.heading(&head);
    if !said.words.is_empty() {
        let verified = if said.verified { "exact words" } else { "wording unverified" };
        out.push_str(&style.wrap(&format!("{} ({verified})", quoted(&said.words)), ""));
    }
    if !said.source.is_empty() {
        out.push_str(&style.wrap(&format!("source: {}", said.source), ""));
    }
    for prediction in &claim.predictions {
        let needs = prediction.needs.as_ref().map_or(String::new(), |needs| format!(" Needs: {needs}."));
        out.push_str(&style.item(&format!(
            "If it is so, {}: {}. {}.{needs}{}",
            prediction.predicts,
            prediction.verdict.says(),
            capital(&prediction.says),
            cited(&prediction.finding)
        )));
    }
    let failed = |p: &Prediction| p.needs.is_some() && matches!(p.verdict, Verdict::DoesNotFit | Verdict::NotSeen);
    let open = claim.predictions.iter().any(failed);
    let text = match open {
        true => "Not settled: predictions that did not fit could still come out otherwise with what they need.",
        false => "These are tests of predictions, not of the truth of the speaker.",
    };
    out.push_str(&style.wrap(text, ""));
    out
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
