//! Undoing compression: our streams, which use more than one core, and the back ends alone; then decoding from the stream.
//! Bytes are decompressed ones. Times are by the clock.

use std::io::{self, Cursor, Read};
use std::sync::LazyLock;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use headwater_bench::looks::FullLook;
use headwater_bench::output::Output;
use headwater_bench::sample;
use headwater_wire::codec::{self, Codec, Limits};
use headwater_wire::mrt::{self, Options};

static TABLE: LazyLock<Vec<u8>> = LazyLock::new(|| sample::table(0));
static GZIP: LazyLock<&'static [u8]> = LazyLock::new(|| packed(Codec::Gzip));
static BZIP2: LazyLock<&'static [u8]> = LazyLock::new(|| packed(Codec::Bzip2));
static XZ: LazyLock<&'static [u8]> = LazyLock::new(|| packed(Codec::Xz));
static ZSTD: LazyLock<&'static [u8]> = LazyLock::new(|| packed(Codec::Zstd));

fn main() {
    divan::main();
}

/// The table, compressed; kept to the end, since a stream's threads may outlive a borrow.
fn packed(codec: Codec) -> &'static [u8] {
    let mut output = Output::new(codec, Vec::new()).expect("a compressor");
    io::copy(&mut TABLE.as_slice(), &mut output).expect("memory takes all");
    output.finish().expect("memory takes all").leak()
}

fn of(codec: Codec) -> &'static [u8] {
    match codec {
        Codec::Plain => &TABLE,
        Codec::Gzip => &GZIP,
        Codec::Bzip2 => &BZIP2,
        Codec::Xz => &XZ,
        Codec::Zstd => &ZSTD,
    }
}

const PACKED: [Codec; 4] = [Codec::Gzip, Codec::Bzip2, Codec::Xz, Codec::Zstd];

fn drained(mut stream: impl Read) -> u64 {
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        match stream.read(&mut buffer).expect("a whole stream") {
            0 => return bytes,
            len => bytes += len as u64,
        }
    }
}

fn opened(codec: Codec) -> codec::Decoded {
    codec::open(Cursor::new(black_box(of(codec))), Limits::default()).expect("a stream")
}

/// The back end alone, on one thread.
#[divan::bench(args = PACKED)]
fn back_end_alone(bencher: Bencher<'_, '_>, codec: Codec) {
    let bytes = of(codec);
    bencher.counter(BytesCount::new(TABLE.len())).bench_local(|| match codec {
        Codec::Plain => drained(bytes),
        Codec::Gzip => drained(flate2::bufread::MultiGzDecoder::new(bytes)),
        Codec::Bzip2 => drained(bzip2::bufread::MultiBzDecoder::new(bytes)),
        Codec::Xz => drained(liblzma::bufread::XzDecoder::new_multi_decoder(bytes)),
        Codec::Zstd => drained(zstd::Decoder::with_buffer(bytes).expect("a stream")),
    });
}

/// Our stream, with its threads.
#[divan::bench(args = PACKED)]
fn our_stream(bencher: Bencher<'_, '_>, codec: Codec) {
    let _ = of(codec);
    bencher.counter(BytesCount::new(TABLE.len())).bench_local(|| drained(opened(codec)));
}

/// Our stream, and every hop and community of what comes out of it.
#[divan::bench(args = PACKED)]
fn full_parse(bencher: Bencher<'_, '_>, codec: Codec) {
    let _ = of(codec);
    bencher.counter(BytesCount::new(TABLE.len())).bench_local(|| {
        let mut look = FullLook::default();
        mrt::read(&mut opened(codec), &Options::default(), &mut look);
        look
    });
}
