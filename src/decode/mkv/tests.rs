//! Files put together element by element.

use std::io::{Cursor, ErrorKind};
use std::path::Path;

use super::{Matroska, Packet};
use crate::decode::tests::decode;
use crate::error::WarningCode;

fn element(id: &[u8], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len()).expect("short content").to_be_bytes();
    [id, &[0x08], &size, content].concat()
}

/// As [`element`], of unknown size.
fn endless(id: &[u8], content: &[u8]) -> Vec<u8> {
    [id, &[0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], content].concat()
}

const SEGMENT: &[u8] = &[0x18, 0x53, 0x80, 0x67];
const CLUSTER: &[u8] = &[0x1f, 0x43, 0xb6, 0x75];

fn head() -> Vec<u8> {
    element(&[0x1a, 0x45, 0xdf, 0xa3], b"")
}

fn info(ms: f64) -> Vec<u8> {
    element(&[0x15, 0x49, 0xa9, 0x66], &element(&[0x44, 0x89], &ms.to_be_bytes()))
}

/// A video track and track 2, of `codec`, which `more` describes further.
fn tracks(codec: &[u8], more: &[u8]) -> Vec<u8> {
    let video = element(&[0xae], &[element(&[0xd7], &[1]), element(&[0x83], &[1])].concat());
    let audio = [
        element(&[0xd7], &[2]),
        element(&[0x83], &[2]),
        element(&[0x86], codec),
        element(&[0xe1], &element(&[0xb5], &48_000_f32.to_be_bytes())),
        more.to_vec(),
    ];
    element(&[0x16, 0x54, 0xae, 0x6b], &[video, element(&[0xae], &audio.concat())].concat())
}

fn simple(track: u8, content: &[u8]) -> Vec<u8> {
    element(&[0xa3], &[&[0x80 | track, 0, 0, 0x80], content].concat())
}

fn group(content: &[u8], padding: &[u8]) -> Vec<u8> {
    let block = element(&[0xa1], &[&[0x82, 0, 0, 0], content].concat());
    element(&[0xa0], &[block, element(&[0x75, 0xa2], padding)].concat())
}

fn void(len: usize) -> Vec<u8> {
    element(&[0xec], &vec![0xa3; len])
}

/// All packets of the first track, without their times, and what the reading ended in.
fn read(file: &[u8]) -> (Vec<Packet>, Option<ErrorKind>) {
    let len = file.len() as u64;
    let mut matroska = Matroska::open(Cursor::new(file), len).expect("memory can be read");
    let Some(track) = matroska.tracks().first().cloned() else { return (Vec::new(), None) };
    let mut packets = Vec::new();
    loop {
        match matroska.next(&track) {
            Ok(Some(packet)) => packets.push(Packet { time_ns: None, ..packet }),
            Ok(None) => return (packets, None),
            Err(error) => return (packets, Some(error.kind())),
        }
    }
}

fn packet(data: &[u8], padding_ns: u64) -> Packet {
    Packet { data: data.to_vec(), padding_ns, time_ns: None, is_passed: data.is_empty() }
}

#[test]
fn packets_of_the_audio_track_are_found_however_the_file_is_nested() {
    let blocks = [simple(2, b"one"), simple(1, b"video"), void(300), group(b"two", &[0x40, 0])];
    let more = [simple(2, b"three"), group(b"four", &[0xff])];
    let known = [element(CLUSTER, &blocks.concat()), element(CLUSTER, &more.concat())].concat();
    let live = [endless(CLUSTER, &blocks.concat()), endless(CLUSTER, &more.concat())].concat();
    let tracks = tracks(b"A_X", b"");
    let front = [void(20), info(1234.0), tracks.clone(), void(5_000)].concat();
    let expected =
        [packet(b"one", 0), packet(b"two", 0x4000), packet(b"three", 0), packet(b"four", 0)];
    for (name, file) in [
        ("plain", element(SEGMENT, &[&front[..], &known].concat())),
        ("live", endless(SEGMENT, &[&front[..], &live].concat())),
        ("tracks last", element(SEGMENT, &[&known[..], &tracks].concat())),
        (
            "another behind",
            [element(SEGMENT, &[&front[..], &known].concat()), vec![0; 99]].concat(),
        ),
    ] {
        let (packets, end) = read(&[head(), file].concat());
        assert_eq!((packets.as_slice(), end), (&expected[..], None), "{name}");
    }
}

