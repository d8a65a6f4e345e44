//! What is streamed against the same in memory.

mod turns;

use super::*;
use crate::LoopKind;
use crate::job::{LoadJob, LoadOptions, Step};
use crate::playback::{LoopSpan, Retrigger};
use crate::resample::Workbench;
use crate::source::Source;
use crate::stream::{StreamFeed, StreamOpening, StreamScan, StreamStep, StreamedSample};
use crate::testing::{WAV_HEADER_BYTES, wav};

const FRAMES: u32 = 400_000;
const BLOCK: usize = 256;

/// A file of noise.
fn file() -> Vec<u8> {
    file_at(RATE, FRAMES)
}

fn file_at(rate: u32, frames: u32) -> Vec<u8> {
    let frames = noise(2 * frames as usize, 7);
    #[allow(clippy::cast_possible_truncation, reason = "within ±20,000")]
    let word = |value: &f32| (value * 20_000.0) as i16;
    let bytes = frames.iter().flat_map(|value| word(value).to_le_bytes());
    wav(1, 16, 2, rate, &bytes.collect::<Vec<u8>>())
}

fn stream(source: &Source) -> Arc<StreamedSample> {
    let (mut opening, mut bench) =
        (StreamOpening::new(source.clone(), Some(RATE)), Workbench::default());
    loop {
        if let StreamStep::Ready(sample) = opening.step(&mut bench).expect("a sound file") {
            return sample;
        }
    }
}

fn whole(source: &Source) -> Arc<SampleBuffer> {
    let options = LoadOptions { sample_rate: Some(RATE), max_sample_bytes: None };
    let (mut job, mut bench) = (LoadJob::new(source.clone(), options), Workbench::default());
    loop {
        if let Step::Done(sample) = job.step(&mut bench).expect("a sound file") {
            return sample.buffer;
        }
    }
}

/// The same sample twice: in memory, and streamed by feeds that are never late.
struct Both {
    memory: Rig,
    streamed: Rig,
    sample: Arc<StreamedSample>,
    whole: Arc<SampleBuffer>,
    feeds: Vec<StreamFeed>,
    /// Of them, so far.
    steps: usize,
    bench: Workbench,
}

impl Both {
    fn new() -> Self {
        Self::of(file())
    }

    fn of(file: Vec<u8>) -> Self {
        let both = Self::unscanned(file);
        let mut scan = StreamScan::new(&both.sample);
        while scan.step().expect("a sound file") {}
        both
    }

    /// Nobody has come to its end yet.
    fn unscanned(file: Vec<u8>) -> Self {
        let source = Source::Memory(file.into());
        let (sample, whole) = (stream(&source), whole(&source));
        let (mut memory, mut streamed) = (Rig::new(), Rig::new());
        let load = |sample: &Arc<SampleBuffer>| ControlMessage::LoadSample {
            slot: 0,
            sample: Arc::clone(sample),
            own_loop: None,
        };
        memory.send(load(&whole));
        streamed.send(load(&sample.head()));
        let (feeds, bench) = (Vec::new(), Workbench::default());
        Self { memory, streamed, sample, whole, feeds, steps: 0, bench }
    }

    fn play(&mut self, voice: u64, params: VoiceParams) {
        self.memory.play(voice, 0, params);
        let (feed, stream) = self.sample.voice();
        self.feeds.push(feed);
        self.streamed.send(ControlMessage::PlayStream { voice, slot: 0, stream, params });
        self.take_commands();
    }

    fn send(&mut self, message: impl Fn() -> ControlMessage) {
        self.memory.send(message());
        self.streamed.send(message());
        self.take_commands();
    }

    /// Has voices say where they will go, before that is to be heard.
    fn take_commands(&mut self) {
        self.streamed.left(0);
    }

    /// Has the feeds do all that there is to do.
    fn feed(&mut self) {
        self.streamed.controller.collect();
        self.feeds.retain(|feed| !feed.is_over());
        for feed in &mut self.feeds {
            while feed.step(&mut self.bench).expect("a sound file") {
                self.steps += 1;
            }
        }
    }

