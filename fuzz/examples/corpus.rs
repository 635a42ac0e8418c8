//! Writes the inputs that fuzzing starts from: `cargo run --release --example corpus DIR` makes `DIR/TARGET/NAME` for every target. All of it is written by
//! the project's own encoders, of documentation numbers.

use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use headwater_fuzz::TARGETS;
use headwater_fuzz::codec::threads_byte;
use headwater_fuzz::text::byte_of;
use headwater_route::{AsPath, Asn, Family, Nlri, OriginCode, Prefix, Session, Time};
use headwater_wire::mrt::encode::{
    Attributes, Ends, PeerTable, RawAttribute, Rib, RibEntry, Style, TableDumpRoute, Update, Writer, open_with_add_path,
};
use headwater_wire::sniff::Form;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const TIME: Time = Time(1_717_200_000_000_000);

struct Corpus {
    dir: PathBuf,
}

impl Corpus {
    fn put(&self, target: &str, name: &str, parts: &[&[u8]]) -> Outcome {
        let dir = self.dir.join(target);
        fs::create_dir_all(&dir)?;
        fs::write(dir.join(name), parts.concat())?;
        Ok(())
    }

    /// An MRT stream for every target that reads one: as it stands, and its records as bodies.
    fn put_mrt(&self, name: &str, stream: &[u8]) -> Outcome {
        let mut inputs = vec![(name.to_owned(), [&[0], stream].concat())];
        let mut rest = stream;
        while rest.len() >= 12 {
            let len = u32::from_be_bytes([rest[8], rest[9], rest[10], rest[11]]) as usize;
            let body = &rest[12..12 + len];
            inputs.push((format!("{name}-{}", inputs.len()), [&[rest[5], rest[7]], body].concat()));
            rest = &rest[12 + len..];
        }
        for (name, input) in &inputs {
            self.put("mrt_read", name, &[input])?;
            self.put("mrt_roundtrip", name, &[input])?;
        }
        for wishes in [[0x01, 0x01, 0], [0x1c, 0x00, 1], [0x60, 0x00, 2], [0x82, 0x44, 3], [0x00, 0xf0, 0]] {
            self.put("mrt_filter", &format!("{name}-{:02x}{:02x}", wishes[0], wishes[1]), &[&wishes, &[0], stream])?;
        }
        Ok(())
    }
}

fn session(asn: u32, addr: &str) -> Outcome<Session> {
    Ok(Session { asn: Asn(asn), addr: addr.parse()? })
}

fn nlri(prefix: &str, path_id: Option<u32>) -> Outcome<Nlri> {
    Ok(Nlri { prefix: prefix.parse()?, path_id, multicast: false })
}

fn attributes(path: &str, next_hop: &str) -> Outcome<Attributes> {
    Ok(Attributes {
        origin: Some(OriginCode::Igp),
        path: Some(path.parse::<AsPath>()?),
        next_hop: Some(next_hop.parse()?),
        ..Attributes::default()
    })
}

