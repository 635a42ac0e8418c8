//! What every question needs: its subject out of the history, its rows, and the answer's envelope.

use headwater_finding::account::{Names, Rows};
use headwater_finding::finding::{Finding, Unknown, Why};
use headwater_finding::origins::{self, Origins};
use headwater_finding::sanitise::Registry;
use headwater_finding::vantage::standing::{self, Standing};
use headwater_history::{AsnList, History};
use headwater_route::rows::{HolderHistory, LinkHistory, OriginHistory, RouteHistory, Sources};
use headwater_route::{Asn, Kind, Prefix, Source, SourceId, Time, Window};
use serde::Serialize;
use serde_json::json;

use crate::commands::{Context, now};
use crate::envelope::{Envelope, Input, Level, Message, Status};
use crate::error::{Error, Exit};
use crate::resource::{self, Resource};

/// Key of the catalogue that says that the networks of a history are invented.
pub const WORLD: &str = "world";

/// What every answer from an invented world says.
pub fn invented(world: &str) -> String {
    format!("invented data ({world}): no statement here is about a real network")
}

/// What an answer from a history says, if its world is invented.
pub fn label(history: &History) -> Result<Option<String>, Error> {
    Ok(history.catalogue().meta(WORLD)?.as_deref().map(invented))
}

/// The window of `--from` and `--to`.
#[derive(clap::Args, Clone, Default)]
pub struct WindowArgs {
    /// Leave out what ended before this time (2024-06-01, 2024-06-01T12:00:00Z, "30 days ago")
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Leave out what began after this time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
}

impl WindowArgs {
    /// The window; a date as end is included.
    pub fn window(&self) -> Result<Window, Error> {
        let from = self.from.as_deref().map(|text| time("--from", text)).transpose()?;
        let to = self.to.as_deref().map(|text| time("--to", text)).transpose()?;
        let to = to.map(|to| if to.is_midnight() { to.plus_days(1) } else { to });
        if let (Some(from), Some(to)) = (from, to)
            && from >= to
        {
            return Err(Error::usage(format!("--from {from} is not before --to {to}")).hint("exchange the two"));
        }
        Ok(Window { from, to })
    }
}

/// A time on the command line.
pub fn time(option: &str, text: &str) -> Result<Time, Error> {
    Time::parse(text, Some(now())).map_err(|e| Error::usage(format!("{option}: {e}")))
}

/// A question being answered.
pub struct Question<'a> {
    /// The history.
    pub history: History,
    /// Every source in it.
    pub sources: Sources,
    /// What is known of numbers beside the rows.
    pub registry: Registry,
    context: &'a Context<'a>,
    world: Option<String>,
}

/// The network a question is about.
pub struct Subject {
    /// The network.
    pub asn: Asn,
    /// The prefix asked about, where it was one.
    pub prefix: Option<Prefix>,
    /// How the one was found from the other.
    pub how: Option<String>,
    /// Other networks that were origin of the prefix.
    pub others: Vec<Asn>,
}

