//! Long files, played from where they lie.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hotcue::playback::{EndReason, PlaybackEvent};
use hotcue::{ByteSource, LoadOptions, ReadSeek, Source};
use hotcue_actors::{
    AudioEngine, DropReason, EngineConfig, LoadFailure, LoadTicket, LoaderEvent, LoopMode,
    MAX_STREAM_VOICES, PlayLoop, PlayOptions, PlaybackNotice, Sample, SlotState, VoiceChange,
};
use hotcue_tests::loading::load;
use hotcue_tests::{
    BlockingSource, Contract, Gate, PATIENCE, PausingSource, TempDir, fixtures, sine, wait_until,
    wav_bytes,
};

use crate::offline;

const RATE: u32 = 48_000;
/// Far longer than a head and a window.
const FRAMES: u32 = 20 * RATE;

/// A sound file of twenty seconds.
fn long_file(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("long.wav");
    // No two places are alike: two tones that never meet again.
    let (low, high) = (sine(110.0, RATE), sine(1_000.1, RATE));
    let values = move |frame, channel| low(frame, channel) * 0.5 + high(frame, channel) * 0.25;
    std::fs::write(&path, wav_bytes(RATE, 2, FRAMES, values)).expect("a file can be written");
    path
}

/// An engine with one decoder, which plays to nowhere as time goes by.
fn on_a_clock() -> AudioEngine {
    crate::running(EngineConfig {
        output: "null".to_owned(),
        workers: Some(1),
        sample_rate: Some(RATE),
        ..EngineConfig::default()
    })
}

fn stream(engine: &AudioEngine, id: u32, path: &Path) -> LoadTicket {
    let source = Source::Path(path.to_path_buf());
    let ticket = engine.stream_sample_async(Some(id), source, 0).expect("accepted");
    let outcome = ticket.wait(Some(PATIENCE)).expect("it ends");
    outcome.expect("a sound file");
    ticket
}

/// What waits for a gate behind the head and what is read ahead of a play.
pub(crate) fn waiting(gate: &Arc<Gate>) -> Source {
    waiting_at(1 << 20, gate)
}

/// What waits for a gate at this byte.
fn waiting_at(byte: usize, gate: &Arc<Gate>) -> Source {
    Source::Custom(Arc::new(PausingSource {
        gates: vec![(byte, Arc::clone(gate))],
        content: wav_bytes(RATE, 2, FRAMES, sine(100.0, RATE)).into(),
        fails: false,
    }))
}

fn whole(path: &Path) -> hotcue::LoadedSample {
    let options = LoadOptions { sample_rate: Some(RATE), max_sample_bytes: None };
    load(Source::Path(path.to_path_buf()), options, PATIENCE).expect("a sound file")
}

fn left(engine: &AudioEngine, frames: usize) -> Vec<f32> {
    let rendered = engine.render(frames).expect("offline");
    rendered.samples.into_iter().step_by(rendered.channels).collect()
}

fn play(engine: &AudioEngine, options: PlayOptions) -> u64 {
    let voice = engine.play_sample(0, options).expect("it runs");
    voice.expect("there is something to play")
}

fn ended(engine: &AudioEngine) -> Vec<(u64, EndReason)> {
    let notices = std::iter::from_fn(|| engine.poll_playback_events());
    let ends = notices.filter_map(|notice| match notice {
        PlaybackNotice::Voice(PlaybackEvent::Ended { voice, reason, .. }) => Some((voice, reason)),
        _ => None,
    });
    ends.collect()
}

#[test]
fn a_streamed_file_sounds_to_the_bit_as_the_file_in_memory() {
    let folder = TempDir::new();
    let path = long_file(&folder);
    let expected = whole(&path);
    let engine = offline(2);
    stream(&engine, 0, &path);
    let voice = play(&engine, PlayOptions::default());
    let heard = left(&engine, FRAMES as usize + 1_000);
    let expected = expected.buffer.plane(0);
    let differs = heard.iter().zip(expected).position(|(a, b)| a.to_bits() != b.to_bits());
    assert_eq!(differs, None);
    assert!(heard[FRAMES as usize..].iter().all(|value| *value == 0.0));
    assert_eq!(ended(&engine), [(voice, EndReason::Finished)]);
    assert_eq!(engine.stats().underruns, 0);
}

