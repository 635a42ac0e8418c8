//! Tells by content what a stream is, and of what date.
//!
//! Place on the way: after [`crate::codec`], before [`crate::mrt`] and [`crate::snapshot`]. A file name is hostile and often
//! wrong: it serves for a date where the content has none, never for the kind. Must not know: how the formats are read.

mod date;
mod foreign;
mod mrt;

use headwater_route::{Fault, FaultKind, Kind, Time};

pub use self::date::{bgp_source_day, day, days_one_to_five, delegated_period};

/// First decompressed bytes worth handing to [`sniff`].
pub const HEAD_BYTES: usize = 64 << 10;

/// A form that is read. Several forms may be of one [`Kind`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Form {
    /// MRT.
    Mrt,
    /// A tar archive.
    Tar,
    /// CAIDA serial-1.
    AsRel1,
    /// CAIDA serial-2.
    AsRel2,
    /// CSV extract of CAIDA relationships.
    AsRelExtract,
    /// IPFire location database as CSV.
    IpfireLocation,
    /// ip-location-db ASN ranges, either family.
    Iplocdb,
    /// `net,len,asn`.
    DfzPrefixAsn,
    /// pyasn `.dat`.
    PyasnIpasn,
    /// asn2org CSV.
    Asn2org,
    /// bgp.tools `asns.csv`.
    BgptoolsAsns,
    /// IPFire `AS1|NAME`.
    IpfireAsnames,
    /// pyasn names as one JSON object.
    PyasnAsnames,
    /// bgp.tools tags.
    BgptoolsTags,
    /// RIR delegated(-extended) statistics.
    Delegated,
    /// rpki-client JSON and its like.
    RpkiJson,
}

impl Form {
    /// What kind of content it is.
    pub fn kind(self) -> Kind {
        match self {
            Form::Mrt => Kind::Mrt,
            Form::Tar => Kind::Tar,
            Form::AsRel1 => Kind::AsRel1,
            Form::AsRel2 => Kind::AsRel2,
            Form::AsRelExtract => Kind::AsRelExtract,
            Form::IpfireLocation | Form::Iplocdb | Form::DfzPrefixAsn | Form::PyasnIpasn => Kind::PrefixOrigin,
            Form::Asn2org | Form::BgptoolsAsns | Form::IpfireAsnames | Form::PyasnAsnames => Kind::AsNames,
            Form::BgptoolsTags => Kind::AsTags,
            Form::Delegated => Kind::Delegated,
            Form::RpkiJson => Kind::Rpki,
        }
    }
}

/// What a stream is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sniffed {
    /// Its form.
    pub form: Form,
    /// The kind that form is of.
    pub kind: Kind,
    /// The publisher's series, such as `caida-serial1`; empty for MRT (the collector is not in the bytes), for archives, and
    /// for extracts, whose rows name their own.
    pub series: String,
    /// First and last instant its content speaks about, as far as its first bytes or its name tell. MRT records carry
    /// their own times.
    pub date: Option<(Time, Time)>,
}

/// Tells what a stream is by its first decompressed bytes (up to [`HEAD_BYTES`]). `name` is the file's (or `archive!member`)
/// and serves for a date only.
///
/// The fault is `empty`, `unsupported_kind` (recognised and not read by this version), or `unknown_kind`.
pub fn sniff(head: &[u8], name: &str) -> Result<Sniffed, Fault> {
    let refuse = |kind, detail: &str| Err(Fault { offset: 0, kind, detail: detail.to_owned() });
    if head.is_empty() {
        return refuse(FaultKind::Empty, "the stream is empty");
    }
    let found = |form: Form, series: &str, date: Option<(Time, Time)>| {
        Ok(Sniffed { form, kind: form.kind(), series: series.to_owned(), date })
    };
    if head.get(257..262) == Some(b"ustar") {
        return found(Form::Tar, "", None);
    }
    if mrt::looks_like_mrt(head) {
        return found(Form::Mrt, "", None);
    }
    let text = String::from_utf8_lossy(head);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if text.trim().is_empty() {
        return refuse(FaultKind::Empty, "the stream holds nothing but blanks");
    }
    let named = date::of_name(name);
    if text.trim_start().starts_with(['{', '[']) {
        return match json_form(text) {
            Some((form @ Form::RpkiJson, series)) => found(form, series, date::build_time(text).or(named)),
            Some((form, series)) => found(form, series, named),
            None => refuse_foreign(foreign::json(text)),
        };
    }
    // The head may end inside a line.
    let lines = || text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let Some(first) = lines().find(|line| !line.starts_with(['#', ';', '!', '%'])) else {
        return refuse_foreign(foreign::text(text, ""));
    };
    match text_form(first) {
        Some((form @ (Form::AsRel1 | Form::AsRel2), series)) => {
            let days = lines().filter_map(bgp_source_day);
            let days = days.reduce(|(from, until), (first, last)| (from.min(first), until.max(last)));
            // Without source lines: each file covers days 1 to 5 of the month in its name.
            found(form, series, days.or_else(|| date::month_of_name(name)))
        }
        Some((form @ Form::AsRelExtract, _)) => found(form, "", None),
        Some((form @ Form::PyasnIpasn, series)) => found(form, series, lines().find_map(date::original_file).or(named)),
        Some((form @ Form::Delegated, _)) => {
            let registry = first.split('|').find(|part| REGISTRIES.contains(part)).unwrap_or("");
            found(form, &format!("delegated-{registry}"), delegated_period(first).or(named))
        }
        Some((form, series)) => found(form, series, named),
        None => refuse_foreign(foreign::text(text, first)),
    }
}