fn mrt(corpus: &Corpus) -> Outcome {
    let plain = attributes("64500 64501 64510", "192.0.2.1")?;
    let v6 = attributes("64500 65551", "2001:db8::1")?;
    let rich = Attributes {
        path: Some("64500 (64501 64502) {64503,64504}".parse()?),
        med: Some(5),
        local_pref: Some(100),
        atomic_aggregate: true,
        aggregator: Some((Asn(64510), [192, 0, 2, 9].into())),
        communities: vec![(64500, 1), (65535, 666)],
        extended_communities: vec![[0, 2, 0xfb, 0xf4, 0, 0, 0, 1]],
        large_communities: vec![[64500, 1, 2]],
        only_to_customer: Some(Asn(64500)),
        raw: vec![RawAttribute { flags: 0xc0, code: 99, value: vec![1, 2, 3] }],
        ..plain.clone()
    };
    let (peer, local) = (session(64500, "192.0.2.1")?, session(64499, "192.0.2.254")?);
    let ends = Ends { peer, local };
    let ends6 = Ends { peer: session(65536, "2001:db8::1")?, local: session(64499, "2001:db8::fe")? };
    let peers = vec![peer, session(65536, "2001:db8::1")?, session(64502, "192.0.2.2")?];
    let table = PeerTable { collector: [192, 0, 2, 254].into(), view: "view".to_owned(), peers };
    let entry = |peer, path_id, attributes| RibEntry { peer, originated: Some(TIME), path_id, attributes };
    let rib = |prefix: Prefix, multicast, generic, entries| Rib { sequence: 7, prefix, multicast, generic, entries };
    let (p4, p6): (Prefix, Prefix) = ("203.0.113.0/24".parse()?, "2001:db8:1::/48".parse()?);

    let mut writer = Writer::new(Vec::new());
    writer.peer_table(TIME, &table)?;
    writer.rib(TIME, &rib(p4, false, false, vec![entry(0, None, &plain), entry(2, None, &rich)]))?;
    writer.rib(TIME, &rib(p6, false, false, vec![entry(1, None, &v6)]))?;
    corpus.put_mrt("table", &writer.into_inner())?;

    let mut writer = Writer::new(Vec::new());
    writer.geo_peer_table(TIME, &table)?;
    writer.rib(TIME, &rib(p4, false, false, vec![entry(0, Some(1), &plain), entry(0, Some(2), &rich)]))?;
    writer.rib(TIME, &rib(p6, true, true, vec![entry(1, Some(9), &v6)]))?;
    writer.rib(TIME, &rib(p4, true, false, vec![entry(0, None, &plain)]))?;
    corpus.put_mrt("table-ids", &writer.into_inner())?;

    let both = Update {
        announced: vec![nlri("203.0.113.0/24", None)?, nlri("198.51.100.0/25", None)?],
        withdrawn: vec![nlri("192.0.2.0/24", None)?],
        attributes: rich.clone(),
    };
    let wide = Update {
        announced: vec![nlri("2001:db8:1::/48", None)?],
        withdrawn: vec![nlri("2001:db8:2::/48", None)?],
        attributes: v6.clone(),
    };
    let style = Style::default();
    let mut writer = Writer::new(Vec::new());
    writer.update(TIME, &ends, style, &both)?;
    writer.update(TIME, &ends6, Style { micros: true, ..style }, &wide)?;
    writer.state_change(TIME, &ends, style, 6, 1)?;
    writer.update(TIME, &ends, Style { local: true, ..style }, &wide)?;
    corpus.put_mrt("updates", &writer.into_inner())?;

    let mut writer = Writer::new(Vec::new());
    let two_byte =
        Update { attributes: Attributes { path: Some("64500 65551 64510".parse()?), ..plain.clone() }, ..both.clone() };
    writer.update(TIME, &ends, Style { two_byte: true, ..style }, &two_byte)?;
    writer.state_change(TIME, &ends, Style { two_byte: true, micros: true, ..style }, 1, 6)?;
    writer.old_update(TIME, &ends, &Update { withdrawn: Vec::new(), attributes: plain.clone(), ..both.clone() })?;
    writer.old_state_change(TIME, peer, 5, 6)?;
    writer.entry(TIME, &ends, &nlri("203.0.113.0/24", None)?, Some(TIME), &plain)?;
    corpus.put_mrt("older", &writer.into_inner())?;

    let ids =
        Update { announced: vec![nlri("203.0.113.0/24", Some(7))?], attributes: plain.clone(), ..Update::default() };
    let mut writer = Writer::new(Vec::new());
    let tables = [(Family::V4, false, 3), (Family::V6, false, 3)];
    writer.open(TIME, &ends, style, &open_with_add_path(peer, &tables)?)?;
    writer.open(TIME, &ends, Style { local: true, ..style }, &open_with_add_path(local, &tables)?)?;
    writer.update(TIME, &ends, Style { plain_add_path: true, ..style }, &ids)?;
    writer.update(TIME, &ends, style, &ids)?;
    writer.state_change(TIME, &ends, style, 6, 1)?;
    corpus.put_mrt("ids", &writer.into_inner())?;

    let route = TableDumpRoute { session: peer, prefix: p4, originated: Some(TIME), attributes: &plain };
    let other = TableDumpRoute { prefix: "192.0.2.0/24".parse()?, ..route };
    let mut writer = Writer::new(Vec::new());
    writer.table_dump(TIME, 0, 1, &route)?;
    writer.packed_table_dump(TIME, 0, 2, &[route, other])?;
    corpus.put_mrt("dump", &writer.into_inner())
}