#[test]
fn a_stream_counts_with_all_that_will_be_known_of_it() {
    let folder = TempDir::new();
    let engine = offline(1);
    stream(&engine, 0, &long_file(&folder));
    let sample = engine.sample(0).expect("it runs").expect("loaded");
    let stream = sample.stream().expect("it is one");
    assert!(stream.most_bytes() > sample.buffer().byte_len());
    assert_eq!(engine.stats().sample_bytes, stream.most_bytes() as u64);
}

#[test]
fn what_a_stream_tells_is_what_the_file_is() {
    for name in ["long/mp3_vbr.mp3", "long/flac.flac", "long/vorbis.ogg", "stream/aac.m4a"] {
        let path = fixtures().join(name);
        let expected = whole(&path);
        let engine = offline(2);
        let mut contract = Contract::default();
        let ticket = stream(&engine, 3, &path);
        let sample = engine.sample(3).expect("it runs").expect("loaded");
        assert!(sample.stream().is_some() && ticket.sample().is_some());
        let frames = expected.buffer.ready_frames();
        // Once all of it was seen.
        let sure = |sample: &Sample| sample.stream().is_some_and(|it| it.frames().is_some());
        wait_until("the file was read through", || sure(&sample));
        assert_eq!(sample.frames(), frames, "{name}");
        assert_eq!(sample.channels(), expected.buffer.channels(), "{name}");
        assert_eq!((sample.container(), sample.codec()), (&*expected.container, &*expected.codec));
        let drawn = sample.waveform(20, 0.0, sample.duration_sec());
        let other = expected.buffer.waveform(20, 0.0, sample.duration_sec());
        // Of whole blocks: what lies beside a pixel's border may belong to either.
        for (at, ours) in drawn.max.iter().enumerate() {
            let near = &other.max[at.saturating_sub(1)..(at + 2).min(other.max.len())];
            let most = near.iter().copied().fold(0.0, f32::max);
            assert!(
                (other.max[at] - 0.05..most + 0.05).contains(ours),
                "{name}: {drawn:?} {other:?}"
            );
        }
        assert_eq!(engine.state(3).expect("it runs"), SlotState::Ready);
        while let Some(event) = engine.poll_loader_events() {
            if let LoaderEvent::Success { frames: told, .. } = event {
                assert!(told.abs_diff(frames as u64) < frames as u64 / 4, "{name}: {told}");
            }
            contract.see(event);
        }
    }
}

#[test]
fn seeks_and_loops_land_on_their_frames() {
    let folder = TempDir::new();
    let path = long_file(&folder);
    let expected = whole(&path);
    let plane = expected.buffer.plane(0);
    let engine = offline(2);
    stream(&engine, 0, &path);
    let looping = PlayLoop { mode: LoopMode::Forward, start_sec: 5.0, end_sec: Some(9.0) };
    let voice = play(&engine, PlayOptions { looping, start_sec: 8.0, ..PlayOptions::default() });
    let heard = left(&engine, 6 * RATE as usize);
    let begins = heard.iter().position(|value| *value != 0.0).expect("it sounds");
    assert!(begins <= 512, "it waits for {begins} frames");
    let (start, end) = (5 * RATE as usize, 9 * RATE as usize);
    let place = |frame: usize| {
        let at = 8 * RATE as usize + frame;
        if at < end { at } else { start + (at - end) % (end - start) }
    };
    // From behind the fade in: silence at its first frame is one of it.
    let offset =
        (0..4).find(|offset| (2_000..2_200).all(|n| heard[begins + n] == plane[place(n + offset)]));
    let offset = offset.expect("what is heard is in the file");
    let differs = (1_000..heard.len() - begins)
        .find(|n| heard[begins + n].to_bits() != plane[place(n + offset)].to_bits());
    assert_eq!(differs, None, "round the loop");
    engine.seek_voice(voice, 6.0).expect("it runs");
    let heard = left(&engine, RATE as usize);
    let silent = heard.iter().rposition(|value| *value == 0.0).expect("it fades before it jumps");
    assert!(silent < 2_000, "it takes {silent} frames");
    let first = silent + 1 + 1_000;
    let landed = (0..8).any(|offset| {
        (0..500).all(|n| heard[first + n] == plane[6 * RATE as usize + 1_000 + n + offset])
    });
    assert!(landed, "it lands on the frame");
    assert_eq!(engine.stats().underruns, 0);
}