    /// The next frames of both, in blocks.
    fn render(&mut self, blocks: usize) -> [Vec<f32>; 2] {
        let mut out = [Vec::new(), Vec::new()];
        for _ in 0..blocks {
            self.feed();
            out[0].extend(self.memory.left(BLOCK));
            out[1].extend(self.streamed.left(BLOCK));
        }
        out
    }

    fn check(&mut self, what: &str, blocks: usize) {
        let [memory, streamed] = self.render(blocks);
        let differs = memory.iter().zip(&streamed).position(|(a, b)| a.to_bits() != b.to_bits());
        assert_eq!(differs, None, "{what}");
        assert!(memory.iter().any(|value| *value != 0.0), "{what}: something sounds");
    }
}

impl Both {
    fn check_silence(&mut self) {
        let [memory, streamed] = self.render(2);
        assert!(memory.iter().chain(&streamed).all(|value| *value == 0.0));
    }
}

fn span(start_frame: u64, end_frame: u64, kind: LoopKind, rounds: u32) -> VoiceParams {
    let looping = Looping::Span(LoopSpan { start_frame, end_frame, kind, rounds });
    VoiceParams { looping, ..params() }
}

#[test]
fn a_stream_sounds_as_its_sample_in_memory_at_any_speed() {
    for speed in [1.0, -1.0, 0.7, 2.0, -1.3, 3.9, -4.0, 0.01] {
        let mut both = Both::new();
        both.play(1, VoiceParams { speed, ..params() });
        both.check_to_its_end(&format!("speed {speed}"));
    }
}

impl Both {
    /// As `check`, to the end of the only voice.
    fn check_to_its_end(&mut self, what: &str) {
        let blocks = if what.ends_with("0.01") { 300 } else { FRAMES as usize / BLOCK * 2 };
        self.check(what, blocks);
        assert_eq!(self.streamed.controller.shared().underruns(), 0, "{what}");
    }
}

#[test]
fn loops_of_a_stream_sound_as_those_in_memory() {
    for (what, loops) in [
        ("far", span(60_000, 300_000, LoopKind::Forward, 0)),
        ("short", span(100_000, 101_000, LoopKind::Forward, 0)),
        ("tiny", span(100_000, 100_010, LoopKind::Forward, 0)),
        ("long", span(90_000, 150_000, LoopKind::Forward, 3)),
        ("there and back", span(70_000, 250_000, LoopKind::PingPong, 0)),
        ("short and back", span(70_000, 71_000, LoopKind::PingPong, 0)),
        ("backward", span(120_000, 260_000, LoopKind::Backward, 0)),
        ("the whole", VoiceParams { looping: Looping::WHOLE, ..params() }),
    ] {
        for speed in [1.0, 1.7, 4.0] {
            // At the very start of a whole loop its end is not there to be read round the corner.
            if what == "the whole" && speed != 1.0 {
                continue;
            }
            let mut both = Both::new();
            both.play(1, VoiceParams { speed, ..loops });
            both.check(&format!("{what} at {speed}"), 2_500);
            assert_eq!(both.streamed.controller.shared().underruns(), 0, "{what} at {speed}");
        }
    }
}

#[test]
fn a_stream_goes_round_backwards_to_its_end() {
    let end = u64::from(FRAMES);
    for (what, speed, params) in [
        ("the whole", -1.0, VoiceParams { looping: Looping::WHOLE, ..params() }),
        ("the whole, that way", 1.0, span(0, end, LoopKind::Backward, 0)),
        ("the last part", -1.0, span(300_000, end, LoopKind::Forward, 0)),
        ("the last part, fast", -4.0, span(300_000, end, LoopKind::Forward, 0)),
        ("the last part, between frames", -0.7, span(300_000, end, LoopKind::Forward, 0)),
        ("the last part, that way", 1.7, span(300_000, end, LoopKind::Backward, 0)),
        ("as far as it plays", -1.0, {
            let loops = span(100_000, 300_000, LoopKind::Forward, 0);
            VoiceParams { end_frame: 200_000, ..loops }
        }),
    ] {
        let mut both = Both::new();
        let start_frame = if speed < -1.0 || what.ends_with("frames") { 350_000 } else { 0 };
        both.play(1, VoiceParams { speed, start_frame, ..params });
        both.check(what, 4_000);
        assert_eq!(both.streamed.controller.shared().underruns(), 0, "{what}");
        assert!(both.streamed.ends().is_empty(), "{what}");
    }
}

