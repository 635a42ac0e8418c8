//! Formats that are recognised, named, and not read: an operator who hands one over learns what it was taken for.

use std::net::IpAddr;

use super::{is_number, is_prefix};

/// Names a JSON document by its keys.
pub(super) fn json(text: &str) -> Option<&'static str> {
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    Some(match () {
        () if has("rpkilog_vrp_cache_diff_set") => "a difference between two rpki-client outputs, not an output",
        () if has("rdapConformance") || has("objectClassName") => "an RDAP answer (RFC 9083)",
        () if has("services") && has("publication") => "an RDAP bootstrap registry (RFC 9224)",
        () if has("inetnum") || has("NetHandle") => "CAIDA lease inference, JSON lines",
        () if has("matching_attributes") => "a MISP warninglist",
        () if has("sblid") || (has("asn") && has("rir")) => "Spamhaus DROP, JSON lines",
        () if has("v4_prefix_count") => "a list of the peers of RIPE RIS collectors",
        () if has("query_starttime") || has("data_call_name") || has("target_prefix") => "a RIPEstat answer",
        () if has("ix_id") || has("ixlan_id") || has("name_long") => "PeeringDB objects",
        () => return None,
    })
}

/// The class of the registry object (RFC 2622) that a line begins.
fn rpsl_class(line: &str) -> Option<&str> {
    const CLASSES: [&str; 11] = [
        "as-block",
        "as-set",
        "aut-num",
        "domain",
        "inet6num",
        "inetnum",
        "mntner",
        "organisation",
        "role",
        "route",
        "route6",
    ];
    let (class, value) = line.split_once(':')?;
    (CLASSES.contains(&class) && value.starts_with([' ', '\t'])).then_some(class)
}

/// Names a text by its first comment and `first`, its first line that is none (empty if there is only comment).
pub(super) fn text(text: &str, first: &str) -> Option<&'static str> {
    header(first).or_else(|| comment(text)).or_else(|| line(first))
}

fn header(first: &str) -> Option<&'static str> {
    Some(match first.to_ascii_lowercase().as_str() {
        "prefix" => "a list of prefixes without origins",
        "operation,prefix" => "a list of prefix updates without paths or times",
        "date,source,asn,prefix_or_range" => "an extract of prefixes and ranges from several sources",
        "feed,network,ip,first_listed,last_listed_or_present,label" => "an extract of abuse feeds",
        "family\tip\tfirst_listed_utc\tlast_listed_or_present\ttimes_added" => "the C2-Tracker listing history",
        "ip\tfirst_listed_utc\tlast_listed_or_present\ttimes_added" => "the ThreatFox listing history",
        "list\tentry\tfirst_seen\tlast_seen_or_present\ttimes_added" => "the Spamhaus listing history",
        "datetime,user,type,value,tags,source" => "TweetFeed indicators",
        "trail_file,indicator" => "Maltrail indicators",
        "asn,entity" => "a list of ASNs by opinion",
        "collector|as|address|prefixes|cc|region|name" => "a list of the peers of RouteViews collectors",
        header if header.contains(",10p_adtime,") || header.contains(",p10_adtime,") => "serial-hijacker features",
        _ => return None,
    })
}

fn comment(text: &str) -> Option<&'static str> {
    let lines = || text.lines().take(50).filter(|line| line.starts_with(['#', ';', '!']));
    let says = |word: &str| lines().any(|line| line.contains(word));
    Some(match () {
        () if says("(c) ") && says("Spamhaus") => "a Spamhaus list",
        () if says("IPsum") => "IPsum addresses",
        () if says("urlhaus") => "URLhaus entries",
        () if says("maltrail") || says("# Reference:") => "Maltrail indicators",
        () => return None,
    })
}

fn line(first: &str) -> Option<&'static str> {
    let first = first.trim();
    let head = first.split([' ', ';', '\t']).next().unwrap_or("");
    let is_asn = head.strip_prefix("AS").is_some_and(is_number);
    Some(match () {
        () if first.starts_with("TABLE_DUMP") || first.starts_with("BGP4MP") => "bgpdump text",
        () if rpsl_class(first).is_some() => "registry objects (RPSL)",
        () if first.starts_with("||") => "an adblock filter list",
        () if first.starts_with("<") => "HTML or XML",
        () if is_prefix(head) && first.contains("SBL") => "Spamhaus DROP text",
        () if is_prefix(head) && first == head => "a list of prefixes, as Spamhaus DROP writes it",
        () if head.parse::<IpAddr>().is_ok() => "a list of addresses",
        () if is_asn => "a list of ASNs",
        () => return None,
    })
}