#[test]
fn a_file_that_changes_while_it_streams_ends_its_voices_with_a_reason() {
    let folder = TempDir::new();
    let path = long_file(&folder);
    let engine = offline(2);
    stream(&engine, 0, &path);
    let sample = engine.sample(0).expect("it runs").expect("loaded");
    wait_until("nothing reads", || engine.stats().stream_voices == 0 && sample.frames() > 0);
    std::fs::write(&path, wav_bytes(RATE, 2, RATE, sine(50.0, RATE))).expect("it can be written");
    let voice = play(&engine, PlayOptions { start_sec: 12.0, ..PlayOptions::default() });
    left(&engine, RATE as usize);
    assert_eq!(ended(&engine), [(voice, EndReason::SourceLost)]);
    // A load of what is there now is none of the old.
    stream(&engine, 0, &path);
    play(&engine, PlayOptions::default());
    assert!(left(&engine, 1_000).iter().any(|value| *value != 0.0));
}

/// Content behind whose first megabyte a read panics.
#[derive(Debug)]
struct PanickingBehind(Arc<[u8]>);

struct PanickingReader(Cursor<Arc<[u8]>>);

impl ByteSource for PanickingBehind {
    fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        Ok(Box::new(PanickingReader(Cursor::new(Arc::clone(&self.0)))))
    }

    fn name(&self) -> &str {
        "panics"
    }
}

impl Read for PanickingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let at = usize::try_from(self.0.position()).expect("small");
        if at >= 1 << 20 && at < self.0.get_ref().len() {
            std::panic::resume_unwind(Box::new("planted panic"));
        }
        let most = buffer.len().min((1_usize << 20).saturating_sub(at));
        self.0.read(&mut buffer[..most])
    }
}

impl Seek for PanickingReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn a_source_that_panics_while_it_streams_ends_its_voice_and_nothing_else() {
    let engine = offline(1);
    let content = wav_bytes(RATE, 2, FRAMES, sine(100.0, RATE)).into();
    let source = Source::Custom(Arc::new(PanickingBehind(content)));
    let ticket = engine.stream_sample_async(Some(0), source, 0).expect("accepted");
    ticket.wait(Some(PATIENCE)).expect("it ends").expect("a sound file");
    // In a second of it there are less than 200 kB.
    let voice = play(&engine, PlayOptions { start_sec: 5.0, ..PlayOptions::default() });
    left(&engine, 2 * RATE as usize);
    assert_eq!(ended(&engine), [(voice, EndReason::SourceLost)]);
    let folder = TempDir::new();
    stream(&engine, 0, &long_file(&folder));
    play(&engine, PlayOptions::default());
    assert!(left(&engine, 1_000).iter().any(|value| *value != 0.0));
}