#[test]
fn a_stream_of_another_rate_follows_on_itself_as_in_memory() {
    // Shorter than what stays in memory, longer than that, and longer than what is read ahead.
    for (rate, frames) in [(44_100, 30_011), (44_100, 100_003), (96_000, 500_009)] {
        for (speed, start_frame) in [(1.0, 0), (0.9, 0), (1.0, 20_000), (-1.0, 0), (2.0, 100)] {
            let mut both = Both::of(file_at(rate, frames));
            let looping = Looping::WHOLE;
            both.play(1, VoiceParams { looping, speed, start_frame, ..params() });
            let rounds = 3 * both.whole.ready_frames() + 3 * BLOCK;
            let [memory, streamed] = both.render(rounds / BLOCK);
            let differs =
                memory.iter().zip(&streamed).position(|(memory, stream)| memory != stream);
            assert_eq!(differs, None, "{frames} at {rate}, speed {speed} from {start_frame}");
            assert!(!both.sample.seams().is_empty(), "{frames} at {rate}");
            assert_eq!(both.sample.seams(), both.whole.seams());
        }
    }
}

#[test]
fn a_stream_begins_where_its_loop_and_all_speeds_have_it_begin() {
    let loops = span(100_000, 140_000, LoopKind::Forward, 0);
    for (what, start_frame, speed, master) in [
        ("beyond its loop", 300_000, 1.0, 1.0),
        ("below its loop, backwards", 60_000, -1.0, 1.0),
        ("at the end, by the speed of all", 0, 1.0, -1.0),
        ("anywhere, by the speed of all", 200_000, 1.0, -1.0),
    ] {
        for at_frame in [None, Some(1_000)] {
            let mut both = Both::new();
            both.send(|| ControlMessage::SetSpeed { speed: master, at_frame: None });
            both.check_silence();
            let looping = if master < 0.0 { Looping::Off } else { loops.looping };
            both.play(1, VoiceParams { start_frame, speed, looping, at_frame, ..params() });
            both.check(what, 500);
        }
    }
}

#[test]
fn a_stream_whose_loop_changes_before_it_begins_begins_as_in_memory() {
    let mut both = Both::new();
    let loops = span(190_000, 300_000, LoopKind::PingPong, 0);
    both.play(1, VoiceParams { start_frame: 90_000, speed: -1.0, at_frame: Some(1_000), ..loops });
    both.check_silence();
    both.send(|| set_loop(Looping::Off));
    both.check("without its loop", 500);
    assert_eq!(both.streamed.ends(), both.memory.ends());
}

#[test]
fn a_stream_goes_on_elsewhere_as_its_sample_in_memory() {
    let mut both = Both::new();
    both.play(1, params());
    both.render(20);
    for (frame, speed) in [(300_000, 1.0), (120_000, 1.0), (299_000, -1.0), (70_000, 1.0)] {
        both.send(|| ControlMessage::SetVoice {
            voice: 1,
            volume: None,
            pan: None,
            speed: Some(speed),
            looping: None,
            fade_frames: None,
            at_frame: None,
        });
        both.send(|| ControlMessage::SeekVoice { voice: 1, frame, at_frame: None });
        both.check(&format!("frame {frame} at {speed}"), 20);
    }
    assert_eq!(both.streamed.controller.shared().underruns(), 0);
}

#[test]
fn a_stream_jumps_at_its_frame_as_its_sample_in_memory() {
    let looping =
        Looping::Span(LoopSpan { start_frame: 50_000, end_frame: 90_000, ..LoopSpan::WHOLE });
    for (speed, looping) in
        [(1.0, Looping::Off), (1.3, Looping::Off), (-1.0, Looping::Off), (1.0, looping)]
    {
        let mut both = Both::new();
        both.play(1, VoiceParams { speed, looping, start_frame: 60_000, ..params() });
        let mut clock = 0_usize;
        for (frame, blocks) in
            [(300_000, 8), (80_000, 9), (390_000, 7), (10_000, 30), (200_000, 20)]
        {
            // In the middle of a block, of which feeds know nothing.
            let at_frame = Some(((clock + blocks / 2) * BLOCK + 77) as u64);
            both.send(|| ControlMessage::SeekVoice { voice: 1, frame, at_frame });
            both.check(&format!("frame {frame} at {speed}, {looping:?}"), blocks);
            clock += blocks;
        }
        assert_eq!(both.streamed.controller.shared().underruns(), 0, "{speed}");
    }
}

