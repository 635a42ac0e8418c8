//! Each form from small invented text: rows with offsets, faults, dates.

use std::fmt::Write as _;
use std::io::{self, BufReader, Read};

use expect_test::{Expect, expect};
use headwater_route::rows::{Delegated, SnapshotRow};
use headwater_wire::snapshot::{MAX_LINE_BYTES, read};
use headwater_wire::sniff::sniff;

/// Sniffs and reads, and shows everything that came of it.
fn shown(name: &str, bytes: &[u8]) -> String {
    let mut text = String::new();
    let sniffed = match sniff(bytes, name) {
        Ok(sniffed) => sniffed,
        Err(fault) => return format!("{} {}\n", fault.kind, fault.detail),
    };
    writeln!(text, "{} {:?}", sniffed.kind.code(), sniffed.series).unwrap();
    let lines = std::cell::RefCell::new(Vec::new());
    let mut rows = |offset: u64, row: SnapshotRow<'_>| lines.borrow_mut().push(format!("{offset} {}", show_row(&row)));
    let mut faults = |fault: headwater_route::Fault| {
        lines.borrow_mut().push(format!("{} ! {} {}", fault.offset, fault.kind, fault.detail));
    };
    let summary = read(&mut BufReader::with_capacity(7, bytes), &sniffed, &mut rows, &mut faults);
    for line in lines.into_inner() {
        writeln!(text, "{line}").unwrap();
    }
    let date = summary.date.map_or("undated".into(), |(from, until)| format!("{from} {until}"));
    write!(text, "{} rows, {} faults, {} lost, {date}", summary.rows, summary.faults, summary.lost).unwrap();
    write!(text, "{}", if summary.complete { ", complete" } else { "" }).unwrap();
    if !summary.clique.is_empty() || !summary.ixps.is_empty() {
        write!(text, ", clique {:?} ixps {:?}", summary.clique, summary.ixps).unwrap();
    }
    text.push('\n');
    text
}

fn show_row(row: &SnapshotRow<'_>) -> String {
    let range = |first: u128, last: u128| format!("{first:032x}-{last:032x}");
    match row {
        SnapshotRow::Link { a, b, kind, seen_by, snapshot } => {
            let snapshot = snapshot.map_or(String::new(), |(from, until, series)| format!(" {series} {from} {until}"));
            format!("link {a} {b} {kind:?} {seen_by:?}{snapshot}")
        }
        SnapshotRow::Origin { first, last, asn, country, flags, .. } => {
            format!("origin {} {asn:?} {country:?} {flags:?}", range(*first, *last))
        }
        SnapshotRow::Name { asn, name, country, note } => format!("name {asn} {name:?} {country:?} {note:?}"),
        SnapshotRow::Tag { tag, asn, name } => format!("tag {tag:?} {asn} {name:?}"),
        SnapshotRow::Delegation { registry, country, resource, date, status, opaque_id } => {
            let resource = match resource {
                Delegated::Asns { first, count } => format!("{first}+{count}"),
                Delegated::Addresses { first, last, .. } => range(*first, *last),
            };
            format!("delegation {registry} {country:?} {resource} {date:?} {status} {opaque_id:?}")
        }
        SnapshotRow::Vrp { asn, prefix, max_len, ta, expires } => {
            format!("vrp {asn} {prefix} max {max_len} {ta:?} {expires:?}")
        }
        SnapshotRow::Aspa { customer, provider, expires } => format!("aspa {customer} {provider} {expires:?}"),
    }
}

fn check(name: &str, text: &str, expected: Expect) {
    expected.assert_eq(&shown(name, text.as_bytes()));
}