#[test]
fn there_are_no_more_voices_on_streams_than_can_be_fed_and_their_places_come_back() {
    let folder = TempDir::new();
    let path = long_file(&folder);
    let engine = offline(2);
    stream(&engine, 0, &path);
    for _ in 0..MAX_STREAM_VOICES {
        play(&engine, PlayOptions::default());
    }
    let refused = play(&engine, PlayOptions::default());
    let dropped =
        std::iter::from_fn(|| engine.poll_playback_events()).find_map(|notice| match notice {
            PlaybackNotice::Dropped { voice, reason, .. } => Some((voice, reason)),
            _ => None,
        });
    let dropped = dropped.or_else(|| {
        left(&engine, 10);
        std::iter::from_fn(|| engine.poll_playback_events()).find_map(|notice| match notice {
            PlaybackNotice::Dropped { voice, reason, .. } => Some((voice, reason)),
            _ => None,
        })
    });
    assert_eq!(dropped, Some((refused, DropReason::TooManyStreams)));
    let held = engine.stats().reserved_bytes;
    assert!(held > (MAX_STREAM_VOICES as u64) << 19, "their windows count: {held}");
    engine.unload_sample(0).expect("it runs");
    left(&engine, 1_000);
    wait_until("their places are free", || engine.stats().stream_voices == 0);
    wait_until("their memory is free", || engine.stats().reserved_bytes < 4 << 20);
    stream(&engine, 0, &path);
    play(&engine, PlayOptions::default());
    assert!(left(&engine, 1_000).iter().any(|value| *value != 0.0));
}

#[test]
fn plays_that_are_over_take_no_place_of_others() {
    let folder = TempDir::new();
    let path = long_file(&folder);
    let engine = offline(2);
    stream(&engine, 0, &path);
    for round in 0..5 {
        for _ in 0..MAX_STREAM_VOICES {
            play(&engine, PlayOptions::default());
        }
        assert!(left(&engine, 1_000).iter().any(|value| *value != 0.0), "round {round}");
        engine.stop_all(0.01).expect("it runs");
        left(&engine, 1_000);
        let notices = std::iter::from_fn(|| engine.poll_playback_events());
        let dropped = notices.filter(|notice| matches!(notice, PlaybackNotice::Dropped { .. }));
        assert_eq!(dropped.count(), 0, "round {round}");
    }
}

/// Content that is opened well once; then it cannot be opened once, and once be read but for a hole.
#[derive(Debug)]
struct HiccupSource {
    content: Arc<[u8]>,
    opened: AtomicUsize,
}

struct HiccupReader {
    content: Cursor<Arc<[u8]>>,
    /// What cannot be read.
    hole: Range<usize>,
}

impl ByteSource for HiccupSource {
    fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        let content = Cursor::new(Arc::clone(&self.content));
        let len = self.content.len();
        match self.opened.fetch_add(1, Ordering::SeqCst) {
            1 => Err(io::ErrorKind::TimedOut.into()),
            2 => Ok(Box::new(HiccupReader { content, hole: len / 2..len * 3 / 4 })),
            _ => Ok(Box::new(HiccupReader { content, hole: len..len })),
        }
    }

    fn name(&self) -> &str {
        "hiccup"
    }
}

impl Read for HiccupReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let at = usize::try_from(self.content.position()).expect("small");
        // What lies at the end may be looked for while it is opened.
        if self.hole.contains(&at) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let most = self.hole.start.checked_sub(at).filter(|most| *most > 0).unwrap_or(usize::MAX);
        let most = buffer.len().min(most);
        self.content.read(&mut buffer[..most])
    }
}

impl Seek for HiccupReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.content.seek(to)
    }
}

#[test]
fn a_stream_that_could_not_be_looked_through_is_looked_through_later() {
    let content: Arc<[u8]> = std::fs::read(fixtures().join("stream/aac.aac")).expect("it").into();
    let expected = whole(&fixtures().join("stream/aac.aac")).buffer.ready_frames();
    let engine = offline(1);
    let source = Arc::new(HiccupSource { content, opened: AtomicUsize::new(0) });
    let opened = || source.opened.load(Ordering::SeqCst);
    let custom = Source::Custom(source.clone());
    let ticket = engine.stream_sample_async(Some(0), custom, 0).expect("accepted");
    ticket.wait(Some(PATIENCE)).expect("it ends").expect("a sound file");
    let sample = engine.sample(0).expect("it runs").expect("loaded");
    let length = || sample.stream().and_then(|stream| stream.frames());
    wait_until("it could not be read", || opened() >= 2);
    let known = length();
    assert!(known.is_none() || opened() == 4, "{known:?}");
    wait_until("its length was found out", || length().is_some());
    assert_eq!((length(), opened()), (Some(expected as u64), 4));
}