fn refuse_foreign(what: Option<&'static str>) -> Result<Sniffed, Fault> {
    let (kind, detail) = match what {
        Some(what) => (FaultKind::UnsupportedKind, format!("{what}: not read by this version")),
        None => (FaultKind::UnknownKind, "the first bytes follow no format known here".to_owned()),
    };
    Err(Fault { offset: 0, kind, detail })
}

/// Registries that publish statistics.
const REGISTRIES: [&str; 6] = ["afrinic", "apnic", "arin", "lacnic", "ripencc", "iana"];

fn json_form(text: &str) -> Option<(Form, &'static str)> {
    let inside = text.trim_start().strip_prefix('{')?.trim_start();
    if text.contains("\"rpkilog_vrp_cache_diff_set\"") {
        return None;
    }
    if inside.starts_with("\"metadata\"") || inside.starts_with("\"roas\"") {
        if text.contains("\"buildtime\"") {
            return Some((Form::RpkiJson, "rpki-client"));
        }
        if text.contains("\"roas\"") {
            return Some((Form::RpkiJson, "rpki-vrps"));
        }
    }
    // `{"64500": "NAME, CC", …`
    let (asn, value) = inside.strip_prefix('"')?.split_once('"')?;
    let value = value.trim_start().strip_prefix(':')?.trim_start();
    (is_number(asn) && value.starts_with('"')).then_some((Form::PyasnAsnames, "pyasn-asnames"))
}

/// The form of the first line that is no comment.
fn text_form(line: &str) -> Option<(Form, &'static str)> {
    let header: String = line.chars().filter(|c| *c != '"').map(|c| c.to_ascii_lowercase()).collect();
    match header.as_str() {
        "snapshot,series,a,b,rel,source" => return Some((Form::AsRelExtract, "")),
        "prefix,asn,country,flags" => return Some((Form::IpfireLocation, "ipfire-location")),
        "net,len,asn" => return Some((Form::DfzPrefixAsn, "dfz-prefix-asn")),
        "asn,name,source" => return Some((Form::Asn2org, "asn2org")),
        "asn,name,class,cc" => return Some((Form::BgptoolsAsns, "bgptools-asns")),
        "tag,asn,name" => return Some((Form::BgptoolsTags, "bgptools-tags")),
        _ => {}
    }
    match line.split('|').collect::<Vec<_>>().as_slice() {
        [a, b, "-1" | "0"] if is_number(a) && is_number(b) => return Some((Form::AsRel1, "caida-serial1")),
        [a, b, "-1" | "0", source] if is_number(a) && is_number(b) && !is_number(source) => {
            return Some((Form::AsRel2, "caida-serial2"));
        }
        [version, registry, _, _, _, _, _]
        | [registry, _, _, _, _, version]
        | [registry, _, version, _, _, _, _, ..]
            if REGISTRIES.contains(registry)
                && (version.starts_with(|c: char| c.is_ascii_digit())
                    || matches!(*version, "summary" | "asn" | "ipv4" | "ipv6")) =>
        {
            return Some((Form::Delegated, ""));
        }
        [asn, _, ..] if asn.strip_prefix("AS").is_some_and(is_number) => {
            return Some((Form::IpfireAsnames, "ipfire-asnames"));
        }
        _ => {}
    }
    if let Some((prefix, asn)) = line.split_once('\t') {
        return (is_prefix(prefix) && is_number(asn)).then_some((Form::PyasnIpasn, "pyasn-ipasn"));
    }
    let mut parts = line.splitn(4, ',');
    let mut address = || parts.next().is_some_and(|part| part.parse::<std::net::IpAddr>().is_ok());
    let ranges = address() && address() && parts.next().is_some_and(is_number) && parts.next().is_some();
    ranges.then_some((Form::Iplocdb, "iplocdb-asn"))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 10 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_prefix(text: &str) -> bool {
    text.parse::<headwater_route::Prefix>().is_ok()
        || text.split_once('/').is_some_and(|(addr, len)| addr.parse::<std::net::IpAddr>().is_ok() && is_number(len))
}
