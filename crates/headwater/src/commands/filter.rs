//! Which observations are wanted: the options that `dump` and `ingest` share.

use clap::Parser;
use headwater_history::Selection;
use headwater_route::{Asn, Family, Window};
use headwater_wire::mrt::{EventKind, Filter, PathPattern, PrefixMatch, PrefixTest};

use crate::error::Error;
use crate::question::WindowArgs;

/// Filter options.
#[derive(clap::Args, Clone)]
#[command(next_help_heading = "Which observations")]
pub struct FilterArgs {
    /// Routes of this prefix; `more:P`, `less:P` and `overlap:P` take more-specific, covering and overlapping ones
    #[arg(long, value_name = "PREFIX")]
    prefix: Vec<PrefixTest>,
    /// Take more-specific prefixes too, for every --prefix
    #[arg(long, requires = "prefix")]
    more_specific: bool,
    /// Routes that this AS originates
    #[arg(long, value_name = "ASN")]
    origin: Vec<Asn>,
    /// Routes with this AS anywhere in the path
    #[arg(long, value_name = "ASN")]
    through: Vec<Asn>,
    /// Routes whose path matches, as operators write it: '^64500 .* 64510$', '_64501_'
    #[arg(long, value_name = "PATTERN")]
    path: Vec<PathPattern>,
    /// Vantages: an AS number or an address
    #[arg(long, value_name = "PEER")]
    peer: Vec<String>,
    #[command(flatten)]
    window: WindowArgs,
    /// Address family
    #[arg(long, value_name = "4|6", value_parser = family)]
    family: Option<Family>,
    /// Kind of observation: held, announced, withdrawn, state
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',')]
    events: Vec<EventKind>,
}

fn family(text: &str) -> Result<Family, String> {
    match text {
        "4" | "v4" | "ipv4" => Ok(Family::V4),
        "6" | "v6" | "ipv6" => Ok(Family::V6),
        _ => Err("write 4 or 6".to_owned()),
    }
}

impl FilterArgs {
    /// The filter.
    pub fn filter(&self) -> Result<Filter, Error> {
        let mut filter = Filter {
            prefixes: self.prefix.clone(),
            family: self.family,
            origins: self.origin.clone(),
            through: self.through.clone(),
            paths: self.path.clone(),
            window: self.window.window()?,
            events: self.events.clone(),
            ..Filter::default()
        };
        if self.more_specific {
            filter.prefixes.iter_mut().for_each(|test| test.by = PrefixMatch::MoreSpecific);
        }
        for peer in &self.peer {
            match (peer.parse(), peer.parse()) {
                (Ok(addr), _) => filter.peer_addrs.push(addr),
                (_, Ok(asn)) => filter.peer_asns.push(asn),
                _ => {
                    let peer = crate::escape::terminal(peer).into_owned();
                    return Err(Error::usage(format!("--peer: {peer:?} is no AS number and no address")));
                }
            }
        }
        Ok(filter)
    }
}

/// The options alone, as a history keeps them.
#[derive(Parser)]
#[command(no_binary_name = true)]
struct Alone {
    #[command(flatten)]
    filter: FilterArgs,
}

/// A filter as a history keeps it: the options that make it, as a JSON list.
pub fn selection(filter: &Filter) -> Selection {
    let mut options = Vec::new();
    let mut add = |option: &str, value: String| options.extend([option.to_owned(), value]);
    sorted(&filter.prefixes).into_iter().for_each(|v| add("--prefix", v));
    sorted(&filter.origins).into_iter().for_each(|v| add("--origin", v));
    sorted(&filter.through).into_iter().for_each(|v| add("--through", v));
    sorted(&filter.paths).into_iter().for_each(|v| add("--path", v));
    sorted(&filter.peer_asns).into_iter().for_each(|v| add("--peer", v));
    sorted(&filter.peer_addrs).into_iter().for_each(|v| add("--peer", v));
    let Window { from, to } = filter.window;
    from.into_iter().for_each(|from| add("--from", from.to_string()));
    // A date as end means the end of that day.
    let end = to.map(|to| if to.is_midnight() { to.plus_days(-1).date().to_string() } else { to.to_string() });
    end.into_iter().for_each(|end| add("--to", end));
    match filter.family {
        Some(Family::V4) => add("--family", "4".to_owned()),
        Some(Family::V6) => add("--family", "6".to_owned()),
        None => {}
    }
    sorted(&filter.events).into_iter().for_each(|v| add("--type", v));
    Selection { text: serde_json::Value::from(options).to_string(), severs: filter.severs() }
}

fn sorted<T: ToString>(values: &[T]) -> Vec<String> {
    let mut texts: Vec<String> = values.iter().map(T::to_string).collect();
    texts.sort();
    texts.dedup();
    texts
}

/// The filter that a history keeps.
pub fn filter_of(selection: &Selection) -> Result<Filter, Error> {
    let options: Vec<String> = serde_json::from_str(&selection.text).unwrap_or_default();
    match Alone::try_parse_from(&options) {
        Ok(alone) if !options.is_empty() => alone.filter.filter(),
        _ => Err(Error::failed(format!(
            "this history was made with a filter that is not understood: {}",
            selection.text
        ))
        .hint("update headwater, or name another history with `--history DIR`; nothing was read")),
    }
}

/// A kept filter as one would type it.
pub fn shown(text: &str) -> String {
    let options: Vec<String> = serde_json::from_str(text).unwrap_or_else(|_| vec![text.to_owned()]);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/,".contains(c);
    let quoted = |option: String| if option.chars().all(plain) { option } else { format!("'{option}'") };
    options.into_iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(options: &[&str]) -> Filter {
        Alone::try_parse_from(options).unwrap().filter.filter().unwrap()
    }

    #[test]
    fn a_kept_filter_is_the_filter_that_was_kept() {
        let all = [
            "--prefix",
            "more:192.0.2.0/24",
            "--prefix",
            "2001:db8::/32",
            "--origin",
            "AS64500",
            "--through",
            "64501",
            "--path",
            "^64500 .* 64510$",
            "--peer",
            "64496",
            "--peer",
            "2001:db8::1",
            "--from",
            "2024-01-01",
            "--to",
            "2024-02-01",
            "--family",
            "4",
            "--type",
            "held,announced",
        ];
        let filter = parsed(&all);
        let kept = selection(&filter);
        assert!(kept.severs);
        let again = filter_of(&kept).unwrap();
        assert_eq!(selection(&again), kept);
        assert_eq!((again.window, again.family, &again.paths), (filter.window, filter.family, &filter.paths));
        assert_eq!((again.prefixes.len(), again.peer_asns.len(), again.peer_addrs.len()), (2, 1, 1));
        let to = parsed(&["--to", "2024-02-01T10:00:00Z"]);
        assert_eq!(filter_of(&selection(&to)).unwrap().window, to.window);
        assert_eq!(
            shown(&selection(&parsed(&["--path", "^64500 .* 64510$", "--origin", "64510"])).text),
            "--origin AS64510 --path '^64500 .* 64510$'"
        );
    }

    #[test]
    fn the_order_of_options_makes_no_other_choice() {
        let one = parsed(&["--origin", "64500", "--origin", "64501", "--prefix", "192.0.2.0/24"]);
        let two = parsed(&["--prefix", "192.0.2.0/24", "--origin", "64501", "--origin", "64500"]);
        assert_eq!(selection(&one), selection(&two));
        let whole = parsed(&["--prefix", "192.0.2.0/24", "--peer", "64500", "--family", "6", "--from", "2024-01-01"]);
        assert!(!selection(&whole).severs);
    }
}