#[test]
fn offline_a_seek_out_of_a_loop_there_and_back_is_heard() {
    let folder = TempDir::new();
    let path = long_file(&folder);
    let expected = whole(&path);
    let plane = expected.buffer.plane(0);
    let second = RATE as usize;
    for back in [2_520, 5_520] {
        let engine = offline(1);
        stream(&engine, 0, &path);
        let looping = PlayLoop { mode: LoopMode::PingPong, start_sec: 10.0, end_sec: Some(10.65) };
        let voice = play(&engine, PlayOptions { looping, start_sec: 10.01, ..Default::default() });
        // To its end, and so far back.
        left(&engine, 64 * second / 100 + back);
        assert!(engine.seek_voice(voice, 4.0).expect("it runs"));
        let heard = left(&engine, 6_000);
        // It goes the same way as before, there.
        let (from, fade) = (4 * second, 480);
        let up = (0..5_000).all(|at| heard[fade + at] == plane[from + fade + at - 240]);
        let down = (0..5_000).all(|at| heard[fade + at] == plane[from - (fade + at - 240)]);
        assert!(up || down, "{back} frames back");
    }
}

#[test]
fn offline_a_play_that_begins_at_an_end_that_nobody_knows_yet_is_exact() {
    let path = fixtures().join("stream/aac.aac");
    let expected = whole(&path);
    let expected: Vec<f32> = expected.buffer.plane(0).iter().rev().copied().collect();
    for round in 0..5 {
        let engine = offline(2);
        stream(&engine, 0, &path);
        play(&engine, PlayOptions { speed: -1.0, ..PlayOptions::default() });
        let heard = left(&engine, expected.len());
        let differs = heard.iter().zip(&expected).position(|(a, b)| a.to_bits() != b.to_bits());
        assert_eq!(differs, None, "round {round}");
    }
}

#[test]
fn offline_a_play_begins_at_an_end_that_is_found_out_at_that_moment() {
    let path = fixtures().join("long/vorbis_mono.ogg");
    let whole = whole(&path);
    let last = whole.buffer.plane(0)[whole.buffer.ready_frames() - 1];
    // The file is looked through within a few milliseconds.
    for round in 0..100 {
        let engine = offline(2);
        stream(&engine, 0, &path);
        std::thread::sleep(Duration::from_micros(50 * round));
        play(&engine, PlayOptions { speed: -1.0, ..PlayOptions::default() });
        assert_eq!(left(&engine, 4)[0], last, "round {round}");
    }
}

#[test]
fn offline_a_stream_turns_round_without_a_hole_at_the_highest_rate_and_speed() {
    const RATE: u32 = 384_000;
    let engine = crate::running(EngineConfig {
        output: "offline".to_owned(),
        sample_rate: Some(RATE),
        ..EngineConfig::default()
    });
    let folder = TempDir::new();
    let path = folder.write("level.wav", &wav_bytes(RATE, 2, 3 * RATE, |_, _| 0.5));
    stream(&engine, 0, &path);
    engine.set_speed(4.0).expect("it runs");
    let voice =
        play(&engine, PlayOptions { speed: -4.0, start_sec: 2.8, ..PlayOptions::default() });
    left(&engine, 9_600);
    let change = VoiceChange { speed: Some(0.25), ..VoiceChange::default() };
    engine.set_voice(voice, change).expect("it runs");
    let lowest = left(&engine, 9_600).into_iter().reduce(f32::min).expect("some");
    assert!((lowest - 0.5).abs() < 1e-3, "{lowest}");
}