impl<'a> Question<'a> {
    /// Opens the history.
    pub fn open(context: &'a Context<'a>) -> Result<Question<'a>, Error> {
        let history = context.open_history()?;
        let sources = history.catalogue().sources()?;
        let world = history.catalogue().meta(WORLD)?;
        // A route server stays one; the clique is that of the newest file.
        let route_servers = history.asn_lists(AsnList::Ixps)?.into_iter().flat_map(|(_, _, asns)| asns).collect();
        let clique = history.asn_lists(AsnList::Clique)?.pop().map(|(_, _, asns)| asns.into_iter().collect());
        let registry = Registry { invented: world.is_some(), route_servers, clique: clique.unwrap_or_default() };
        if sources.0.is_empty() {
            return Err(Error::failed(format!("the history in {} is empty", history.dir().display()))
                .hint("`headwater ingest PATH…` reads archives and snapshots into it"));
        }
        Ok(Question { history, sources, registry, context, world })
    }

    /// Finds the network behind a resource as written.
    pub fn subject(&self, text: &str, at: Option<Time>) -> Result<Subject, Error> {
        match resource::parse(text)? {
            Resource::Asn(asn) => Ok(Subject { asn, prefix: None, how: None, others: Vec::new() }),
            Resource::Prefix(prefix) => self.origin_of(prefix, at),
            Resource::Addr(addr) => {
                let host = Prefix::host(addr);
                self.origin_of(self.cover(host, at)?.unwrap_or(host), at)
            }
            Resource::Name(name) => self.named(&name),
        }
    }

    fn named(&self, name: &str) -> Result<Subject, Error> {
        const MOST: usize = 20;
        let found = self.history.asns_named(name, MOST + 1)?;
        match found.as_slice() {
            [] => Err(Error::failed(format!("no network is named {name:?} in the name files read"))
                .hint("write the AS number, or read name files with `headwater ingest`")),
            [(asn, name, seen)] => Ok(Subject {
                asn: *asn,
                prefix: None,
                how: Some(format!("{asn} was last named \"{name}\" in a file of {}", seen.date())),
                others: Vec::new(),
            }),
            many => {
                let shown: Vec<String> = many.iter().take(MOST).map(|(asn, name, _)| format!("{asn} {name}")).collect();
                let more = if many.len() > MOST { " and more" } else { "" };
                Err(Error::usage(format!("several networks are named {name:?}: {}{more}", shown.join("; ")))
                    .hint("write one of the AS numbers"))
            }
        }
    }

    /// The longest prefix that holds an address: among those observed, and the ranges of the newest published snapshot that
    /// has it, up to the day of `at`.
    pub fn cover(&self, host: Prefix, at: Option<Time>) -> Result<Option<Prefix>, Error> {
        let observed = self.history.observed_covers(&host)?.first().copied();
        let window = Window { from: None, to: at.map(|at| at.plus_days(1)) };
        let published = self.history.origins_of(&host, window)?;
        let newest = published.sightings.iter().map(|s| s.snapshot).max();
        let ranges = published.sightings.iter().filter(|s| Some(s.snapshot) == newest);
        let prefixes = ranges.filter_map(|s| origins::range_text(s.family, s.first, s.last).parse::<Prefix>().ok());
        Ok(prefixes.chain(observed).max_by_key(Prefix::len))
    }

    /// What snapshots and routes say of a prefix.
    pub fn origins(
        &self,
        prefix: Prefix,
        window: &Window,
    ) -> Result<(Origins, Vec<Finding>, Vec<Unknown>, OriginHistory), Error> {
        let published = self.history.origins_of(&prefix, Window::default())?;
        let routes = self.history.routes_of_prefix(prefix, Window::default())?;
        let rules = &self.context.config.methods;
        let (answer, findings, unknowns) =
            origins::origins(prefix, &published, &routes, &self.registry, window, &self.sources, rules);
        Ok((answer, findings, unknowns, published))
    }

    fn origin_of(&self, prefix: Prefix, at: Option<Time>) -> Result<Subject, Error> {
        let (origins, ..) = self.origins(prefix, &Window::default())?;
        let Some((asn, seen)) = origins::origin_at(&origins, at) else {
            return Err(Error::failed(format!("no source that was read gives an origin of {prefix}"))
                .hint(format!("`headwater origin {prefix}` shows what each source says"))
                .hint("read prefix-to-origin snapshots, tables or updates with `headwater ingest`"));
        };
        let mut others: Vec<Asn> =
            origins.published.iter().map(|o| o.asn).chain(origins.observed.iter().map(|o| o.asn)).collect();
        others.sort();
        others.dedup();
        others.retain(|other| *other != asn);
        let how = format!(
            "{asn} is the origin that was last given or seen for {prefix}, {}",
            headwater_finding::words::day(seen)
        );
        Ok(Subject { asn, prefix: Some(prefix), how: Some(how), others })
    }

    /// Every row about a network; routes of one prefix only, where the question is about one.
    pub fn rows(&self, subject: &Subject) -> Result<(LinkHistory, HolderHistory, RouteHistory), Error> {
        let all = Window::default();
        let routes = match subject.prefix {
            Some(prefix) => self.history.routes_of_prefix(prefix, all)?,
            None => self.history.routes_of_origin(subject.asn, all)?,
        };
        Ok((self.history.links(subject.asn, all)?, self.history.holders(subject.asn)?, routes))
    }

    /// The rows as the methods take them.
    pub fn bound<'r>(
        &'r self,
        rows: &'r (LinkHistory, HolderHistory, RouteHistory),
        standing: &'r Standing,
    ) -> Rows<'r> {
        Rows { links: &rows.0, holders: &rows.1, routes: &rows.2, standing, sources: &self.sources }
    }

    /// Which vantages are to be believed when, as far as dumps tell. Without a route there is nobody to believe.
    pub fn standing(&self, routes: &RouteHistory) -> Result<Standing, Error> {
        let mut standing = Standing::default();
        if routes.runs.is_empty() && routes.events.is_empty() {
            return Ok(standing);
        }
        self.look(routes, &mut standing)?;
        Ok(standing)
    }

    /// Looks at the links that vantages show, a day at a time.
    pub fn look(&self, routes: &RouteHistory, standing: &mut Standing) -> Result<(), Error> {
        for day in standing::days(&routes.tables) {
            let dumps: Vec<SourceId> = day.iter().map(|table| routes.tables[*table].source).collect();
            let samples = self.history.edge_samples(&dumps)?;
            standing.look(routes, &day, &samples, &self.context.config.methods);
        }
        Ok(())
    }

    /// Names for display.
    pub fn names(&self, asns: &[Asn], at: Option<Time>) -> Result<Names, Error> {
        Ok(self.history.display_names(asns, at)?)
    }

    /// The collector of this name; an error with those there are, if it is none of them.
    pub fn collector(&self, name: &str) -> Result<(), Error> {
        const MOST: usize = 40;
        let named = self.sources.0.iter().filter(|s| s.kind == Kind::Mrt).map(|s| s.series.as_str());
        let named: std::collections::BTreeSet<&str> = named.collect();
        if named.contains(name) {
            return Ok(());
        }
        let shown: Vec<&str> = named.iter().take(MOST).copied().collect();
        let more = if named.len() > MOST { " and more" } else { "" };
        Err(Error::usage(format!("no file of a collector {name:?} was read"))
            .hint(format!("collectors read: {}{more}", shown.join(", "))))
    }

    /// As [`Question::finish_as`]: without a finding nothing answers the question.
    pub fn finish<Q: Serialize, D: Serialize>(
        &self,
        envelope: &mut Envelope<Q, D>,
        kinds: &[Kind],
        findings: Vec<Finding>,
        unknowns: Vec<Unknown>,
    ) -> Result<Exit, Error> {
        let answered = !findings.is_empty();
        self.finish_as(envelope, kinds, findings, unknowns, answered)
    }

    /// Completes an envelope: inputs of the kinds that could tell, findings (kept for `explain`), gaps, and what was wrong
    /// with the inputs. Returns how the command ends: incomplete if content of an input is missing, or nothing is known.
    pub fn finish_as<Q: Serialize, D: Serialize>(
        &self,
        envelope: &mut Envelope<Q, D>,
        kinds: &[Kind],
        findings: Vec<Finding>,
        unknowns: Vec<Unknown>,
        answered: bool,
    ) -> Result<Exit, Error> {
        let used: Vec<&Source> = self.sources.0.iter().filter(|s| kinds.contains(&s.kind)).collect();
        envelope.inputs = used.iter().map(|s| Input::from(*s)).collect();
        let lossy = self.history.catalogue().fault_counts()?;
        let lossy = lossy.iter().filter(|c| !c.unread && c.kind.loses_content());
        let lossy: std::collections::BTreeSet<&str> = lossy.map(|c| c.sha256.as_str()).collect();
        let faulty = used.iter().filter(|s| lossy.contains(s.sha256.as_str())).count();
        let mut say = |level, text: String| envelope.messages.push(Message { level, text });
        if let Some(world) = &self.world {
            say(Level::Warning, invented(world));
        }
        if faulty > 0 {
            let noun = if faulty == 1 { "source lacks" } else { "sources lack" };
            say(
                Level::Warning,
                format!(
                    "{faulty} of {} {noun} content that could not be read; `headwater faults` tells what",
                    used.len()
                ),
            );
        }
        if !answered {
            say(Level::Warning, "nothing that was read answers this question".to_owned());
        }
        for finding in &findings {
            let body = json!({ "query": &envelope.query, "finding": finding }).to_string();
            if let Err(e) = self.history.catalogue().keep_finding(&finding.id, &body, now()) {
                let text = format!("findings are not kept for `headwater explain`: {e}");
                envelope.messages.push(Message { level: Level::Warning, text });
                break;
            }
        }
        let mut unknowns = unknowns;
        if let Some(selection) = self.history.catalogue().selection()?.filter(|_| kinds.contains(&Kind::Mrt)) {
            let filter = crate::commands::filter::shown(&selection.text);
            unknowns.push(Unknown {
                what: format!(
                    "every observed route that the filter of this history left out (it keeps `{filter}`), and with them \
                     the sizes of tables, so shares and withdrawn networks"
                ),
                why: Why::NoData,
                from: None,
                until: None,
                settled_by: "the same MRT files, read whole into a history of their own".to_owned(),
            });
        }
        let exit = if faulty > 0 || !answered { Exit::Incomplete } else { Exit::Done };
        if exit == Exit::Incomplete {
            envelope.status = Status::Partial;
        }
        envelope.findings = findings;
        envelope.gaps = unknowns;
        envelope.stats = self.context.output.cost(Some(self.history.scan_stats()));
        Ok(exit)
    }

    /// Says above an answer that streams what it must never be read without.
    pub fn announce(&self) -> Result<(), Error> {
        self.context.output.banner(self.world.as_deref().map(invented).as_deref())
    }

    /// Prints an answer: as JSON, or `text` and the messages.
    pub fn print<Q: Serialize, D: Serialize>(
        &self,
        envelope: &Envelope<Q, D>,
        text: impl FnOnce() -> String,
    ) -> Result<(), Error> {
        let output = self.context.output;
        if output.json {
            return output.answer(envelope);
        }
        let label = self.world.as_deref().map(invented);
        output.banner(label.as_deref())?;
        output.print(&text())?;
        for message in envelope.messages.iter().filter(|message| Some(&message.text) != label.as_ref()) {
            output.note(&message.text);
        }
        output.tell_cost(Some(self.history.scan_stats()));
        Ok(())
    }
}
