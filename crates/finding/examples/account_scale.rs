//! How long `observed` takes at scale: `cargo run --release -p headwater-finding --example account_scale [vantages dumps prefixes]`.
//! Every vantage is dumped every day; one run in ten changes its upstream each tenth dump, and one update a vantage and day
//! comes between.

use std::time::Instant;

use headwater_finding::observed::{Witnessed, observed};
use headwater_finding::rules::Rules;
use headwater_finding::sanitise::Registry;
use headwater_route::rows::{RouteEvent, RouteHistory, RouteRun, Sources, Table, UpdateSpan, Vantage};
use headwater_route::{AsPath, Asn, Evidence, Kind, Prefix, Source, SourceId, Time, Window};

const DAY: i64 = 86_400_000_000;
const COLLECTORS: usize = 25;

fn main() {
    let mut args = std::env::args().skip(1).filter_map(|a| a.parse().ok());
    let vantages = args.next().unwrap_or(1000);
    let (dumps, prefixes) = (args.next().unwrap_or(500), args.next().unwrap_or(200));
    for updates in [false, true] {
        let (history, sources) = history(vantages, dumps, prefixes, updates);
        let (runs, events) = (history.runs.len(), history.events.len());
        let all = Window::default();
        let registry = Registry { invented: true, ..Registry::default() };
        let (standing, behind) = Default::default();
        let witnessed = Witnessed { routes: &history, standing: &standing, behind: &behind };
        let start = Instant::now();
        let (found, findings) = observed(Asn(64510), witnessed, &registry, &all, &all, &sources, &Rules::default());
        let upstreams: usize = found.iter().map(|f| f.upstreams.len()).sum();
        println!(
            "{vantages} vantages, {dumps} dumps of each, {prefixes} prefixes, {runs} runs, {events} updates: {:.2} s, \
             {upstreams} upstreams, {} findings",
            start.elapsed().as_secs_f64(),
            findings.len()
        );
    }
}

fn history(vantages: usize, dumps: usize, prefixes: usize, updates: bool) -> (RouteHistory, Sources) {
    let collector = |v: usize| format!("rrc{:02}", v * COLLECTORS / vantages);
    let vantage = |v: usize| Vantage {
        collector: collector(v),
        asn: Asn(100 + v as u32),
        addr: [198, 51, (v / 256) as u8, (v % 256) as u8].into(),
    };
    let all: Vec<Vantage> = (0..vantages).map(vantage).collect();
    let mut tables = Vec::new();
    for day in 0..dumps {
        for c in 0..COLLECTORS.min(vantages) {
            let collector = format!("rrc{c:02}");
            let own = (0..vantages).filter(|v| all[*v].collector == collector).map(|v| (v, 900_000, 200_000));
            let at = Time(day as i64 * DAY);
            let source = SourceId(tables.len() as i64);
            tables.push(Table { source, vantages: own.collect(), collector, at, until: at, complete: true });
        }
    }
    let per_day = tables.len() / dumps;
    let prefix = |p: usize| -> Prefix { format!("10.{}.{}.0/24", p / 256, p % 256).parse().unwrap() };
    let path = |v: usize, up: u32| AsPath::sequence([100 + v as u32, 3000, 64500 + up, 64510]);
    let mut runs = Vec::new();
    let mut events = Vec::new();
    for v in 0..vantages {
        let c = v * COLLECTORS / vantages;
        for p in 0..prefixes {
            let step = if p % 10 == 0 { 10 } else { dumps };
            for from in (0..dumps).step_by(step) {
                let (first, last) = (from * per_day + c, (from + step).min(dumps).saturating_sub(1) * per_day + c);
                let evidence = Evidence { source: SourceId(first as i64), offset: (v * prefixes + p) as u64 };
                let path = path(v, ((from / 10 + p) % 5) as u32);
                runs.push(RouteRun { vantage: v, prefix: prefix(p), path, first, last, evidence });
            }
        }
    }
    runs.sort_by_key(|r| (r.first, r.vantage, r.prefix));
    let mut spans = Vec::new();
    if updates {
        for day in 0..dumps {
            for v in 0..vantages {
                let at = Time(day as i64 * DAY + DAY / 2);
                let evidence = Evidence { source: SourceId(0), offset: (day * vantages + v) as u64 };
                let path = Some(path(v, (day % 5) as u32));
                events.push(RouteEvent { at, vantage: v, prefix: prefix(day % prefixes), path, evidence });
            }
        }
        for c in 0..COLLECTORS {
            let (from, until) = (Time(0), Time(dumps as i64 * DAY));
            let (source, collector) = (SourceId(0), format!("rrc{c:02}"));
            spans.push(UpdateSpan { source, collector, from, until, complete: true, vantages: Vec::new() });
        }
    }
    let sources = (0..tables.len()).map(|i| Source {
        id: SourceId(i as i64),
        name: format!("dump {i}"),
        path: String::new(),
        sha256: format!("{i:064x}"),
        archive_sha256: None,
        bytes: 1,
        kind: Kind::Mrt,
        series: String::new(),
        from: None,
        until: None,
        rows: 1,
        faults: 0,
    });
    let sources = Sources(sources.collect());
    (RouteHistory { vantages: all, tables, spans, runs, events, states: Vec::new(), bursts: Vec::new() }, sources)
}