#[test]
fn loads_go_on_while_streams_play_on_a_clock_without_an_underrun() {
    let folder = TempDir::new();
    let path = long_file(&folder);
    let engine = crate::running(hotcue_actors::EngineConfig {
        output: "null".to_owned(),
        workers: Some(2),
        sample_rate: Some(RATE),
        ..hotcue_actors::EngineConfig::default()
    });
    stream(&engine, 0, &path);
    for number in 0..8 {
        let start_sec = 1.5 * f64::from(number);
        play(&engine, PlayOptions { start_sec, ..PlayOptions::default() });
    }
    let small =
        (0..100).map(|n| (Some(1 + n % 50), Source::Path(fixtures().join("long/mp3_cbr.mp3"))));
    let batch = engine.load_many_async(small.collect(), 0).expect("accepted");
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(3) || batch.progress().percent < 100.0 {
        std::thread::sleep(Duration::from_millis(20));
        assert!(begin.elapsed() < PATIENCE, "{:?}", batch.progress());
    }
    assert_eq!(engine.stats().underruns, 0);
    assert!(engine.stats().stream_voices >= 8);
    let begin = Instant::now();
    engine.shut_down();
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
}

#[test]
fn a_stream_is_looked_through_beside_a_load_that_takes_long() {
    let folder = TempDir::new();
    let engine = offline(1);
    let long = Source::Path(folder.silent_wav("long.wav", 44_100, 3_600));
    let long = engine.load_sample_async(Some(1), long, 0).expect("accepted");
    wait_until("it has begun", || long.percent() > 0.0);
    let source = Source::Path(fixtures().join("stream/aac.aac"));
    let ticket = engine.stream_sample_async(Some(0), source, 10).expect("accepted");
    ticket.wait(Some(PATIENCE)).expect("it ends").expect("a sound file");
    let sample = engine.sample(0).expect("it runs").expect("loaded");
    let length = || sample.stream().and_then(|stream| stream.frames());
    wait_until("its length was found out", || length().is_some());
    assert!(long.wait(Some(Duration::ZERO)).is_none(), "the long one was to take longer");
}

#[test]
fn a_stream_and_a_load_of_one_file_do_not_mix() {
    let folder = TempDir::new();
    let path = long_file(&folder);
    let engine = offline(2);
    stream(&engine, 0, &path);
    let source = || Source::Path(path.clone());
    let ticket = engine.load_sample_async(Some(1), source(), 0).expect("accepted");
    ticket.wait(Some(PATIENCE)).expect("it ends").expect("a sound file");
    let again = engine.stream_sample_async(Some(1), source(), 0).expect("accepted");
    again.wait(Some(PATIENCE)).expect("it ends").expect("a sound file");
    let sample = |id| engine.sample(id).expect("it runs").expect("loaded");
    assert!(sample(0).stream().is_some() && sample(1).stream().is_some());
    assert!(ticket.sample().is_none_or(|sample| sample.stream().is_none()));
    let many = vec![(Some(2), source()), (None, source())];
    let batch = engine.stream_many_async(many, 0).expect("accepted");
    for ticket in batch.tickets() {
        ticket.wait(Some(PATIENCE)).expect("it ends").expect("a sound file");
        assert!(ticket.sample().is_some_and(|sample| sample.stream().is_some()));
    }
}

#[test]
fn a_load_that_takes_the_place_of_a_stream_of_the_same_file_does_not_join_it() {
    for streams in [true, false] {
        let folder = TempDir::new();
        let path = long_file(&folder);
        let engine = offline(1);
        let gate = Arc::new(Gate::default());
        let content = wav_bytes(RATE, 1, 100, sine(100.0, RATE));
        let first = BlockingSource { gate: Arc::clone(&gate), content };
        engine.load_sample_async(Some(1), Source::Custom(Arc::new(first)), 0).expect("accepted");
        wait_until("the decoder is busy", || gate.waiting() > 0);
        let source = || Source::Path(path.clone());
        let submit = |stream| match stream {
            true => engine.stream_sample_async(Some(0), source(), 0).expect("accepted"),
            false => engine.load_sample_async(Some(0), source(), 0).expect("accepted"),
        };
        submit(!streams);
        let newer = submit(streams);
        gate.open();
        let sample = newer.wait(Some(PATIENCE)).expect("it ends").expect("a sound file");
        assert_eq!(sample.stream().is_some(), streams);
    }
}