#[test]
fn caida_serial_1_with_comments_in_the_middle() {
    check(
        "20240601.as-rel.txt",
        "# input clique: 64500 64501\n# IXP ASes: 64510\n# source:topology|BGP|20240601|ris|rrc00\n\
         64500|64501|0\n# step 2: something\n64500|64502|-1\r\n64500|64503|-1|bgp\n64500|x|0\n64500|64504|1\n\n\
         # source:topology|BGP|20240605|ris|rrc00\n",
        expect![[r#"
            as_rel_serial1 "caida-serial1"
            87 link AS64500 AS64501 Peer ""
            121 link AS64500 AS64502 Provider ""
            137 ! bad_line too many fields: 64500|64503|-1|bgp
            156 ! bad_line no AS number: 64500|x|0
            166 ! bad_line no relationship -1 or 0: 64500|64504|1
            2 rows, 3 faults, 3 lost, 2024-06-01T00:00:00Z 2024-06-05T23:59:59Z, clique [Asn(64500), Asn(64501)] ixps [Asn(64510)]
        "#]],
    );
}

#[test]
fn caida_serial_2_dated_by_name_without_source_lines() {
    check(
        "20240601.as-rel2.txt",
        "64500|64501|0|bgp\n64500|64502|-1|bgp,mlp\n64500|64503|-1\n",
        expect![[r#"
        as_rel_serial2 "caida-serial2"
        0 link AS64500 AS64501 Peer "bgp"
        18 link AS64500 AS64502 Provider "bgp,mlp"
        41 ! bad_line too few fields: 64500|64503|-1
        2 rows, 1 faults, 1 lost, 2024-06-01T00:00:00Z 2024-06-05T23:59:59Z
    "#]],
    );
}

#[test]
fn an_extract_is_never_complete() {
    check(
        "links.csv",
        "snapshot,series,a,b,rel,source\n20240601,serial-1,64500,64501,-1,\n20240701,serial-2,64500,64501,0,bgp,mlp\n\
         2024,serial-2,64500,64501,0,bgp\n20240701,serial-3,64500,64501,0,bgp\n",
        expect![[r#"
            as_rel_extract ""
            31 link AS64500 AS64501 Provider "" caida-serial1 2024-06-01T00:00:00Z 2024-06-05T23:59:59Z
            65 link AS64500 AS64501 Peer "bgp,mlp" caida-serial2 2024-07-01T00:00:00Z 2024-07-05T23:59:59Z
            105 ! bad_line no date: 2024,serial-2,64500,64501,0,bgp
            137 ! bad_line no series serial-1 or serial-2: 20240701,serial-3,64500,64501,0,bgp
            2 rows, 2 faults, 2 lost, 2024-06-01T00:00:00Z 2024-07-05T23:59:59Z
        "#]],
    );
}

#[test]
fn ipfire_location() {
    check(
        "ipfire-location.20240601.csv",
        "prefix,asn,country,flags\n192.0.2.0/24,64500,ZZ,drop;\n2001:db8::/32,,ZZ,\n192.0.2.77/24,64500,,\n\
         192.0.2.0/33,64500,,\n300.0.2.0/24,1,,\n192.0.2.0/24,64500\n198.51.100.0/24,64501,ZZ,anycast;",
        expect![[r#"
            prefix_origin "ipfire-location"
            25 origin c0000200000000000000000000000000-c00002ffffffffffffffffffffffffff Some(Asn(64500)) "ZZ" "drop;"
            53 origin 20010db8000000000000000000000000-20010db8ffffffffffffffffffffffff None "ZZ" ""
            72 ! host_bits 192.0.2.77/24
            72 origin c0000200000000000000000000000000-c00002ffffffffffffffffffffffffff Some(Asn(64500)) "" ""
            94 ! bad_prefix 192.0.2.0 has no length 33
            115 ! bad_line no address: 300.0.2.0/24,1,,
            132 ! bad_line not 4 fields: 192.0.2.0/24,64500
            151 ! cut_stream the last line has no line end and may be cut: 198.51.100.0/24,64501,ZZ,anycast;
            151 origin c6336400000000000000000000000000-c63364ffffffffffffffffffffffffff Some(Asn(64501)) "ZZ" "anycast;"
            4 rows, 5 faults, 3 lost, 2024-06-01T00:00:00Z 2024-06-01T23:59:59Z
        "#]],
    );
}

#[test]
fn iplocdb_ranges() {
    check(
        "asn-ipv4.20240601.csv",
        "192.0.2.0,192.0.2.255,64500,\"Example, Inc.\"\n198.51.100.3,198.51.100.9,64501,Plain\n\
         2001:db8::,2001:db8::ffff,64500,\"A \"\"quoted\"\" name\"\n192.0.2.9,192.0.2.1,64500,x\n\
         192.0.2.0,2001:db8::,64500,x\n192.0.2.0,192.0.2.1,64500,\"open\n",
        expect![[r#"
            prefix_origin "iplocdb-asn"
            0 origin c0000200000000000000000000000000-c00002ffffffffffffffffffffffffff Some(Asn(64500)) "" ""
            44 origin c6336403000000000000000000000000-c6336409ffffffffffffffffffffffff Some(Asn(64501)) "" ""
            82 origin 20010db8000000000000000000000000-20010db800000000000000000000ffff Some(Asn(64500)) "" ""
            134 ! bad_line no range of addresses: 192.0.2.9,192.0.2.1,64500,x
            162 ! bad_line no range of addresses: 192.0.2.0,2001:db8::,64500,x
            191 ! bad_line not 4 fields: 192.0.2.0,192.0.2.1,64500,"open
            3 rows, 3 faults, 3 lost, 2024-06-01T00:00:00Z 2024-06-01T23:59:59Z
        "#]],
    );
}

#[test]
fn dfz_with_bom_and_crlf() {
    check(
        "dfz.csv",
        "\u{feff}net,len,asn\r\n192.0.2.0,24,64500\r\n2001:db8::,32,64501\r\n\r\n192.0.2.0,24,6450",
        expect![[r#"
        prefix_origin "dfz-prefix-asn"
        16 origin c0000200000000000000000000000000-c00002ffffffffffffffffffffffffff Some(Asn(64500)) "" ""
        36 origin 20010db8000000000000000000000000-20010db8ffffffffffffffffffffffff Some(Asn(64501)) "" ""
        59 ! cut_stream the last line has no line end and may be cut: 192.0.2.0,24,6450
        2 rows, 1 faults, 1 lost, undated
    "#]],
    );
}

#[test]
fn pyasn_dat_dated_by_its_comment() {
    check(
        "x.dat",
        "; IP-ASN32-DAT file\n; Original file : data/rib.20240601.0600.bz2\n; \n192.0.2.0/24\t64500\n2001:db8::/32\t64501\nx\n",
        expect![[r#"
            prefix_origin "pyasn-ipasn"
            68 origin c0000200000000000000000000000000-c00002ffffffffffffffffffffffffff Some(Asn(64500)) "" ""
            87 origin 20010db8000000000000000000000000-20010db8ffffffffffffffffffffffff Some(Asn(64501)) "" ""
            107 ! bad_line no tab: x
            2 rows, 1 faults, 1 lost, 2024-06-01T06:00:00Z 2024-06-01T06:00:00Z
        "#]],
    );
}

#[test]
fn names_in_four_forms_and_tags() {
    check(
        "a.tar.xz!./asns.2024-06-01.csv",
        "\"asn\",\"name\",\"source\"\n64500,\"Example, \"\"E\"\" Inc\",\"DB-IP\"\n64501,Plain,PeeringDB\nx,y,z\n",
        expect![[r#"
            as_names "asn2org"
            22 name AS64500 "Example, \"E\" Inc" "" "DB-IP"
            57 name AS64501 "Plain" "" "PeeringDB"
            79 ! bad_line no AS number: x,y,z
            2 rows, 1 faults, 1 lost, 2024-06-01T00:00:00Z 2024-06-01T23:59:59Z
        "#]],
    );
    check(
        "a.csv",
        "asn,name,class,cc\nAS64500,Example,Eyeball,ZZ\nAS64501,\"A, B\",,\n",
        expect![[r#"
        as_names "bgptools-asns"
        18 name AS64500 "Example" "ZZ" "Eyeball"
        45 name AS64501 "A, B" "" ""
        2 rows, 0 faults, 0 lost, undated, complete
    "#]],
    );
    check(
        "a.20240601.psv",
        "AS64500|EXAMPLE|X\nAS64501|\nASX|Y\n",
        expect![[r#"
        as_names "ipfire-asnames"
        0 name AS64500 "EXAMPLE|X" "" ""
        18 name AS64501 "" "" ""
        27 ! bad_line no AS number: ASX|Y
        2 rows, 1 faults, 1 lost, 2024-06-01T00:00:00Z 2024-06-01T23:59:59Z
    "#]],
    );
    check(
        "n.20240601.json",
        "{\"64500\": \"EXAMPLE Ex\\u0061mple, ZZ\", \"64501\":\"No country\",\n\"x\": \"bad\", \"64502\": 7}",
        expect![[r#"
            as_names "pyasn-asnames"
            10 name AS64500 "EXAMPLE Example" "ZZ" ""
            46 name AS64501 "No country" "" ""
            65 ! bad_record no AS number: x
            81 ! bad_record no name: 7
            2 rows, 2 faults, 2 lost, 2024-06-01T00:00:00Z 2024-06-01T23:59:59Z
        "#]],
    );
    check(
        "t.20240601.csv",
        "tag,asn,name\nvpn,AS64500,Example\ncdn,AS64501,\"\"\"Example\", Inc.\"\ncdn,AS64502,A\"glued,AS64503,B\nfeeder,ASNaN, Ltd.</td>\n",
        expect![[r#"
            as_tags "bgptools-tags"
            13 tag "vpn" AS64500 "Example"
            33 tag "cdn" AS64501 "Example, Inc."
            64 ! bad_line not 3 fields: cdn,AS64502,A"glued,AS64503,B
            94 ! bad_line no AS number: feeder,ASNaN, Ltd.</td>
            2 rows, 2 faults, 2 lost, 2024-06-01T00:00:00Z 2024-06-01T23:59:59Z
        "#]],
    );
}

#[test]
fn delegated_extended() {
    check(
        "delegated-lacnic-extended",
        "2.3|lacnic|20240602|5|19870101|20240601|-0300\nlacnic|*|ipv4|*|2|summary\nlacnic|*|ipv6|*|1|summary\n\
         lacnic|*|asn|*|3|summary\nlacnic|ZZ|ipv4|192.0.2.0|768|20200101|allocated|abc\n\
         lacnic||ipv4|198.51.100.0|256||available\nlacnic|ZZ|ipv6|2001:db8::|32|00000000|assigned|abc\n\
         lacnic|ZZ|asn|64500|4|20241301|allocated|abc\nlacnic|ZZ|asn|4294967295|2|20200101|allocated|abc\n\
         lacnic|ZZ|ipv4|255.255.255.0|512|20200101|allocated|abc\nlacnic|ZZ|ipv7|x|1|20200101|allocated|abc\n",
        expect![[r#"
            delegated "delegated-lacnic"
            123 delegation lacnic "ZZ" c0000200000000000000000000000000-c00004ffffffffffffffffffffffffff Some(2020-01-01T00:00:00Z) allocated "abc"
            175 delegation lacnic "" c6336400000000000000000000000000-c63364ffffffffffffffffffffffffff None available ""
            216 delegation lacnic "ZZ" 20010db8000000000000000000000000-20010db8ffffffffffffffffffffffff None assigned "abc"
            267 ! bad_line no date, the row is kept without one: 20241301
            267 delegation lacnic "ZZ" AS64500+4 None allocated "abc"
            312 ! bad_line no range of ASNs: lacnic|ZZ|asn|4294967295|2|20200101|allocated|abc
            362 ! bad_line no range of addresses: lacnic|ZZ|ipv4|255.255.255.0|512|20200101|allocated|abc
            418 ! bad_line no type asn, ipv4 or ipv6: lacnic|ZZ|ipv7|x|1|20200101|allocated|abc
            98 ! count_mismatch the file states 3 asn, 1 were read
            0 ! count_mismatch the file states 5 records, 4 were read
            4 rows, 6 faults, 3 lost, 2024-06-01T03:00:00Z 2024-06-02T02:59:59Z
        "#]],
    );
}

#[test]
fn rpki_in_every_layout() {
    let lines = "{\n\t\"metadata\": {\n\t\t\"buildtime\": \"2024-06-01T09:31:33Z\",\n\t\t\"uniquevrps\": 4, \"uniquevaps\": 1\n\t},\n\
         \t\"roas\": [\n\t\t{ \"asn\": 64500, \"prefix\": \"192.0.2.0/24\", \"maxLength\": 25, \"ta\": \"ripe\", \"expires\": 1717322493 },\n\
         \t\t{ \"asn\": \"AS64501\", \"prefix\": \"2001:db8::/32\", \"maxLength\": 48, \"ta\": \"arin\" },\n\
         \t\t{ \"asn\": 64502, \"prefix\": \"192.0.2.0/24\", \"maxLength\": 23, \"ta\": \"x\" },\n\
         \t\t{ \"asn\": 64502, \"prefix\": \"192.0.2.1/24\", \"maxLength\": 24, \"ta\": \"x\" },\n\
         \t\t{ \"asn\": -1, \"prefix\": \"192.0.2.0/24\" }\n\t],\n\"nonfunc_cas\": [ { \"location\": \"[{\\\"}\" } ],\n\
         \t\"aspas\": [\n\t\t{ \"customer_asid\": 64500, \"expires\": 1717322493, \"providers\": [ 64501, 64502 ] }\n\t]\n}\n";
    check(
        "x.json",
        lines,
        expect![[r#"
        rpki "rpki-client"
        108 vrp AS64500 192.0.2.0/24 max 25 "ripe" Some(2024-06-02T10:01:33Z)
        208 vrp AS64501 2001:db8::/32 max 48 "arin" None
        290 ! bad_record no maxLength 23 for 192.0.2.0/24: { "asn": 64502, "prefix": "192.0.2.0/24", "maxLength": 23, "ta": "x" }
        364 ! host_bits 192.0.2.1/24
        364 vrp AS64502 192.0.2.0/24 max 24 "x" None
        438 ! bad_record invalid type: integer `-1`, expected an AS number at line 1 column 11: { "asn": -1, "prefix": "192.0.2.0/24" }
        540 aspa AS64500 AS64501 Some(2024-06-02T10:01:33Z)
        540 aspa AS64500 AS64502 Some(2024-06-02T10:01:33Z)
        15 ! count_mismatch the file states 4 unique VRPs, 3 were read
        5 rows, 4 faults, 2 lost, 2024-06-01T09:31:33Z 2024-06-01T09:31:33Z
    "#]],
    );
    // Minified: the same rows at other offsets.
    let rows = |text: &str| -> Vec<String> {
        let shown = shown("x.json", text.as_bytes());
        shown.lines().filter_map(|line| line.split_once(' ')).map(|(_, rest)| rest.to_owned()).collect()
    };
    let minified: String = lines.chars().filter(|c| !c.is_whitespace()).collect();
    let strip = |rows: Vec<String>| -> Vec<String> { rows.into_iter().filter(|row| !row.starts_with('!')).collect() };
    assert_eq!(strip(rows(&minified)), strip(rows(lines)));
    check(
        "x.json",
        "{\"metadata\":{\"generatedTime\":\"2024-06-01T00:00:00Z\"},\"roas\":[]}",
        expect![[r#"
        rpki "rpki-vrps"
        0 rows, 0 faults, 0 lost, 2024-06-01T00:00:00Z 2024-06-01T00:00:00Z, complete
    "#]],
    );
    check(
        "x.json",
        "{\"metadata\":{\"buildtime\":\"2024-06-01T00:00:00Z\"},\"roas\":[{\"asn\":64500,\"pre",
        expect![[r#"
        rpki "rpki-client"
        74 ! cut_stream the stream ends inside the JSON object
        0 rows, 1 faults, 1 lost, 2024-06-01T00:00:00Z 2024-06-01T00:00:00Z
    "#]],
    );
    check(
        "x.json",
        "{\"metadata\":{\"buildtime\":\"2024-06-01T00:00:00Z\"},\"roas\":[}]}",
        expect![[r#"
        rpki "rpki-client"
        57 ! bad_framing the JSON object breaks here, the rest was not read: }]}
        0 rows, 1 faults, 1 lost, 2024-06-01T00:00:00Z 2024-06-01T00:00:00Z
    "#]],
    );
    check(
        "x.json",
        "{\"metadata\":{\"buildtime\":\"2024-06-01T00:00:00Z\"},\"roas\":[]} more",
        expect![[r#"
        rpki "rpki-client"
        60 ! bad_framing the JSON object breaks here, the rest was not read: mor
        0 rows, 1 faults, 1 lost, 2024-06-01T00:00:00Z 2024-06-01T00:00:00Z
    "#]],
    );
}

#[test]
fn what_is_not_read_is_named() {
    for (text, expected) in [
        ("", "empty the stream is empty"),
        (" \n", "empty the stream holds nothing but blanks"),
        ("prefix\n192.0.2.0/24\n", "unsupported_kind a list of prefixes without origins: not read by this version"),
        ("192.0.2.0/24 ; SBL1\n", "unsupported_kind Spamhaus DROP text: not read by this version"),
        (
            "% a remark\n\naut-num:        AS64500\n",
            "unsupported_kind registry objects (RPSL): not read by this version",
        ),
        ("route:192.0.2.0/24\n", "unknown_kind the first bytes follow no format known here"),
        (
            "{\"object_type\": \"rpkilog_vrp_cache_diff_set\"}",
            "unsupported_kind a difference between two rpki-client outputs, not an output: not read by this version",
        ),
        ("Dear reader,\n", "unknown_kind the first bytes follow no format known here"),
        ("\u{0}\u{1}\u{2}", "unknown_kind the first bytes follow no format known here"),
    ] {
        assert_eq!(shown("20240601.as-rel.txt", text.as_bytes()).trim_end(), expected, "{text:?}");
    }
}

#[test]
fn mrt_is_told_by_its_headers() {
    let record = |kind: u16, subtype: u16, len: u32| {
        let mut bytes = 1_717_200_000u32.to_be_bytes().to_vec();
        bytes.extend(kind.to_be_bytes());
        bytes.extend(subtype.to_be_bytes());
        bytes.extend(len.to_be_bytes());
        bytes.resize(12 + len as usize, 0xee);
        bytes
    };
    let is_mrt = |bytes: &[u8]| sniff(bytes, "x").is_ok_and(|s| s.kind == headwater_route::Kind::Mrt);
    for (kind, subtype) in [(5, 1), (12, 1), (13, 1), (16, 4), (17, 4), (32, 0), (48, 0), (49, 0)] {
        assert!(is_mrt(&record(kind, subtype, 40)), "{kind}");
        assert!(is_mrt(&record(kind, subtype, 40)[..30]), "{kind} cut in its first record");
    }
    assert!(!is_mrt(&record(14, 1, 40)));
    assert!(!is_mrt(&record(13, 99, 40)));
    let damaged =
        [b"damaged!".to_vec(), record(16, 4, 30), record(16, 4, 20), record(16, 1, 20), record(16, 4, 9)].concat();
    assert!(is_mrt(&damaged));
}

#[test]
fn text_that_is_not_utf_8_is_replaced_and_said() {
    let shown = shown("a.20240601.psv", b"AS64500|Soci\xe9t\xe9\nAS64501|Plain\n");
    assert!(shown.contains("0 name AS64500 \"Soci\u{fffd}t\u{fffd}\""), "{shown}");
    assert!(shown.contains("0 ! bad_text"), "{shown}");
    assert!(shown.contains("2 rows, 1 faults, 0 lost"), "{shown}");
}

#[test]
fn gigantic_lines_and_items_are_passed_over() {
    let long = "x".repeat(MAX_LINE_BYTES + 1);
    let text = format!("64500|64501|0\n{long}\n64500|64502|-1\n{long}");
    let shown_text = shown("20240601.txt", text.as_bytes());
    assert!(shown_text.contains("14 ! oversized_record"), "{}", &shown_text[..200]);
    assert!(shown_text.contains("2 rows, 2 faults, 2 lost"), "{}", &shown_text[..200]);
    let json = format!(
        "{{\"metadata\":{{\"buildtime\":\"2024-06-01T00:00:00Z\"}},\"roas\":[{{\"asn\":1,\"x\":\"{long}\"}},{{\"asn\":64500,\"prefix\":\"192.0.2.0/24\"}}]}}"
    );
    let shown_json = shown("x.json", json.as_bytes());
    assert!(shown_json.contains("oversized_record") && shown_json.contains("vrp AS64500"), "{}", &shown_json[..200]);
}

/// Gives the parts in turn, with an error between them, as a bzip2 stream with a damaged block does.
struct Holes<'a>(Vec<Option<&'a [u8]>>);

impl Read for Holes<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.first_mut() {
            None => Ok(0),
            Some(None) => {
                self.0.remove(0);
                Err(io::Error::new(io::ErrorKind::InvalidData, "a hole"))
            }
            Some(Some(part)) => {
                let len = part.read(out)?;
                if part.is_empty() {
                    self.0.remove(0);
                }
                Ok(len)
            }
        }
    }
}

fn with_hole(name: &str, before: &str, after: &str) -> (u64, Vec<String>, bool) {
    let sniffed = sniff(before.as_bytes(), name).unwrap();
    let mut faults = Vec::new();
    let mut reader = BufReader::new(Holes(vec![Some(before.as_bytes()), None, Some(after.as_bytes())]));
    let summary = read(&mut reader, &sniffed, &mut |_, _| (), &mut |f| faults.push(format!("{} {}", f.offset, f.kind)));
    (summary.rows, faults, summary.complete)
}

#[test]
fn reading_goes_on_behind_a_hole() {
    let (rows, faults, complete) =
        with_hole("20240601.txt", "64500|64501|0\n64500|645", "1|0\n64500|64503|0\n64500|64504|0\n");
    assert_eq!((rows, complete), (3, false));
    assert_eq!(faults, ["23 bad_compression"]);
    let before = "{\"metadata\":{\"buildtime\":\"2024-06-01T00:00:00Z\"},\"roas\":[{\"asn\":64500,\"prefix\":\"192.0.2.0/24\"},{\"as";
    let after = "2.0/24\"},{\"asn\":64501,\"prefix\":\"192.0.2.0/24\"}]}";
    let (rows, faults, complete) = with_hole("x.json", before, after);
    assert_eq!((rows, complete), (2, false));
    assert_eq!(faults.len(), 1, "{faults:?}");
}

#[test]
fn a_reader_that_fails_for_ever_comes_to_an_end() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::new(io::ErrorKind::InvalidData, "always"))
        }
    }
    for head in ["64500|64501|0\n", "{\"metadata\":{\"buildtime\":\"x\"},\"roas\":["] {
        let sniffed = sniff(head.as_bytes(), "x").unwrap();
        let mut count = 0;
        let summary =
            read(&mut BufReader::new(head.as_bytes().chain(Failing)), &sniffed, &mut |_, _| (), &mut |_| count += 1);
        assert!((1..=3).contains(&count), "{count}");
        assert!(!summary.complete && !summary.whole);
    }
}