#[test]
fn what_is_cut_off_is_told() {
    let cluster = element(CLUSTER, &[simple(2, b"one"), simple(2, b"two")].concat());
    let body = [tracks(b"A_X", b""), cluster].concat();
    for file in [element(SEGMENT, &body), endless(SEGMENT, &body)] {
        let file = [head(), file].concat();
        let (packets, end) = read(&file[..file.len() - 1]);
        assert_eq!((packets, end), (vec![packet(b"one", 0)], Some(ErrorKind::UnexpectedEof)));
    }
}

#[test]
fn behind_what_makes_no_sense_the_next_cluster_counts() {
    let body = [
        tracks(b"A_X", b""),
        element(CLUSTER, &simple(2, b"one")),
        vec![0; 10_000],
        element(CLUSTER, &simple(2, b"two")),
    ];
    let file = [head(), element(SEGMENT, &body.concat())].concat();
    // The empty one stands for what is lost.
    assert_eq!(read(&file), (vec![packet(b"one", 0), packet(b"", 0), packet(b"two", 0)], None));
    let file = [head(), element(SEGMENT, &body[..3].concat())].concat();
    let (packets, _) = read(&file);
    assert_eq!(packets, [packet(b"one", 0)]);
    // It counts once where the tracks come last.
    let file = [head(), element(SEGMENT, &[&body[1..], &body[..1]].concat().concat())].concat();
    assert_eq!(read(&file), (vec![packet(b"one", 0), packet(b"", 0), packet(b"two", 0)], None));
    let matroska =
        Matroska::open(Cursor::new(&file[..]), file.len() as u64).expect("memory can be read");
    assert!(matroska.queue.is_empty());
}

#[test]
fn a_cluster_that_is_too_short_for_its_blocks_loses_none() {
    const CUES: &[u8] = &[0x1c, 0x53, 0xbb, 0x6b];
    let blocks = [simple(2, b"one"), simple(1, b"video"), group(b"two", &[]), simple(2, b"three")];
    let cluster = element(CLUSTER, &blocks.concat());
    let behind = element(CLUSTER, &simple(2, b"four"));
    let expected = ["one", "two", "three", "four"].map(|data| packet(data.as_bytes(), 0));
    for stated in 0..blocks.concat().len() {
        let mut short = cluster.clone();
        short[8] = u8::try_from(stated).expect("short blocks");
        let tracks = tracks(b"A_X", b"");
        let body = [&tracks, &short, &behind].map(Vec::as_slice).concat();
        let (packets, end) = read(&[head(), element(SEGMENT, &body)].concat());
        assert_eq!((packets.as_slice(), end), (&expected[..], None), "{stated}");
        // The last one, with and without an index behind it.
        for cues in [vec![], element(CUES, b"index")] {
            let body = [&tracks, &short, &cues].map(Vec::as_slice).concat();
            let (packets, end) = read(&[head(), element(SEGMENT, &body)].concat());
            assert_eq!((packets.as_slice(), end), (&expected[..3], None), "{stated}");
        }
    }
}

