//! Validated ROA payloads and ASPAs, as rpki-client writes them.

use std::io::Write;

use headwater_route::Time;
use serde_json::json;

use super::{Shelf, day_stamp};
use crate::error::WorldError;
use crate::register::Register;

/// Writes what is valid at a moment.
pub fn rpki(shelf: &Shelf, register: &Register, at: Time) -> Result<(), WorldError> {
    let mut roas: Vec<_> = register.roas.iter().filter(|roa| roa.term.holds(at)).collect();
    roas.sort_by_key(|roa| (roa.prefix, roa.asn, roa.max_len));
    roas.dedup_by_key(|roa| (roa.prefix, roa.asn, roa.max_len));
    let mut aspas: Vec<_> = register.aspas.iter().filter(|aspa| aspa.term.holds(at)).collect();
    aspas.sort_by_key(|aspa| aspa.customer);
    let providers: usize = aspas.iter().map(|aspa| aspa.providers.len()).sum();
    // The validity of the chain: a day, as it is renewed daily.
    let expires = at.secs() + 86_400;
    shelf.pack(&format!("rpki/rpki-client.{}.json.gz", day_stamp(at)), |out, path| {
        let written = (|| {
            let metadata = json!({
                "buildmachine": "invented.example",
                "buildtime": at.to_string(),
                "uniquevrps": roas.len(),
                "aspas": aspas.len(),
                "vaps": providers,
            });
            writeln!(out, "{{\n\"metadata\": {metadata},\n\"roas\": [")?;
            for (number, roa) in roas.iter().enumerate() {
                let comma = if number + 1 < roas.len() { "," } else { "" };
                let (asn, prefix, max) = (roa.asn.0, roa.prefix, roa.max_len);
                let row =
                    json!({ "asn": asn, "prefix": prefix, "maxLength": max, "ta": "invented", "expires": expires });
                writeln!(out, "{row}{comma}")?;
            }
            writeln!(out, "],\n\"aspas\": [")?;
            for (number, aspa) in aspas.iter().enumerate() {
                let comma = if number + 1 < aspas.len() { "," } else { "" };
                let providers: Vec<u32> = aspa.providers.iter().map(|asn| asn.0).collect();
                let row = json!({ "customer_asid": aspa.customer.0, "expires": expires, "providers": providers });
                writeln!(out, "{row}{comma}")?;
            }
            writeln!(out, "]\n}}")
        })();
        written.map_err(WorldError::file(path))
    })
}
