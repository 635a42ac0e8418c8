//! Which observations are wanted: the options that `dump` and `ingest` share.

use headwater_route::{Asn, Family};
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