/// A small snapshot of each form: its name, and its bytes.
const SNAPSHOTS: &[(Form, &str, &str)] = &[
    (
        Form::AsRel1,
        "20240601.as-rel.txt",
        "# input clique: 64500 64501\n# IXP ASes: 64510\n# source:topology|BGP|20240601|ris|rrc00\n64500|64501|0\n64500|64502|-1\r\n",
    ),
    (Form::AsRel2, "20240601.as-rel2.txt", "64500|64501|0|bgp\n64500|64502|-1|bgp,mlp\n"),
    (
        Form::AsRelExtract,
        "links.csv",
        "snapshot,series,a,b,rel,source\n20240601,serial-1,64500,64501,-1,\n20240701,serial-2,64500,64501,0,bgp,mlp\n",
    ),
    (
        Form::IpfireLocation,
        "location.20240601.csv",
        "prefix,asn,country,flags\n192.0.2.0/24,64500,ZZ,drop;\n2001:db8::/32,,ZZ,\n192.0.2.77/24,64500,,\n",
    ),
    (
        Form::Iplocdb,
        "asn-ipv4.20240601.csv",
        "192.0.2.0,192.0.2.255,64500,\"Example, Inc.\"\n2001:db8::,2001:db8::ffff,64500,\"A \"\"quoted\"\" name\"\n",
    ),
    (Form::DfzPrefixAsn, "dfz.csv", "\u{feff}net,len,asn\r\n192.0.2.0,24,64500\r\n2001:db8::,32,64501\r\n"),
    (
        Form::PyasnIpasn,
        "x.dat",
        "; IP-ASN32-DAT file\n; Original file : data/rib.20240601.0600.bz2\n; \n192.0.2.0/24\t64500\n2001:db8::/32\t64501\n",
    ),
    (
        Form::Asn2org,
        "asns.2024-06-01.csv",
        "\"asn\",\"name\",\"source\"\n64500,\"Example, \"\"E\"\" Inc\",\"DB-IP\"\n64501,Plain,PeeringDB\n",
    ),
    (Form::BgptoolsAsns, "a.csv", "asn,name,class,cc\nAS64500,Example,Eyeball,ZZ\nAS64501,\"A, B\",,\n"),
    (Form::IpfireAsnames, "a.20240601.psv", "AS64500|EXAMPLE|X\nAS64501|\n"),
    (
        Form::PyasnAsnames,
        "n.20240601.json",
        "{\"64500\": \"EXAMPLE Ex\\u0061mple, ZZ\", \"64501\":\"No country\",\n\"64502\": \"\\ud83d\\ude00\"}",
    ),
    (Form::BgptoolsTags, "t.20240601.csv", "tag,asn,name\nvpn,AS64500,Example\ncdn,AS64501,\"\"\"Example\", Inc.\"\n"),
    (
        Form::Delegated,
        "delegated-lacnic-extended",
        "2.3|lacnic|20240602|3|19870101|20240601|-0300\nlacnic|*|ipv4|*|1|summary\n\
         lacnic|ZZ|ipv4|192.0.2.0|768|20200101|allocated|abc\nlacnic|ZZ|ipv6|2001:db8::|32|00000000|assigned|abc\n\
         lacnic|ZZ|asn|64500|4|20200101|allocated|abc\n",
    ),
    (
        Form::RpkiJson,
        "x.json",
        "{\"metadata\":{\"buildtime\":\"2024-06-01T09:31:33Z\",\"uniquevrps\":2},\n\"roas\":[\
         {\"asn\":64500,\"prefix\":\"192.0.2.0/24\",\"maxLength\":25,\"ta\":\"x\",\"expires\":1717322493},\
         {\"asn\":\"AS64501\",\"prefix\":\"2001:db8::/32\",\"maxLength\":48,\"ta\":\"y\"}],\
         \"nonfunc_cas\":[{\"location\":\"[{\\\"}\"}],\
         \"aspas\":[{\"customer_asid\":64500,\"expires\":1717322493,\"providers\":[64501,64502]}]}\n",
    ),
];

fn snapshots(corpus: &Corpus) -> Outcome {
    for (at, (form, name, text)) in SNAPSHOTS.iter().enumerate() {
        let label = format!("{at:02}");
        corpus.put("snapshot_rows", &label, &[&[byte_of(*form)], text.as_bytes()])?;
        corpus.put("sniff", &label, &[name.as_bytes(), &[0], text.as_bytes()])?;
    }
    let foreign = [
        "prefix\n192.0.2.0/24\n",
        "192.0.2.0/24 ; SBL1\n",
        "{\"object_type\": \"rpkilog_vrp_cache_diff_set\"}",
        "Dear reader,\n",
        "ustar",
    ];
    for (at, text) in foreign.iter().enumerate() {
        corpus.put("sniff", &format!("foreign-{at}"), &[b"20240601.x\0", text.as_bytes()])?;
    }
    Ok(())
}