#[test]
fn a_stream_is_never_evicted() {
    let folder = TempDir::new();
    let path = long_file(&folder);
    let engine = crate::running(hotcue_actors::EngineConfig {
        output: "offline".to_owned(),
        sample_rate: Some(RATE),
        memory_budget: Some(8 << 20),
        ..hotcue_actors::EngineConfig::default()
    });
    stream(&engine, 0, &path);
    // Beside the stream there is room for two of these.
    for id in 1..5 {
        let content =
            folder.write(&format!("{id}.wav"), &wav_bytes(RATE, 1, 15 * RATE, |_, _| 0.5));
        let ticket =
            engine.load_sample_async(Some(id), Source::Path(content), 0).expect("accepted");
        ticket.wait(Some(PATIENCE)).expect("it ends").expect("a sound file");
        let state = |id| engine.state(id).expect("it runs");
        assert_eq!((state(0), state(id)), (SlotState::Ready, SlotState::Ready));
    }
}

#[test]
fn a_stream_of_what_is_no_audio_fails_as_a_load_of_it_does() {
    let engine = offline(1);
    for name in ["garbage.mp3", "empty.wav"] {
        let source = || Source::Path(fixtures().join(name));
        let kind = |ticket: LoadTicket| match ticket.wait(Some(PATIENCE)).expect("it ends") {
            Err(LoadFailure::Failed { error, .. }) => error.kind(),
            other => panic!("{name}: {other:?}"),
        };
        let streamed = kind(engine.stream_sample_async(Some(0), source(), 0).expect("accepted"));
        let loaded = kind(engine.load_sample_async(Some(0), source(), 0).expect("accepted"));
        assert_eq!(streamed, loaded, "{name}");
    }
}

#[test]
fn a_stream_whose_source_does_not_answer_keeps_no_load_waiting_nor_the_end() {
    let engine = on_a_clock();
    let gate = Arc::new(Gate::default());
    let source = waiting(&gate);
    let ticket = engine.stream_sample_async(Some(0), source, 0).expect("accepted");
    ticket.wait(Some(PATIENCE)).expect("it ends").expect("a sound file");
    play(&engine, PlayOptions::default());
    wait_until("somebody is inside the read", || gate.waiting() > 0);
    // Most likely it is given to the decoder that is inside, shortly before that is given up.
    std::thread::sleep(Duration::from_millis(400));
    let source = Source::Path(fixtures().join("long/mp3_cbr.mp3"));
    let given = engine.load_sample_async(Some(9), source, 0).expect("accepted");
    given.wait(Some(PATIENCE)).expect("it ends").expect("a sound file");
    wait_until("another takes over", || engine.stats().abandoned_workers > 0);
    for round in 0..3 {
        let source = Source::Path(fixtures().join("long/mp3_cbr.mp3"));
        let ticket = engine.load_sample_async(Some(1 + round), source, 0).expect("accepted");
        ticket.wait(Some(PATIENCE)).expect("it ends").expect("a sound file");
    }
    let begin = Instant::now();
    engine.shut_down();
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    gate.open();
}

