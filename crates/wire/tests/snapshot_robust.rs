//! Hostile snapshots: cut at every byte, bytes changed, random bytes; and the same rows however the reads fall.

use std::io::BufReader;

use headwater_route::FaultKind;
use headwater_wire::snapshot::{Summary, read};
use headwater_wire::sniff::{Form, Sniffed, sniff};
use proptest::prelude::*;

const FORMS: [(Form, &str); 14] = [
    (Form::AsRel1, "# source:topology|BGP|20240601|r|c\n64500|64501|0\n64500|64502|-1\n"),
    (Form::AsRel2, "64500|64501|0|bgp\n64500|64502|-1|bgp,mlp\n"),
    (Form::AsRelExtract, "snapshot,series,a,b,rel,source\n20240601,serial-1,64500,64501,-1,\n"),
    (Form::IpfireLocation, "prefix,asn,country,flags\n192.0.2.0/24,64500,ZZ,drop;\n2001:db8::/32,,ZZ,\n"),
    (Form::Iplocdb, "192.0.2.0,192.0.2.255,64500,\"Example, Inc.\"\n2001:db8::,2001:db8::1,64501,Plain\n"),
    (Form::DfzPrefixAsn, "net,len,asn\n192.0.2.0,24,64500\n2001:db8::,32,64501\n"),
    (Form::PyasnIpasn, "; c\n192.0.2.0/24\t64500\n2001:db8::/32\t64501\n"),
    (Form::Asn2org, "\"asn\",\"name\",\"source\"\n64500,\"Example, \"\"E\"\" Inc\",\"DB-IP\"\n64501,Plain,PeeringDB\n"),
    (Form::BgptoolsAsns, "asn,name,class,cc\nAS64500,Example,Eyeball,ZZ\nAS64501,\"A, B\",,\n"),
    (Form::IpfireAsnames, "AS64500|EXAMPLE\nAS64501|ANOTHER\n"),
    (Form::PyasnAsnames, "{\"64500\": \"EXAMPLE Ex\\u0061mple, ZZ\", \"64501\": \"B\"}"),
    (Form::BgptoolsTags, "tag,asn,name\nvpn,AS64500,Example\ncdn,AS64501,\"\"\"Example\", Inc.\"\n"),
    (
        Form::Delegated,
        "2|afrinic|20240601|2|00000000|20240601|00000\nafrinic|*|asn|*|1|summary\n\
         afrinic|ZZ|asn|64500|1|20200101|allocated|F\nafrinic|ZZ|ipv4|192.0.2.0|768|20200101|assigned|F\n",
    ),
    (
        Form::RpkiJson,
        "{\"metadata\":{\"buildtime\":\"2024-06-01T00:00:00Z\",\"uniquevrps\":1},\"roas\":[\n{\"asn\":64500,\"prefix\":\
         \"192.0.2.0/24\",\"maxLength\":24,\"ta\":\"x\",\"expires\":1}],\"aspas\":[{\"customer_asid\":64500,\"providers\":[1,2]}]}",
    ),
];

type Outcome = (Vec<String>, Vec<(u64, FaultKind)>, Summary);

fn read_as(form: Form, bytes: &[u8], buffer: usize) -> Outcome {
    let sniffed = Sniffed { form, kind: form.kind(), series: String::new(), date: None };
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    let summary = read(
        &mut BufReader::with_capacity(buffer, bytes),
        &sniffed,
        &mut |offset, row| {
            assert!(offset < bytes.len() as u64);
            rows.push(format!("{offset} {row:?}"));
        },
        &mut |fault| {
            assert!(fault.offset <= bytes.len() as u64);
            faults.push((fault.offset, fault.kind));
        },
    );
    assert_eq!((summary.rows, summary.faults), (rows.len() as u64, faults.len() as u64));
    (rows, faults, summary)
}

#[test]
fn each_sample_reads_without_fault_and_sniffs_as_itself() {
    for (form, text) in FORMS {
        let (rows, faults, summary) = read_as(form, text.as_bytes(), 4096);
        assert!(!rows.is_empty() && faults.is_empty(), "{form:?}: {faults:?}");
        assert_eq!(summary.complete, form != Form::AsRelExtract, "{form:?}");
        assert_eq!(sniff(text.as_bytes(), "x").map(|s| s.form), Ok(form));
    }
}

#[test]
fn cut_anywhere_gives_the_rows_before_the_cut() {
    for (form, text) in FORMS {
        let whole = read_as(form, text.as_bytes(), 4096).0;
        for at in 0..text.len() {
            let (rows, faults, summary) = read_as(form, &text.as_bytes()[..at], 4096);
            // The last row may be kept with a shorter name; that is said. All others are as they were.
            let sure = rows.len().saturating_sub(1);
            assert_eq!(rows[..sure], whole[..sure], "{form:?} cut at {at}");
            let at_line_end = at == 0 || text.as_bytes()[at - 1] == b'\n';
            let is_json = matches!(form, Form::PyasnAsnames | Form::RpkiJson);
            if !at_line_end || (is_json && at > 0) {
                let line = text[..at].rsplit('\n').next().unwrap_or("");
                let nothing = line.starts_with(['#', ';']) || line.trim().is_empty();
                let header =
                    ["snapshot,", "prefix,", "net,", "\"asn\"", "asn,", "tag,"].iter().any(|h| text.starts_with(h));
                let in_header = header && !text[..at].contains('\n');
                assert!(!faults.is_empty() || (nothing && !is_json) || in_header, "{form:?} cut at {at} in silence");
                if faults.is_empty() && !is_json {
                    assert!(rows.len() < whole.len());
                } else {
                    assert!(!summary.complete || rows.len() == whole.len(), "{form:?} cut at {at}");
                }
            }
        }
    }
}

#[test]
fn any_byte_changed_or_taken_out_ends_without_panic() {
    for (form, text) in FORMS {
        for at in 0..text.len() {
            for value in [0u8, b'"', b'\n', b',', b'|', b'{', b']', 0x80, 0xff] {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] = value;
                let (rows, _, _) = read_as(form, &bytes, 4096);
                assert!(rows.len() <= 8);
            }
            let mut bytes = text.as_bytes().to_vec();
            bytes.remove(at);
            read_as(form, &bytes, 4096);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_end_and_do_not_depend_on_the_reads(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        form in 0..FORMS.len(),
        buffer in 1usize..50,
    ) {
        let form = FORMS[form].0;
        prop_assert_eq!(read_as(form, &bytes, 4096), read_as(form, &bytes, buffer));
        sniff(&bytes, "x").ok();
    }

    #[test]
    fn pieces_of_real_forms_mixed_end_and_do_not_depend_on_the_reads(
        parts in proptest::collection::vec((0..FORMS.len(), 0usize..200, 0usize..200), 1..6),
        form in 0..FORMS.len(),
        buffer in 1usize..50,
    ) {
        let mut bytes = Vec::new();
        for (sample, from, len) in parts {
            let text = FORMS[sample].1.as_bytes();
            let from = from.min(text.len());
            bytes.extend_from_slice(&text[from..(from + len).min(text.len())]);
        }
        let form = FORMS[form].0;
        prop_assert_eq!(read_as(form, &bytes, 4096), read_as(form, &bytes, buffer));
        sniff(&bytes, "x").ok();
    }
}