fn words(corpus: &Corpus) -> Outcome {
    let paths: [&[u8]; 3] = [
        &[2, 3, 0, 0, 0xfb, 0xf4, 0, 0, 0xfb, 0xf5, 0, 0, 0xfb, 0xfe],
        &[2, 1, 0, 0, 0xfb, 0xf4, 1, 2, 0, 0, 0xfb, 0xf5, 0, 0, 0xfb, 0xf6],
        &[3, 1, 0, 0, 0xfb, 0xf4, 4, 1, 0, 0, 0xfb, 0xf5, 2, 1, 0, 1, 0, 0],
    ];
    let patterns =
        ["_64501_", "^64500 .* 64510$", "_(64501|64999)_", "[^0-9]6450[0-1]+", r"\{645(0|_)*,?", "(6*4+)?5.$"];
    for (at, pattern) in patterns.iter().enumerate() {
        for (number, path) in paths.iter().enumerate() {
            corpus.put("path_pattern", &format!("{at}-{number}"), &[pattern.as_bytes(), &[0], path])?;
        }
    }
    let words = [
        "AS64500",
        "0.64500",
        "192.0.2.0/24",
        "2001:db8::/32",
        "::ffff:192.0.2.0/120",
        "more:192.0.2.0/24",
        "held",
        "64500 64501 {64502,64503}",
        "(64500 64501) [64502]",
        "2024-06-01",
        "2024-06-01T09:31:33.5Z",
        "30 days ago",
        "1717200000",
        "2024-06",
    ];
    for (at, word) in words.iter().enumerate() {
        corpus.put("words", &format!("{at:02}"), &[word.as_bytes()])?;
    }
    Ok(())
}

/// The same bytes in each compression.
fn packed(bytes: &[u8]) -> Outcome<[(&'static str, Vec<u8>); 4]> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(bytes)?;
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(1));
    bzip2.write_all(bytes)?;
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(bytes)?;
    let mut zstd = zstd::stream::write::Encoder::new(Vec::new(), 3)?;
    zstd.include_checksum(true)?;
    zstd.write_all(bytes)?;
    Ok([("gz", gzip.finish()?), ("bz2", bzip2.finish()?), ("xz", xz.finish()?), ("zst", zstd.finish()?)])
}

fn compressed(corpus: &Corpus) -> Outcome {
    let rows: String = (0..400).map(|n| format!("64500|{}|{}\n", 64_496 + n % 16, n % 3)).collect();
    let runs = "a".repeat(3000);
    for (label, bytes) in [("empty", ""), ("short", "64500|64501|0\n"), ("rows", &rows), ("runs", &runs)] {
        for (codec, packed) in packed(bytes.as_bytes())? {
            corpus.put("codec", &format!("{label}.{codec}"), &[&[0], &packed])?;
            corpus.put("codec", &format!("{label}-twice.{codec}"), &[&[0], &packed, &packed, &[0; 8]])?;
            corpus.put("codec", &format!("{label}-threads.{codec}"), &[&[threads_byte(&packed)], &packed])?;
            corpus.put("codec", &format!("{label}-cut.{codec}"), &[&[0], &packed[..packed.len() * 3 / 4]])?;
        }
    }
    let mut builder = tar::Builder::new(Vec::new());
    let long = format!("{}/x.csv", "d".repeat(150));
    for name in ["a.csv", "../b", long.as_str()] {
        let mut header = tar::Header::new_ustar();
        header.set_size(14);
        header.set_mode(0o644);
        header.set_cksum();
        if name == "../b" {
            header.as_old_mut().name[..4].copy_from_slice(b"../b");
            header.set_cksum();
            builder.append(&header, &b"64500|64501|0\n"[..])?;
        } else {
            builder.append_data(&mut header, name, &b"64500|64501|0\n"[..])?;
        }
    }
    builder.append_pax_extensions([("path", &b"pax/name"[..]), ("mtime", &b"1717200000"[..])])?;
    let archive = builder.into_inner()?;
    corpus.put("tar_members", "whole", &[&archive])?;
    corpus.put("tar_members", "no-end", &[&archive[..archive.len() - 1024]])?;
    corpus.put("tar_members", "one", &[&archive[..1024], &[0; 1024]])
}