#[test]
fn a_stream_whose_end_nobody_has_found_yet_jumps_back_at_its_frame_as_well() {
    const CUES: [(&str, u64); 3] = [("before", 65_000), ("in", 125_500), ("behind", 200_000)];
    // Ten seconds that do not say how long they are, and more than what is read ahead.
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/long/mp2.mp2");
    let file = std::fs::read(fixture).expect("a fixture").repeat(5);
    for kind in [LoopKind::Forward, LoopKind::PingPong, LoopKind::Backward] {
        for speed in [-1.0, -1.3] {
            for (from, start_frame) in [("before", 70_000), ("in", 130_000)] {
                for (to, frame) in CUES {
                    let mut both = Both::unscanned(file.clone());
                    // Somebody looks for it, and takes his time.
                    let _scan = StreamScan::new(&both.sample);
                    let loops = span(120_000, 140_000, kind, 0);
                    both.play(1, VoiceParams { speed, start_frame, ..loops });
                    let what = format!("{kind:?} at {speed}, from {from} it to {to} it");
                    both.check(&what, 8);
                    let at_frame = Some(20 * BLOCK as u64 + 77);
                    both.send(|| ControlMessage::SeekVoice { voice: 1, frame, at_frame });
                    both.check(&what, 40);
                    assert_eq!(both.streamed.controller.shared().underruns(), 0, "{what}");
                    assert_eq!(both.sample.frames(), None, "{what}");
                }
            }
        }
    }
}

#[test]
fn voices_of_one_stream_are_each_where_they_are() {
    let mut both = Both::new();
    both.play(1, VoiceParams { start_frame: 0, ..params() });
    both.check("one", 10);
    both.play(2, VoiceParams { speed: 2.0, volume: 0.5, ..params() });
    both.check("two", 10);
    both.play(3, VoiceParams { retrigger: Retrigger::Overlap, pan: -1.0, ..params() });
    both.check("three", 700);
    both.send(|| ControlMessage::StopVoice { voice: 2, fade_frames: 100, at_frame: None });
    both.check("two again", 100);
    assert_eq!(both.feeds.len(), 2, "the reader of the one that ended has come back");
    both.send(|| ControlMessage::UnloadSample { slot: 0 });
    both.render(3);
    assert_eq!(both.streamed.ends(), both.memory.ends());
    both.feed();
    assert_eq!(both.feeds.len(), 0);
}

#[test]
fn a_stream_that_is_late_fades_waits_and_is_counted() {
    let mut both = Both::new();
    both.play(1, params());
    let heard = both.streamed.left(60_000);
    let last = heard.iter().rposition(|value| *value != 0.0).expect("something sounded");
    assert!((46_000..48_000).contains(&last), "it stops at frame {last} of the head's 48 000");
    assert_eq!((both.streamed.ends(), both.streamed.controller.shared().underruns()), (vec![], 1));
    both.feed();
    let heard = both.streamed.left(5_000);
    let plane = both.whole.plane(0);
    let goes_on =
        (0..3).any(|off| heard[300..4_000] == plane[last + off + 300..last + off + 4_000]);
    assert!(goes_on, "it goes on where it was");
}