#[test]
fn a_block_that_is_too_long_for_its_cluster_hides_no_other_one() {
    let cluster = |blocks: &[Vec<u8>]| element(CLUSTER, &blocks.concat());
    let mut blocks = [simple(2, b"one"), simple(2, b"two"), simple(2, b"lost")];
    // To within the next cluster, which an endless one would not rule out, and beyond the file.
    for (size, endless_too) in [([0, 0, 0, 30], false), ([0x10, 0, 0, 7], true)] {
        blocks[1][2..6].copy_from_slice(&size);
        let live = endless_too.then(|| endless(CLUSTER, &blocks.concat()));
        for first in [cluster(&blocks)].into_iter().chain(live) {
            let body = [tracks(b"A_X", b""), first, cluster(&[simple(2, b"three")])];
            let (packets, end) = read(&[head(), element(SEGMENT, &body.concat())].concat());
            assert_eq!(packets, [packet(b"one", 0), packet(b"", 0), packet(b"three", 0)]);
            assert_eq!(end, None);
        }
    }
    // Where nothing follows it is not told from the end of a file that is cut off.
    let file = [head(), element(SEGMENT, &[tracks(b"A_X", b""), cluster(&blocks)].concat())];
    let (packets, end) = read(&file.concat());
    assert_eq!((packets, end), (vec![packet(b"one", 0)], Some(ErrorKind::UnexpectedEof)));
}

/// A cluster at `ms` of blocks of 480 frames, 10 ms of mono in 16 bits, whose values are `value`.
fn cluster_of_pcm(ms: u16, value: i16, blocks: u8) -> Vec<u8> {
    let audio: Vec<u8> = (0..480).flat_map(|_| value.to_le_bytes()).collect();
    let block = |number| element(&[0xa3], &[&[0x82, 0, 10 * number, 0x80], &audio[..]].concat());
    let time = element(&[0xe7], &ms.to_be_bytes());
    element(CLUSTER, &[time, (0..blocks).flat_map(block).collect()].concat())
}

#[test]
fn what_follows_a_loss_is_put_where_its_time_says() {
    let depth = element(&[0xe1], &element(&[0x62, 0x64], &[16]));
    let file_of = |clusters: &[Vec<u8>]| {
        let body = [tracks(b"A_PCM/INT/LIT", &depth), clusters.concat()].concat();
        [head(), element(SEGMENT, &body)].concat()
    };
    let first = cluster_of_pcm(0, 1 << 14, 3);
    let mut damaged = cluster_of_pcm(30, 1 << 13, 5);
    // Behind the header of the cluster and its time, the id of the first block.
    damaged[9 + 8] = 0;
    // Where what is lost ends; how long it seems to be, and the packets that nothing stands for.
    for (ms, lost, left_out) in [(80, 5 * 480, 0.0), (30, 0, 0.0), (10_100, 0, 1.0)] {
        let file = file_of(&[first.clone(), damaged.clone(), cluster_of_pcm(ms, -1 << 14, 2)]);
        let (planes, warnings) = decode(&file).expect("most of it is there");
        let expected = [vec![0.5_f32; 3 * 480], vec![0.0; lost], vec![-0.5; 2 * 480]].concat();
        assert!(planes[0] == expected, "{ms}: {}", planes[0].len());
        let told = warnings.iter().find(|warning| warning.code == WarningCode::DecodeErrors);
        let numbers = [("packets", 1.0), ("frames", lost as f64), ("packets_left_out", left_out)];
        assert_eq!(told.expect("a warning").numbers[..3], numbers, "{ms}");
    }
    // Of two losses with a single block between them, each.
    let mut next = cluster_of_pcm(80, 1 << 12, 5);
    for cluster in [&mut damaged, &mut next] {
        *cluster = [&cluster[..17], &cluster_of_pcm(0, 1 << 12, 1)[17..], &cluster[17..]].concat();
        cluster[17 + 6 + 4 + 960] = 0;
    }
    let file = file_of(&[first.clone(), damaged, next, cluster_of_pcm(130, -1 << 14, 2)]);
    let (planes, warnings) = decode(&file).expect("most of it is there");
    let silent_but_first = [vec![0.125_f32; 480], vec![0.0; 4 * 480]].concat();
    let middle = [&silent_but_first[..], &silent_but_first].concat();
    let expected = [vec![0.5_f32; 3 * 480], middle, vec![-0.5; 2 * 480]].concat();
    assert!(planes[0] == expected, "{}", planes[0].len());
    let told = warnings.iter().find(|warning| warning.code == WarningCode::DecodeErrors);
    let numbers = [("packets", 2.0), ("frames", 8.0 * 480.0), ("packets_left_out", 0.0)];
    assert_eq!(told.expect("a warning").numbers[..3], numbers);
    // Without a loss it is no gap.
    let file = file_of(&[first, cluster_of_pcm(80, -1 << 14, 2)]);
    let (planes, warnings) = decode(&file).expect("a good file");
    assert_eq!(planes[0].len(), 5 * 480);
    assert!(warnings.iter().all(|warning| warning.code != WarningCode::DecodeErrors));
}