#[cfg(feature = "stored")]
fn stored(corpus: &Corpus) -> Outcome {
    use std::collections::BTreeMap;

    use headwater_history::table::Table;
    use headwater_history::{Draft, History};
    use headwater_route::{Fault, Kind, Observation, SessionId};
    use headwater_wire::mrt::{Options, Sink};
    use headwater_wire::sniff::sniff;
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    struct Intake<'w, 'h>(&'w mut headwater_history::Writer<'h>);
    impl Sink for Intake<'_, '_> {
        fn session(&mut self, id: SessionId, session: Session) {
            self.0.session(id, session);
        }
        fn observation(&mut self, observation: &Observation<'_>) {
            self.0.observation(observation);
        }
        fn fault(&mut self, fault: Fault) {
            self.0.fault(fault);
        }
    }

    let home = tempfile::tempdir()?;
    let mut history = History::open_or_create(home.path())?;
    let draft = |number: usize, kind, series: &str| Draft {
        name: format!("{number}"),
        path: String::new(),
        sha256: format!("{number:064}"),
        archive_sha256: None,
        bytes: 1,
        kind,
        series: series.to_owned(),
        window: None,
    };
    for (number, name) in ["table", "updates"].into_iter().enumerate() {
        let stream = fs::read(corpus.dir.join("mrt_read").join(name))?;
        let mut writer = history.begin(draft(number, Kind::Mrt, "rrc99"))?;
        headwater_wire::mrt::read(&mut &stream[1..], &Options::default(), &mut Intake(&mut writer));
        writer.commit(TIME)?;
    }
    for (number, (_, name, text)) in SNAPSHOTS.iter().enumerate() {
        let sniffed = sniff(text.as_bytes(), name).map_err(|fault| fault.detail)?;
        let mut writer =
            history.begin(Draft { window: Some((TIME, TIME)), ..draft(9 + number, sniffed.kind, &sniffed.series) })?;
        headwater_wire::snapshot::read(
            &mut text.as_bytes(),
            &sniffed,
            &mut |offset, row| writer.snapshot_row(offset, &row),
            &mut |_| (),
        );
        writer.commit(TIME)?;
    }
    drop(history);

    let mut seen = BTreeMap::new();
    for file in below(home.path())? {
        let bytes = fs::read(&file)?;
        let path = file.strip_prefix(home.path())?.to_string_lossy().into_owned();
        if path.ends_with(".state") {
            let body = &bytes[..bytes.len() - 8];
            corpus.put("dump_state", "file", &[&[0], body])?;
        }
        let Some(at) = Table::ALL.iter().position(|table| path.split(['/', '-', '.']).any(|part| part == table.name()))
        else {
            continue;
        };
        if !path.ends_with(".parquet") {
            continue;
        }
        let number = seen.entry(at).or_insert(0);
        *number += 1;
        let table = Table::ALL[at].name();
        corpus.put("segment", &format!("{table}-{number}"), &[&[at as u8], &bytes])?;
        // The same rows without compression, so that changes reach the pages.
        let mut plain = Vec::new();
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes))?;
        let mut writer = ArrowWriter::try_new(&mut plain, reader.schema().clone(), None)?;
        for batch in reader.build()? {
            writer.write(&batch?)?;
        }
        writer.close()?;
        corpus.put("segment", &format!("{table}-{number}-plain"), &[&[at as u8], &plain])?;
    }
    // One route of vantage 7 from AS 64510 for 192.0.2.0/24, then a tentative one.
    let groups = [
        &[4u8, 24, 192, 0, 2, 0, 1, 0, 0, 0, 7, 0, 0, 0][..],
        &[0xff, 0xfb, 0, 0, 0, 1, 2, 3, 4, 5, 6],
        &[4, 24, 203, 0, 113, 0, 1, 0, 0, 0, 7, 0, 0, 0x80, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6],
    ]
    .concat();
    corpus.put("dump_state", "groups", &[&[1], &groups])?;
    corpus.put("dump_state", "groups-absent", &[&[9], &[7, 0, 0, 0, 4, 0, 0, 0], &groups])
}

#[cfg(feature = "stored")]
fn below(dir: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        match path.is_dir() {
            true => files.extend(below(&path)?),
            false => files.push(path),
        }
    }
    files.sort();
    Ok(files)
}

fn main() -> Outcome {
    let dir = std::env::args_os().nth(1).ok_or("usage: corpus DIR")?;
    let corpus = Corpus { dir: Path::new(&dir).to_owned() };
    mrt(&corpus)?;
    snapshots(&corpus)?;
    words(&corpus)?;
    compressed(&corpus)?;
    #[cfg(feature = "stored")]
    stored(&corpus)?;
    for (target, _) in TARGETS {
        println!("{target}: {}", fs::read_dir(corpus.dir.join(target))?.count());
    }
    Ok(())
}