#[test]
fn a_stream_that_comes_late_to_its_cue_keeps_its_beat_and_is_counted() {
    for (speed, late_blocks) in [(1.0, 1), (1.0, 7), (-1.0, 7), (2.0, 30)] {
        let what = format!("{late_blocks} blocks late at {speed}");
        let mut both = Both::new();
        both.play(1, VoiceParams { speed, start_frame: 100_000, ..params() });
        both.check(&what, 4);
        let at = 8 * BLOCK + 100;
        let seek =
            || ControlMessage::SeekVoice { voice: 1, frame: 300_000, at_frame: Some(at as u64) };
        both.memory.send(seek());
        both.streamed.send(seek());
        // Nothing is decoded meanwhile.
        let late = (4 + late_blocks) * BLOCK;
        let [memory, streamed] =
            [&mut both.memory, &mut both.streamed].map(|rig| rig.left(4 * BLOCK + late));
        let gone = at - 4 * BLOCK;
        assert_eq!(memory[..gone - 480], streamed[..gone - 480], "{what}: until it fades");
        assert!(memory[gone..].iter().all(|value| *value != 0.0), "{what}");
        assert!(streamed[gone..].iter().all(|value| *value == 0.0), "{what}");
        let [memory, streamed] = both.render(20);
        assert_eq!(memory[BLOCK..], streamed[BLOCK..], "{what}: it is where it would have been");
        assert_eq!(both.streamed.controller.shared().underruns(), 1, "{what}");
    }
}

#[test]
fn where_nothing_more_comes_a_voice_ends_and_says_so() {
    let path = std::env::temp_dir().join(format!("hotcue-voice-{}.wav", std::process::id()));
    std::fs::write(&path, file()).expect("a file can be written");
    let sample = stream(&Source::Path(path.clone()));
    let mut rig = Rig::new();
    rig.send(ControlMessage::LoadSample { slot: 0, sample: sample.head(), own_loop: None });
    let (mut feed, stream) = sample.voice();
    let params = params();
    rig.send(ControlMessage::PlayStream { voice: 1, slot: 0, stream, params });
    // Another file by now.
    std::fs::write(&path, &file()[..WAV_HEADER_BYTES + 100_000]).expect("a file can be written");
    let mut bench = Workbench::default();
    let failed =
        std::iter::repeat_with(|| feed.step(&mut bench)).find(|step| !matches!(step, Ok(true)));
    assert!(matches!(failed, Some(Err(_))), "{failed:?}");
    let heard = rig.left(60_000);
    assert!(sharpest(&heard[47_900..]) == 0.0, "it has faded before its head ends");
    let ends = rig.ends();
    assert!(matches!(ends[..], [(1, 46_000..48_000, EndReason::SourceLost)]), "{ends:?}");
    assert_eq!(rig.controller.collect(), 1);
    assert!(feed.is_over());
    std::fs::remove_file(&path).expect("the file goes");
}

#[test]
fn a_stream_on_an_empty_slot_is_refused_and_comes_back() {
    let mut both = Both::new();
    let (feed, stream) = both.sample.voice();
    both.streamed.send(ControlMessage::PlayStream { voice: 9, slot: 5, stream, params: params() });
    both.streamed.left(1);
    assert_eq!(both.streamed.ends(), [(9, 0, EndReason::NoSample)]);
    assert_eq!(both.streamed.controller.collect(), 1);
    assert!(feed.is_over());
}

#[test]
fn a_stream_that_stands_beyond_its_end_is_over_once_that_is_found() {
    for (start_frame, is_beyond) in [(u64::from(FRAMES), true), (u64::from(FRAMES) - 1, false)] {
        let mut both = Both::new();
        both.play(1, VoiceParams { speed: 0.0, start_frame, ..params() });
        both.render(4);
        let ends = [&mut both.memory, &mut both.streamed].map(Rig::ends);
        let over = vec![(1, 0, EndReason::Finished); usize::from(is_beyond)];
        assert_eq!(ends, [over.clone(), over], "from {start_frame}");
    }
    // Ten seconds that do not say how long they are.
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/long/mp2.mp2");
    let mut both = Both::unscanned(std::fs::read(fixture).expect("a fixture").repeat(5));
    both.play(1, VoiceParams { speed: 0.0, start_frame: 48_000_000, ..params() });
    both.play(2, VoiceParams { speed: 0.0, start_frame: 48_000, ..params() });
    both.render(4);
    for rig in [&mut both.memory, &mut both.streamed] {
        let ends = rig.ends();
        assert!(matches!(ends[..], [(1, _, EndReason::Finished)]), "{ends:?}");
    }
}