#[test]
fn blocks_of_nothing_are_no_fault() {
    let depth = element(&[0xe1], &element(&[0x62, 0x64], &[16]));
    let nothing = element(CLUSTER, &simple(2, b"").repeat(600));
    let clusters = [cluster_of_pcm(0, 1 << 14, 3), nothing, cluster_of_pcm(30, 1 << 14, 2)];
    let body = [tracks(b"A_PCM/INT/LIT", &depth), clusters.concat()].concat();
    let (planes, warnings) =
        decode(&[head(), element(SEGMENT, &body)].concat()).expect("a good file");
    assert!(planes[0] == vec![0.5; 5 * 480]);
    assert!(warnings.iter().all(|warning| warning.code != WarningCode::DecodeErrors));
}

/// Opus (RFC 6716, 3; RFC 7845, 5.1) of 16 kHz, as its encoder had it, in blocks of 20 ms in mono:
/// its length in frames, and the numbers told. Of each block: whether it can be decoded (of a
/// single frame without data), or cannot (of 63 frames); None: a cluster that is none of that.
fn opus_with(blocks: &[Option<bool>]) -> (usize, Vec<(&'static str, f64)>) {
    let private = [b"OpusHead\x01\x01", &312_u16.to_le_bytes()[..], &[0x80, 0x3e, 0, 0, 0, 0, 0]];
    let more = [
        element(&[0xe1], &element(&[0xb5], &16_000_f32.to_be_bytes())),
        element(&[0x63, 0xa2], &private.concat()),
    ];
    let cluster = |(number, block): (usize, &Option<bool>)| {
        let Some(good) = block else { return vec![0; 30] };
        let ms = u16::try_from(20 * number).expect("a short file").to_be_bytes();
        let data: &[u8] = if *good { &[0xf8] } else { &[0xfb, 0xff] };
        let block = element(&[0xa3], &[&[0x82, 0, 0, 0x80], data].concat());
        element(CLUSTER, &[element(&[0xe7], &ms), block].concat())
    };
    let clusters: Vec<u8> = blocks.iter().enumerate().flat_map(cluster).collect();
    let body = [tracks(b"A_OPUS", &more.concat()), clusters].concat();
    let (planes, warnings) =
        decode(&[head(), element(SEGMENT, &body)].concat()).expect("most of it is there");
    let told = warnings.into_iter().find(|warning| warning.code == WarningCode::DecodeErrors);
    (planes[0].len(), told.expect("a warning").numbers[..3].to_vec())
}

#[test]
fn times_count_at_the_rate_of_what_is_decoded_and_between_what_is() {
    let (good, bad) = ([Some(true); 3], [Some(false); 20]);
    let told = |packets, frames, left_out| {
        vec![("packets", packets), ("frames", frames), ("packets_left_out", left_out)]
    };
    for middle in [&[None; 5][..], &[None], &bad[..1], &bad, &[None, Some(false), None]] {
        let (len, numbers) = opus_with(&[&good[..], middle, &good].concat());
        assert_eq!(len, (3 + middle.len() + 3) * 960 - 312, "{middle:?}");
        // What was passed at once is one.
        let packets = if middle == [None; 5] { 1 } else { middle.len() };
        assert_eq!(numbers, told(packets as f64, middle.len() as f64 * 960.0, 0.0), "{middle:?}");
    }
    // Behind it comes nothing that tells how long it was.
    assert_eq!(opus_with(&[&good[..], &bad].concat()), (3 * 960 - 312, told(20.0, 0.0, 20.0)));
}

#[test]
fn descriptions_are_read() {
    let stripped = element(
        &[0x6d, 0x80],
        &element(
            &[0x62, 0x40],
            &element(
                &[0x50, 0x34],
                &[element(&[0x42, 0x54], &[3]), element(&[0x42, 0x55], b"ab")].concat(),
            ),
        ),
    );
    let more = [stripped, element(&[0x56, 0xaa], &[1, 0]), element(&[0x63, 0xa2], b"private")];
    let body = [info(1234.5), tracks(b"A_X\0", &more.concat()), element(CLUSTER, &simple(2, b"c"))];
    let file = [head(), element(SEGMENT, &body.concat())].concat();
    assert_eq!(read(&file).0, [packet(b"abc", 0)]);
    let matroska =
        Matroska::open(Cursor::new(&file[..]), file.len() as u64).expect("memory can be read");
    assert_eq!(matroska.duration_sec(), Some(1.2345));
    let [track] = matroska.tracks() else { panic!("one audio track") };
    assert_eq!((track.codec_id.as_str(), track.private.as_slice()), ("A_X", &b"private"[..]));
    assert_eq!((track.delay_ns, track.sample_rate, track.channels), (256, 48_000.0, 1));
    assert!(track.is_default && !track.is_encoded);

    let zlib = element(&[0x6d, 0x80], &element(&[0x62, 0x40], &element(&[0x50, 0x34], b"")));
    let file = [head(), element(SEGMENT, &tracks(b"A_X", &zlib))].concat();
    let matroska =
        Matroska::open(Cursor::new(&file[..]), file.len() as u64).expect("memory can be read");
    assert!(matroska.tracks()[0].is_encoded);
}

/// The frames of an ADTS file, whose headers say the same.
#[test]
fn aac_that_does_not_describe_itself_has_the_rate_and_channels_of_its_track() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/aac.aac");
    let adts = std::fs::read(path).expect("a fixture");
    let (mut rest, mut blocks) = (&adts[..], Vec::new());
    while let &[_, _, _, a, b, c, _, ..] = rest {
        let len = usize::from(a & 3) << 11 | usize::from(b) << 3 | usize::from(c >> 5);
        blocks.extend(simple(2, &rest[7..len]));
        rest = &rest[len..];
    }
    let audio = [element(&[0xb5], &44_100_f32.to_be_bytes()), element(&[0x9f], &[2])].concat();
    let tracks = tracks(b"A_AAC", &element(&[0xe1], &audio));
    let file = element(SEGMENT, &[tracks, element(CLUSTER, &blocks)].concat());
    let [planes, expected] =
        [[head(), file].concat(), adts].map(|file| decode(&file).expect("good file").0);
    assert_eq!(expected.iter().map(Vec::len).collect::<Vec<_>>(), [12 * 1_024; 2]);
    assert!(planes == expected, "the same frames");
}

#[test]
fn what_stands_before_each_packet_is_no_bomb() {
    let strip = |bytes: usize, times: usize| {
        let settings =
            [element(&[0x42, 0x54], &[3]), element(&[0x42, 0x55], &vec![b'a'; bytes])].concat();
        let one = element(&[0x62, 0x40], &element(&[0x50, 0x34], &settings));
        let tracks = tracks(b"A_X", &element(&[0x6d, 0x80], &one.repeat(times)));
        let body = [tracks, element(CLUSTER, &simple(2, b"c"))].concat();
        let file = [head(), element(SEGMENT, &body)].concat();
        let matroska =
            Matroska::open(Cursor::new(&file[..]), file.len() as u64).expect("memory can be read");
        matroska.tracks()[0].is_encoded
    };
    assert!(!strip(1_024, 1) && !strip(4, 256));
    assert!(strip(1_025, 1) && strip(5, 256) && strip(1_000_000, 1));
}

#[test]
fn no_file_is_read_for_ever() {
    for file in [head(), b"\x1a\x45\xdf\xa3\xff".to_vec(), [head(), vec![0xff; 100_000]].concat()] {
        assert_eq!(read(&file).0, []);
    }
}
