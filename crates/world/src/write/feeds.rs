//! Feeds of abuse, in the forms of the published ones. What they say is invented, and so is who says it.

use std::io::Write;

use headwater_route::{Family, Time};
use serde_json::json;

use super::{Packed, Shelf, day_stamp};
use crate::error::WorldError;
use crate::register::{DropEntry, Feed, Listing, Register, Sort};

/// Writes every feed as of a moment.
pub fn feeds(shelf: &Shelf, register: &Register, at: Time) -> Result<(), WorldError> {
    let day = day_stamp(at);
    let head = format!("# invented data: no entry is about a real network; as of {at}");
    let put = |name: &str, fill: &dyn Fn(&mut Packed) -> std::io::Result<()>| {
        shelf.pack(&format!("feeds/{name}"), |out, path| fill(out).map_err(WorldError::file(path)))
    };
    let dropped: Vec<&DropEntry> = register.drops.iter().filter(|entry| entry.term.holds(at)).collect();
    let blocks: Vec<_> = dropped.iter().filter_map(|entry| Some((entry.prefix?, entry.number))).collect();
    let blocks: Vec<_> = blocks.into_iter().filter(|(prefix, _)| prefix.family() == Family::V4).collect();
    // A list without entries is no list yet.
    if !blocks.is_empty() {
        put(&format!("drop.{day}.txt.gz"), &|out| {
            writeln!(out, "; invented data: no entry is about a real network\n; as of {at}")?;
            blocks.iter().try_for_each(|(prefix, number)| writeln!(out, "{prefix} ; SBL{number}"))
        })?;
    }
    let numbers: Vec<_> = dropped.iter().filter(|entry| entry.prefix.is_none()).collect();
    if !numbers.is_empty() {
        put(&format!("asndrop.{day}.json.gz"), &|out| {
            for entry in &numbers {
                let holder = register.holder(entry.asn, at);
                let name = holder.map_or("", |holder| holder.name.as_str());
                let domain = holder.map_or("", |holder| holder.mailbox_domain.as_str());
                let rir = holder.map_or("", |holder| crate::register::REGISTRIES[holder.registry]);
                let row = json!({ "asn": entry.asn.0, "rir": rir, "domain": domain, "cc": "ZZ", "asname": name });
                writeln!(out, "{row}")?;
            }
            let (records, terms) = (numbers.len(), "invented data");
            let last = json!({ "type": "metadata", "timestamp": at.secs(), "records": records, "terms": terms });
            writeln!(out, "{last}")
        })?;
    }
    let [submitted, scanned, posted] = Feed::ALL.map(|feed| register.listings(feed, at));
    put(&format!("submitted_first_last.{day}.tsv.gz"), &|out| {
        writeln!(out, "{head}\nip\tfirst_listed_utc\tlast_listed_or_present\ttimes_added")?;
        submitted.iter().try_for_each(|listing| {
            writeln!(out, "{}\t{}\t{}\t{}", listing.addr, listing.first, until(listing), listing.times)
        })
    })?;
    put(&format!("scanned_first_last.{day}.tsv.gz"), &|out| {
        writeln!(out, "{head}\nfamily\tip\tfirst_listed_utc\tlast_listed_or_present\ttimes_added")?;
        scanned.iter().try_for_each(|listing| {
            let (label, addr, first) = (&listing.label, listing.addr, listing.first);
            writeln!(out, "{label}\t{addr}\t{first}\t{}\t{}", until(listing), listing.times)
        })
    })?;
    put(&format!("posted.{day}.csv.gz"), &|out| {
        writeln!(out, "{head}\ndatetime,user,type,value,tags,source")?;
        posted.iter().try_for_each(|listing| {
            let when = listing.first.to_string().replace('T', " ").replace('Z', "");
            let tag = match listing.sort {
                Sort::Control => "#c2",
                Sort::Loader => "#malware",
                Sort::Spam => "#spam",
            };
            // One name of each that points there is posted as an address of a page.
            writeln!(out, "{when},user1,ip,{},{tag},https://post.example/{}", listing.addr, listing.first.secs())?;
            (0..listing.names.saturating_sub(1).min(MOST_NAMES)).try_for_each(|name| {
                writeln!(out, "{when},user2,url,http://name{name}.{}.example/,{tag},", listing.addr)
            })
        })
    })?;
    put(&format!("aggregate.{day}.txt.gz"), &|out| {
        writeln!(out, "{head}\n# addresses by number of lists, as IPsum has them")?;
        register.listed_by(at).iter().try_for_each(|(addr, lists)| writeln!(out, "{addr}\t{lists}"))
    })
}

/// Most names of one address that are written.
const MOST_NAMES: u32 = 200;

fn until(listing: &Listing) -> String {
    listing.last.map_or_else(|| "present".to_owned(), |last| last.to_string())
}
