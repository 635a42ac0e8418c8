//! Snapshots: what they are sniffed as and what is read of them.

use std::io::BufReader;

use headwater_route::FaultKind;
use headwater_wire::snapshot::{Summary, read};
use headwater_wire::sniff::{Form, Sniffed, sniff};

const FORMS: [Form; 16] = [
    Form::Mrt,
    Form::Tar,
    Form::AsRel1,
    Form::AsRel2,
    Form::AsRelExtract,
    Form::IpfireLocation,
    Form::Iplocdb,
    Form::DfzPrefixAsn,
    Form::PyasnIpasn,
    Form::Asn2org,
    Form::BgptoolsAsns,
    Form::IpfireAsnames,
    Form::PyasnAsnames,
    Form::BgptoolsTags,
    Form::Delegated,
    Form::RpkiJson,
];

/// The byte that makes [`snapshot_rows`] read a form.
pub fn byte_of(form: Form) -> u8 {
    FORMS.iter().position(|other| *other == form).map_or(0, |at| at as u8)
}

/// Rows and faults with where they are, and what sums it up. Not what a fault says: it may quote as much as was there.
type Read = (Vec<(u64, String)>, Vec<(u64, FaultKind)>, Summary);

fn read_all(bytes: &[u8], sniffed: &Sniffed, buffer: usize) -> Read {
    let (mut rows, mut faults, mut last) = (Vec::new(), Vec::new(), 0);
    let summary = read(
        &mut BufReader::with_capacity(buffer, bytes),
        sniffed,
        &mut |offset, row| {
            assert!(offset >= last && offset < bytes.len() as u64);
            last = offset;
            rows.push((offset, format!("{row:?}")));
        },
        &mut |fault| {
            assert!(fault.offset <= bytes.len() as u64);
            faults.push((fault.offset, fault.kind));
        },
    );
    assert_eq!((summary.rows, summary.faults), (rows.len() as u64, faults.len() as u64));
    assert!(!summary.complete || summary.lost == 0);
    (rows, faults, summary)
}

/// Any bytes, read as the form that the first byte names: no panic, an end, offsets inside the input and never going back,
/// counts that match what was handed out, and the same result however the reads fall.
pub fn snapshot_rows(data: &[u8]) {
    let Some((first, bytes)) = data.split_first() else { return };
    let form = FORMS[usize::from(*first) % FORMS.len()];
    let sniffed = Sniffed { form, kind: form.kind(), series: String::new(), date: None };
    assert_eq!(read_all(bytes, &sniffed, 4096), read_all(bytes, &sniffed, 1 + bytes.len() % 5));
}

/// Any bytes under any name, up to a zero byte: told, or refused with a reason; the date is a span; more bytes behind a head
/// do not make an empty one.
pub fn sniff_any(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == 0).unwrap_or(0);
    let name = String::from_utf8_lossy(&data[..end]);
    let head = &data[end..];
    let head = head.split_first().map_or(head, |(_, rest)| rest);
    match sniff(head, &name) {
        Ok(sniffed) => {
            assert_eq!(sniffed.kind, sniffed.form.kind());
            assert!(sniffed.date.is_none_or(|(from, until)| from <= until));
            assert!(!head.is_empty());
        }
        Err(fault) => assert!(fault.offset == 0 && !fault.detail.is_empty()),
    }
}
