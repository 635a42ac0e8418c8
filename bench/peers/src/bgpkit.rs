//! bgpkit-parser, by its three iterators.

use std::io::Read;

use bgpkit_parser::BgpkitParser;
use bgpkit_parser::models::{
    AsPath, AsPathSegment, Attributes, Bgp4MpEnum, BgpMessage, Community, MetaCommunity, MrtMessage, TableDumpV2Message,
};

use crate::Counts;

fn hops(path: &AsPath) -> impl Iterator<Item = u32> {
    path.iter_segments().flat_map(|segment| match segment {
        AsPathSegment::AsSequence(asns)
        | AsPathSegment::AsSet(asns)
        | AsPathSegment::ConfedSequence(asns)
        | AsPathSegment::ConfedSet(asns) => asns.iter().map(|asn| u32::from(*asn)),
    })
}

fn plain(community: &MetaCommunity) -> Option<u32> {
    match community {
        MetaCommunity::Plain(Community::Custom(asn, low)) => Some(u32::from(*asn) << 16 | u32::from(*low)),
        MetaCommunity::Plain(Community::NoExport) => Some(0xffff_ff01),
        MetaCommunity::Plain(Community::NoAdvertise) => Some(0xffff_ff02),
        MetaCommunity::Plain(Community::NoExportSubConfed) => Some(0xffff_ff03),
        _ => None,
    }
}

/// One element a route, with all attributes.
pub fn elements(reader: impl Read, counts: &mut Counts) {
    for element in BgpkitParser::from_reader(reader).into_elem_iter() {
        let hops = element.as_path.iter().flat_map(hops);
        counts.route(hops, element.communities.iter().flatten().filter_map(plain));
    }
}

/// One element a route, with its path only.
pub fn routes(reader: impl Read, counts: &mut Counts) {
    for element in BgpkitParser::from_reader(reader).into_route_iter() {
        counts.route(element.as_path.iter().flat_map(|path| hops(path)), std::iter::empty());
    }
}

/// Records, taken apart here.
pub fn records(reader: impl Read, counts: &mut Counts) {
    for record in BgpkitParser::from_reader(reader).into_record_iter() {
        match record.message {
            MrtMessage::TableDumpMessage(route) => routes_of(&route.attributes, 1, counts),
            MrtMessage::TableDumpMessageBatch(routes) => {
                routes.iter().for_each(|route| routes_of(&route.attributes, 1, counts));
            }
            MrtMessage::TableDumpV2Message(TableDumpV2Message::RibAfi(entries)) => {
                entries.rib_entries.iter().for_each(|entry| routes_of(&entry.attributes, 1, counts));
            }
            MrtMessage::Bgp4Mp(Bgp4MpEnum::Message(message)) => {
                let BgpMessage::Update(update) = message.bgp_message else { continue };
                let reach = update.attributes.get_reachable_nlri().map_or(0, |nlri| nlri.prefixes.len());
                routes_of(&update.attributes, update.announced_prefixes.len() + reach, counts);
                let unreach = update.attributes.get_unreachable_nlri().map_or(0, |nlri| nlri.prefixes.len());
                counts.rows += (update.withdrawn_prefixes.len() + unreach) as u64;
            }
            _ => {}
        }
    }
}

fn routes_of(attributes: &Attributes, routes: usize, counts: &mut Counts) {
    let path = attributes.effective_as_path();
    for _ in 0..routes {
        let communities = attributes.iter_communities().filter_map(|community| plain(&community));
        counts.route(path.iter().flat_map(hops), communities);
    }
}
