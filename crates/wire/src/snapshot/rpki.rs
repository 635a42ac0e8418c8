//! Validated RPKI payloads as rpki-client writes them in JSON (formats §1.9), and others in the same shape.

use std::borrow::Cow;
use std::fmt;
use std::io::BufRead;

use headwater_route::rows::SnapshotRow;
use headwater_route::{Asn, FaultKind, Prefix, Time};
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use super::json::{self, Want};
use super::{Sink, fields, quote};

/// An ASN as a number (rpki-client) or as text (`"AS64500"`, Routinator).
struct AnyAsn(Asn);

impl<'de> Deserialize<'de> for AnyAsn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<AnyAsn, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = AnyAsn;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an AS number")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<AnyAsn, E> {
                u32::try_from(number).map(|number| AnyAsn(Asn(number))).map_err(E::custom)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<AnyAsn, E> {
                text.parse().map(AnyAsn).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[derive(Deserialize)]
struct Roa<'a> {
    asn: AnyAsn,
    #[serde(borrow)]
    prefix: Cow<'a, str>,
    #[serde(rename = "maxLength")]
    max_length: Option<u8>,
    #[serde(borrow, default)]
    ta: Cow<'a, str>,
    expires: Option<i64>,
}

#[derive(Deserialize)]
struct Aspa {
    #[serde(alias = "customer")]
    customer_asid: AnyAsn,
    #[serde(default)]
    providers: Vec<AnyAsn>,
    expires: Option<i64>,
}

/// What the file states about itself.
#[derive(Deserialize, Default)]
struct Metadata {
    buildtime: Option<String>,
    #[serde(rename = "generatedTime")]
    generated_time: Option<String>,
    uniquevrps: Option<u64>,
    uniquevaps: Option<u64>,
    #[serde(skip)]
    offset: u64,
}

#[derive(Default)]
struct Read {
    metadata: Metadata,
    vrps: u64,
    aspas: u64,
}

/// Reads the VRPs and ASPAs. The metadata give the as-of time and the counts that are compared.
pub(super) fn read(reader: &mut dyn BufRead, sink: &mut Sink<'_>) {
    let mut read = Read::default();
    let want = |key: &str| match key {
        "metadata" => Want::Value,
        "roas" | "aspas" => Want::Elements,
        _ => Want::Nothing,
    };
    json::walk(reader, sink, want, &mut |sink, item| {
        let text = item.text(sink);
        let taken = match item.key {
            "roas" => take_roa(&text, item.offset, sink).map(|()| read.vrps += 1),
            "aspas" => take_aspa(&text, item.offset, sink).map(|()| read.aspas += 1),
            _ => serde_json::from_str(&text)
                .map(|metadata| read.metadata = Metadata { offset: item.offset, ..metadata })
                .map_err(|error| error.to_string()),
        };
        if let Err(why) = taken {
            sink.lose(item.offset, FaultKind::BadRecord, format!("{why}: {}", quote(&text)));
        }
    });
    let Metadata { buildtime, generated_time, uniquevrps, uniquevaps, offset } = read.metadata;
    if let Some(text) = buildtime.or(generated_time) {
        match Time::parse(&text, None) {
            Ok(time) => sink.summary.date = Some((time, time)),
            Err(error) => sink.fault(offset, FaultKind::BadRecord, error.to_string()),
        }
    }
    for (stated, count, what) in [(uniquevrps, read.vrps, "unique VRPs"), (uniquevaps, read.aspas, "unique ASPAs")] {
        if let Some(stated) = stated.filter(|stated| *stated != count) {
            let detail = format!("the file states {stated} {what}, {count} were read");
            sink.fault(offset, FaultKind::CountMismatch, detail);
        }
    }
}

fn take_roa(text: &str, offset: u64, sink: &mut Sink<'_>) -> Result<(), String> {
    let roa: Roa<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let prefix: Prefix = fields::prefix_text(&roa.prefix, &roa.prefix, offset, sink).map_err(|bad| bad.1)?;
    let max_len = roa.max_length.unwrap_or(prefix.len());
    if max_len < prefix.len() || max_len > prefix.family().max_len() {
        return Err(format!("no maxLength {max_len} for {prefix}"));
    }
    let expires = roa.expires.and_then(Time::from_secs);
    sink.row(offset, SnapshotRow::Vrp { asn: roa.asn.0, prefix, max_len, ta: &roa.ta, expires });
    Ok(())
}

fn take_aspa(text: &str, offset: u64, sink: &mut Sink<'_>) -> Result<(), String> {
    let aspa: Aspa = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let (customer, expires) = (aspa.customer_asid.0, aspa.expires.and_then(Time::from_secs));
    for AnyAsn(provider) in aspa.providers {
        sink.row(offset, SnapshotRow::Aspa { customer, provider, expires });
    }
    Ok(())
}
