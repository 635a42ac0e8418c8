//! `truth.json`: one line an entry, so that it can be read by eye and by line tools, however large.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use serde::Serialize;

use super::Shelf;
use crate::error::WorldError;
use crate::truth::Truth;

/// Writes the truth of a world.
pub fn truth(shelf: &Shelf, truth: &Truth) -> Result<(), WorldError> {
    // Taken apart, so that no part is forgotten.
    let Truth {
        schema,
        note,
        scenario,
        seed,
        from,
        until,
        networks,
        vantages,
        events,
        incidents,
        origins,
        carriage,
        relations,
        holders,
        roas,
        aspas,
        hosts,
        drops,
    } = truth;
    shelf.put("truth.json", |out| {
        out.write_all(b"{\n")?;
        value(out, "schema", schema)?;
        value(out, "note", note)?;
        value(out, "scenario", scenario)?;
        value(out, "seed", seed)?;
        value(out, "from", from)?;
        value(out, "until", until)?;
        list(out, "events", events)?;
        list(out, "incidents", incidents)?;
        list(out, "carriage", carriage)?;
        list(out, "origins", origins)?;
        list(out, "holders", holders)?;
        list(out, "roas", roas)?;
        list(out, "aspas", aspas)?;
        list(out, "hosts", hosts)?;
        list(out, "drops", drops)?;
        list(out, "vantages", vantages)?;
        list(out, "networks", networks)?;
        items(out, "relations", relations)?;
        out.write_all(b"\n}\n")
    })
}

type Out = BufWriter<File>;

fn value<T: Serialize>(out: &mut Out, key: &str, value: &T) -> io::Result<()> {
    write!(out, "\"{key}\": ")?;
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b",\n")
}

fn list<T: Serialize>(out: &mut Out, key: &str, entries: &[T]) -> io::Result<()> {
    items(out, key, entries)?;
    out.write_all(b",\n")
}

fn items<T: Serialize>(out: &mut Out, key: &str, entries: &[T]) -> io::Result<()> {
    write!(out, "\"{key}\": [")?;
    for (number, entry) in entries.iter().enumerate() {
        out.write_all(if number == 0 { b"\n  " } else { b",\n  " })?;
        serde_json::to_writer(&mut *out, entry)?;
    }
    out.write_all(b"]")
}
