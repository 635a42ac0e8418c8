//! Any bytes, read as whatever they are sniffed as and, by the first byte, as each form: no panic, an end, offsets inside
//! the input and never going back, counts that match what was handed out, and the same result however the reads fall.

#![no_main]

use std::io::BufReader;

use headwater_route::Fault;
use headwater_wire::snapshot::{Summary, read};
use headwater_wire::sniff::{Form, Sniffed, sniff};
use libfuzzer_sys::fuzz_target;

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

fn read_all(bytes: &[u8], sniffed: &Sniffed, buffer: usize) -> (Vec<String>, Vec<Fault>, Summary) {
    let (mut rows, mut faults, mut last) = (Vec::new(), Vec::new(), 0);
    let summary = read(
        &mut BufReader::with_capacity(buffer, bytes),
        sniffed,
        &mut |offset, row| {
            assert!(offset >= last && offset < bytes.len() as u64);
            last = offset;
            rows.push(format!("{offset} {row:?}"));
        },
        &mut |fault| {
            assert!(fault.offset <= bytes.len() as u64);
            faults.push(fault);
        },
    );
    assert_eq!((summary.rows, summary.faults), (rows.len() as u64, faults.len() as u64));
    assert!(!summary.complete || summary.lost == 0);
    (rows, faults, summary)
}

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    if let Ok(sniffed) = sniff(bytes, "20240601.x") {
        read_all(bytes, &sniffed, 4096);
    }
    let form = FORMS[usize::from(*first) % FORMS.len()];
    let sniffed = Sniffed { form, kind: form.kind(), series: String::new(), date: None };
    let (rows, faults, summary) = read_all(bytes, &sniffed, 4096);
    let (again, _, summary_again) = read_all(bytes, &sniffed, 1);
    assert_eq!((&rows, &summary), (&again, &summary_again));
    assert_eq!(summary.faults, faults.len() as u64);
});