#[test]
fn a_stream_whose_source_does_not_answer_keeps_no_load_that_is_under_way() {
    for workers in [1, 2] {
        let folder = TempDir::new();
        let engine = offline(workers);
        let long: Vec<LoadTicket> = (1..=u32::try_from(workers).expect("two"))
            .map(|id| {
                let file = folder.silent_wav(&format!("{id}.wav"), 44_100, 1_200);
                engine.load_sample_async(Some(id), Source::Path(file), 0).expect("accepted")
            })
            .collect();
        wait_until("all have begun", || long.iter().all(|load| load.percent() > 0.0));
        let gate = Arc::new(Gate::default());
        let source = waiting(&gate);
        let ticket = engine.stream_sample_async(Some(0), source, 10).expect("accepted");
        ticket.wait(Some(PATIENCE)).expect("it ends").expect("a sound file");
        play(&engine, PlayOptions::default());
        wait_until("a decoder is inside the read", || gate.waiting() > 0);
        let under_way = long.iter().filter(|load| load.wait(Some(Duration::ZERO)).is_none());
        assert_eq!(under_way.count(), workers, "they were to take longer");
        for load in &long {
            load.wait(Some(PATIENCE)).expect("it ends").expect("silence");
        }
        engine.shut_down();
        gate.open();
    }
}

#[test]
fn a_render_waits_once_for_a_source_that_does_not_answer_and_loads_end_meanwhile() {
    // A wait for each block would be 100 seconds.
    const BLOCKS: usize = 20 * 256;
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    let source = waiting_at(1 << 18, &gate);
    let ticket = engine.stream_sample_async(Some(0), source, 0).expect("accepted");
    ticket.wait(Some(PATIENCE)).expect("it ends").expect("a sound file");
    play(&engine, PlayOptions { start_sec: 5.0, ..PlayOptions::default() });
    let begin = Instant::now();
    let some = engine.render_some(BLOCKS).expect("offline");
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    assert!(some.samples.len() < BLOCKS * some.channels);
    std::thread::scope(|scope| {
        let rendering = scope.spawn(|| {
            assert_eq!(left(&engine, BLOCKS).len(), BLOCKS);
            begin.elapsed()
        });
        let source = Source::Path(fixtures().join("long/mp3_cbr.mp3"));
        let load = engine.load_sample_async(Some(9), source, 0).expect("accepted");
        load.wait(Some(PATIENCE)).expect("it ends").expect("a sound file");
        assert!(!rendering.is_finished(), "it was to wait for longer");
        let took = rendering.join().expect("it renders");
        assert!(took < PATIENCE, "{took:?}");
    });
    gate.open();
    wait_until("it is waited for again", || left(&engine, 256).iter().any(|value| *value != 0.0));
}

#[test]
fn a_load_whose_decoder_has_lost_its_place_waits_for_no_stream() {
    let engine = on_a_clock();
    let silent = Arc::new(Gate::default());
    // Right behind the head: whoever begins to read ahead is inside.
    let source = waiting_at(1 << 18, &silent);
    let ticket = engine.stream_sample_async(Some(0), source, 0).expect("accepted");
    ticket.wait(Some(PATIENCE)).expect("it ends").expect("a sound file");
    wait_until("whoever reads it through is given up", || engine.stats().abandoned_workers == 1);
    let blocked = |id, frames| {
        let gate = Arc::new(Gate::default());
        let content = wav_bytes(RATE, 1, frames, sine(440.0, RATE));
        let source = BlockingSource { gate: Arc::clone(&gate), content };
        let source = Source::Custom(Arc::new(source));
        (engine.load_sample_async(Some(id), source, 0).expect("accepted"), gate)
    };
    let (stalled, stalled_gate) = blocked(1, 20 * RATE);
    let deadline = Instant::now() + PATIENCE;
    while !matches!(engine.events().wait(deadline), Some(LoaderEvent::Stalled { id: 1, .. })) {}
    // The one in its place is inside another read: nobody else would feed the stream.
    let (other, other_gate) = blocked(2, 1_000);
    wait_until("it is inside", || other_gate.waiting() > 0);
    play(&engine, PlayOptions::default());
    std::thread::sleep(Duration::from_millis(100));
    stalled_gate.open();
    stalled.wait(Some(Duration::from_secs(30))).expect("its own source answers").expect("a sine");
    other_gate.open();
    other.wait(Some(PATIENCE)).expect("it ends").expect("a sine");
    engine.shut_down();
    silent.open();
}
