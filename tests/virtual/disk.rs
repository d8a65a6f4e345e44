//! Files whose loading is a script: each step takes virtual time and ends as it says.

use std::panic;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_rt::time::sleep;
use hotcue::analysis::{AnalysisKind, AnalysisResult, AnalysisStep, Onsets, TempoEstimate};
use hotcue::{
    AudioSpec, LoadError, LoadErrorKind, LoadOptions, LoadedSample, Pulse, SampleBuffer,
    SampleWriter, Source, SourceIdentity, Stage, StageTimings, Step, StreamOpening, StreamStep,
    StreamedSample, Workbench,
};
use hotcue_actors::testing::{Store, Study, Work, Workshop};
use hotcue_tests::{Random, wav_bytes};

use crate::log::{Log, What};

/// Longer than any schedule: a read that does not return.
pub(crate) const FOR_EVER: Duration = Duration::from_secs(100_000);

/// Values tell file and version, as whole parts of this: so does a WAV file of 16 bits.
const MARKS: f32 = 32_768.0;

/// Streamed files are so much longer: most of one stays where it lies.
const LONGER: usize = 16;

/// Bytes of what is loaded from memory.
const MOST_CONTENT: u64 = 2_000;

/// A decoder that nobody wants any more is given up after so long.
const GIVEN_UP_AFTER: Duration = Duration::from_millis(400);

/// How a load of a file ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum End {
    Good,
    Fails(LoadErrorKind),
    /// Inside a step, where it is caught.
    Panics,
    /// Outside, where it ends the actor.
    Kills,
    /// It never does.
    Hangs,
}

/// What a decoder goes through.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    steps: Vec<Pace>,
    pub(crate) end: End,
    pub(crate) bytes: u64,
    frames: usize,
    /// What it states that it has; None of one that states nothing. The sample can be played while
    /// it arrives, up to there.
    stated_frames: Option<usize>,
    /// Even closing it panics.
    drops_badly: bool,
}

#[derive(Clone, Copy, Debug)]
struct Pace {
    takes: Duration,
    /// Bytes come in all the while.
    beats: bool,
}

impl Script {
    fn new(random: &mut Random) -> Self {
        let end = match random.below(24) {
            0 | 1 => End::Fails(LoadErrorKind::Io),
            2 => End::Fails(LoadErrorKind::Corrupt),
            3 => End::Fails(LoadErrorKind::NotFound),
            4 => End::Panics,
            5 => End::Kills,
            6 => End::Hangs,
            _ => End::Good,
        };
        let count = if end == End::Fails(LoadErrorKind::NotFound) {
            1
        } else {
            2 + match random.below(4) {
                0 => 0,
                1 | 2 => random.below(6),
                _ => random.below(40),
            }
        };
        let ms = |ms: usize| Duration::from_millis(ms as u64);
        let longest = [0, 1, 3, 10, 30][random.below(5)];
        let mut steps: Vec<Pace> = (0..count)
            .map(|_| Pace { takes: ms(random.below(longest + 1)), beats: false })
            .collect();
        if random.one_in(8) {
            let takes = ms([100, 400, 1_500, 2_500, 5_000][random.below(5)]);
            let at = random.below(steps.len());
            steps[at] = Pace { takes, beats: random.one_in(3) };
        }
        if end == End::Hangs {
            steps.push(Pace { takes: FOR_EVER, beats: false });
        }
        let most_frames = if random.one_in(3) { 6_000 } else { 200 };
        let frames = 1 + random.below(most_frames);
        let stated_frames = match random.below(12) {
            0 | 1 => None,
            // A lie.
            2 => Some(frames.div_ceil(2)),
            _ => Some(frames),
        };
        Self {
            end,
            bytes: (steps.len() * (1 + random.below(3_000))) as u64,
            frames,
            stated_frames,
            steps,
            drops_badly: random.one_in(40),
        }
    }

    /// Whether a decoder may be given up while it reads it, and keep the memory that it has.
    fn sticks(&self) -> bool {
        self.steps.iter().any(|pace| pace.takes >= GIVEN_UP_AFTER)
    }

    /// Whether there is more than it states.
    fn lies(&self) -> bool {
        self.stated_frames.is_some_and(|stated| stated < self.frames)
    }

    /// Bytes of the sample that comes of it.
    fn sample_bytes(&self) -> u64 {
        (self.frames * size_of::<f32>()) as u64
    }

    /// How long a load of it takes that nobody disturbs.
    pub(crate) fn takes(&self) -> Duration {
        self.steps.iter().map(|pace| pace.takes).sum()
    }
}

#[derive(Debug)]
struct File {
    version: u64,
    script: Script,
}

/// All files of a schedule. Those from [`in_memory`](Self::in_memory) on are content, not paths; of
/// the paths, those from [`streamed`](Self::streamed) on are played from where they lie.
#[derive(Debug)]
pub(crate) struct Disk {
    files: Mutex<Vec<File>>,
    streamed: usize,
    in_memory: usize,
    works: AtomicUsize,
    /// Bytes of the largest sample that any file has had in it.
    largest: AtomicU64,
    sticks: AtomicBool,
    /// Some file has stated less than it holds.
    lies: AtomicBool,
    log: Log,
}

impl Disk {
    pub(crate) fn new(
        random: &mut Random,
        (paths, streamed, contents): (usize, usize, usize),
        log: &Log,
    ) -> Arc<Self> {
        let files: Vec<File> = (0..paths + contents)
            .map(|number| {
                let mut script = Script::new(random);
                if number >= paths {
                    script.bytes = script.bytes.min(MOST_CONTENT);
                }
                File { version: 0, script }
            })
            .collect();
        let works = AtomicUsize::new(0);
        let sticks = files.iter().any(|file| file.script.sticks());
        let lies = files.iter().any(|file| file.script.lies());
        let largest = files.iter().map(|file| file.script.sample_bytes()).max().unwrap_or(0);
        Arc::new(Self {
            files: Mutex::new(files),
            streamed: paths - streamed,
            in_memory: paths,
            works,
            largest: AtomicU64::new(largest),
            sticks: AtomicBool::new(sticks),
            lies: AtomicBool::new(lies),
            log: log.clone(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<File>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    pub(crate) fn largest_ever(&self) -> u64 {
        self.largest.load(Ordering::Relaxed)
    }

    /// Whether some file may have kept a decoder, and the memory that it has, for long.
    pub(crate) fn has_stuck(&self) -> bool {
        self.sticks.load(Ordering::Relaxed)
    }

    /// Whether the sample of some file may have had to move.
    pub(crate) fn has_lied(&self) -> bool {
        self.lies.load(Ordering::Relaxed)
    }

    pub(crate) fn is_path(&self, file: usize) -> bool {
        file < self.in_memory
    }

    pub(crate) fn is_streamed(&self, file: usize) -> bool {
        (self.streamed..self.in_memory).contains(&file)
    }

    /// Whether all who load it share one sample, which can be read again.
    pub(crate) fn is_shared(&self, file: usize) -> bool {
        file < self.streamed
    }

    /// Frames of the longest stream that there has ever been, or more.
    pub(crate) fn longest_stream(&self) -> usize {
        usize::try_from(self.largest_ever()).expect("not that long") / size_of::<f32>() * LONGER
    }

    pub(crate) fn has_streams(&self) -> bool {
        self.streamed < self.in_memory
    }

    pub(crate) fn source(&self, file: usize) -> Source {
        if self.is_path(file) {
            Source::Path(PathBuf::from(format!("/virtual/{file}")))
        } else {
            let number = u8::try_from(file).expect("few files");
            let len = usize::try_from(self.now(file).1.bytes).expect("few bytes");
            Source::Memory(vec![number; len].into())
        }
    }

    fn file_of(source: &Source) -> usize {
        match source {
            Source::Path(path) => {
                let name = path.file_name().and_then(|name| name.to_str());
                name.and_then(|name| name.parse().ok()).expect("a path of this disk")
            }
            Source::Memory(content) => usize::from(content[0]),
            Source::Custom(_) => unreachable!("there are none"),
        }
    }

    /// Version and script of what is there now.
    pub(crate) fn now(&self, file: usize) -> (u64, Script) {
        let files = self.lock();
        (files[file].version, files[file].script.clone())
    }

    /// Writes another file over it.
    pub(crate) fn replace(&self, file: usize, random: &mut Random) {
        let script = Script::new(random);
        self.largest.fetch_max(script.sample_bytes(), Ordering::Relaxed);
        self.sticks.fetch_or(script.sticks(), Ordering::Relaxed);
        self.lies.fetch_or(script.lies(), Ordering::Relaxed);
        let mut files = self.lock();
        files[file] = File { version: files[file].version + 1, script };
    }

    fn identity(&self, file: usize, version: u64, script: &Script) -> Option<SourceIdentity> {
        let exists = script.end != End::Fails(LoadErrorKind::NotFound);
        (self.is_path(file) && exists).then_some(SourceIdentity {
            device: 1,
            inode: file as u64,
            len: script.bytes,
            modified_ns: i128::from(version),
            changed_ns: i128::from(version),
        })
    }
}

/// What a sample has all through: no silence.
fn mark(file: usize, version: u64) -> u64 {
    file as u64 * 256 + version + 1
}

/// Which file, in which version, a sample was loaded from.
pub(crate) fn origin(buffer: &SampleBuffer) -> (usize, u64) {
    let plane = buffer.plane(0);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small whole number"
    )]
    let mark = (plane[0] * MARKS) as u64 - 1;
    (usize::try_from(mark / 256).expect("few files"), mark % 256)
}

impl Workshop for Disk {
    fn work(&self, source: &Source, options: LoadOptions) -> Box<dyn Work> {
        let file = Self::file_of(source);
        assert!(!self.is_streamed(file), "file {file} is loaded");
        Box::new(self.script(file, options))
    }

    fn stream(&self, source: &Source, options: LoadOptions) -> Box<dyn Work> {
        let file = Self::file_of(source);
        assert!(self.is_streamed(file), "file {file} is streamed");
        Box::new(Streaming { script: self.script(file, options), ready: None })
    }

    fn study(&self, sample: &Arc<SampleBuffer>, kinds: &[AnalysisKind]) -> Box<dyn Study> {
        let (file, version) = origin(sample);
        let mark = file + usize::try_from(version).expect("few versions");
        Box::new(Hearing {
            left: kinds.iter().rev().copied().collect(),
            steps_per_kind: 1 + mark % 7,
            steps: 0,
            panics: mark % 6 == 5,
            log: self.log.clone(),
        })
    }

    fn identify(&self, source: &Source) -> Option<SourceIdentity> {
        let file = Self::file_of(source);
        let (version, script) = self.now(file);
        self.identity(file, version, &script)
    }
}

impl Disk {
    /// A decoding of a file, which is opened for it.
    fn script(&self, file: usize, options: LoadOptions) -> Scripted {
        let work = self.works.fetch_add(1, Ordering::Relaxed);
        self.log.note(What::Made { work, file });
        // The disk outlives nobody: what a work needs of it, it takes along.
        let (version, script) = self.now(file);
        Scripted {
            work,
            file,
            version,
            identity: self.identity(file, version, &script),
            script,
            next: 0,
            blocks_for: Duration::ZERO,
            pulse: Arc::default(),
            spec: AudioSpec {
                sample_rate: options.sample_rate.expect("the engine has a rate"),
                channels: 1,
            },
            writer: None,
            done: None,
            log: self.log.clone(),
        }
    }
}

/// How long a step of an analysis takes.
const HEARING: Duration = Duration::from_millis(1);

/// An analysis of a sample.
struct Hearing {
    /// The last one first.
    left: Vec<AnalysisKind>,
    steps_per_kind: usize,
    steps: usize,
    panics: bool,
    log: Log,
}

impl Study for Hearing {
    fn step(&mut self) -> AnalysisStep {
        self.log.note(What::Heard);
        self.steps += 1;
        if !self.steps.is_multiple_of(self.steps_per_kind) {
            return AnalysisStep::More;
        }
        if self.panics {
            panic::resume_unwind(Box::new("as the script says"));
        }
        let result = match self.left.pop() {
            None => return AnalysisStep::Finished,
            Some(AnalysisKind::Onsets) => AnalysisResult::Onsets(Onsets::default()),
            Some(AnalysisKind::Bpm) => AnalysisResult::Bpm(TempoEstimate::default()),
            Some(_) => AnalysisResult::Key(None),
        };
        AnalysisStep::Done(result.kind(), Ok(result))
    }

    fn blocks_for(&mut self) -> Duration {
        HEARING
    }
}

/// How long a step of a store takes.
const STORING: Duration = Duration::from_millis(1);

/// What is to be stored of a sample.
struct Storing {
    steps_left: usize,
    panics: bool,
}

impl Store for Storing {
    fn step(&mut self) -> bool {
        self.steps_left -= 1;
        if self.steps_left == 0 && self.panics {
            panic::resume_unwind(Box::new("as the script says"));
        }
        self.steps_left > 0
    }

    fn blocks_for(&mut self) -> Duration {
        STORING
    }
}

/// A load of one file; opened when it is made, which its first step does right after.
struct Scripted {
    work: usize,
    file: usize,
    version: u64,
    identity: Option<SourceIdentity>,
    script: Script,
    next: usize,
    blocks_for: Duration,
    pulse: Arc<Pulse>,
    spec: AudioSpec,
    /// What is there of the sample, from its second step on.
    writer: Option<SampleWriter>,
    done: Option<LoadedSample>,
    log: Log,
}

impl Scripted {
    /// Has the sample grow with the steps.
    fn grow(&mut self) {
        let Script { steps, frames, stated_frames, .. } = &self.script;
        let until = frames * (self.next.min(steps.len()) - 1) / (steps.len() - 1).max(1);
        let spec = self.spec;
        let writer = self.writer.get_or_insert_with(|| match stated_frames {
            Some(frames) => SampleWriter::with_capacity(spec, *frames).expect("a valid sample"),
            None => SampleWriter::growing(spec).expect("a valid sample"),
        });
        let more = until.saturating_sub(writer.frames_written());
        let mark = mark(self.file, self.version) as f32;
        writer.append(&[&vec![mark / MARKS; more]]).expect("there is memory");
    }

    fn finish(&mut self) -> LoadedSample {
        self.next = self.script.steps.len();
        self.grow();
        let writer = self.writer.take().expect("it has grown");
        self.sample(writer.finish())
    }

    fn sample(&self, buffer: Arc<SampleBuffer>) -> LoadedSample {
        LoadedSample {
            buffer,
            source_rate: self.spec.sample_rate,
            container: "script".to_owned(),
            codec: "script".to_owned(),
            bits_per_sample: None,
            warnings: Vec::new(),
            metadata: None,
            timings: StageTimings::default(),
        }
    }

    fn is_at_end(&self) -> bool {
        self.next >= self.script.steps.len()
    }

    /// Lets bytes come in while the step lasts.
    fn beat_for(&self, time: Duration) {
        const PERIOD: Duration = Duration::from_millis(300);
        let pulse = Arc::clone(&self.pulse);
        actix_rt::spawn(async move {
            let mut left = time;
            while left > PERIOD {
                sleep(PERIOD).await;
                left -= PERIOD;
                pulse.beat(1);
            }
        });
    }
}

impl Work for Scripted {
    fn step(&mut self, _: &mut Workbench) -> Result<Step, LoadError> {
        let index = self.next;
        let Pace { takes, beats } = match self.script.steps.get(index) {
            Some(pace) => *pace,
            // It goes on until somebody asks how far it is.
            None => Pace { takes: Duration::from_millis(40), beats: false },
        };
        let (work, file, version) = (self.work, self.file, self.version);
        self.log.note(What::Step { work, file, version, index, takes, beats });
        self.blocks_for = takes;
        // All of it is in reads.
        self.pulse.set_waiting(true);
        self.next += 1;
        self.pulse.beat(self.script.bytes / self.script.steps.len() as u64);
        if beats {
            self.beat_for(takes);
        }
        if !self.is_at_end() {
            if self.next > 1 {
                self.grow();
            }
            return Ok(Step::Working);
        }
        match self.script.end {
            // Asked again, it says the same again.
            End::Good => Ok(Step::Done(match &self.done {
                Some(done) => done.clone(),
                None => {
                    let done = self.finish();
                    self.done.insert(done).clone()
                }
            })),
            End::Fails(kind) => Err(LoadError::new(kind, "as the script says")),
            // Without the panic hook, which would print it.
            End::Panics => panic::resume_unwind(Box::new("as the script says")),
            End::Kills | End::Hangs => Ok(Step::Working),
        }
    }

    fn stage(&self) -> Stage {
        match self.next {
            0 => Stage::Queued,
            1 => Stage::Reading,
            _ => Stage::Decoding,
        }
    }

    fn percent(&self) -> f32 {
        if self.is_at_end() && self.script.end == End::Kills {
            panic::resume_unwind(Box::new("as the script says"));
        }
        (self.next as f32 / self.script.steps.len() as f32 * 100.0).min(99.9)
    }

    fn identity(&self) -> Option<SourceIdentity> {
        self.identity.filter(|_| self.next > 0)
    }

    fn byte_len(&self) -> Option<u64> {
        (self.next > 0).then_some(self.script.bytes)
    }

    fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    fn held_bytes(&self) -> usize {
        if self.next > 1 { self.script.frames * size_of::<f32>() } else { 0 }
    }

    fn buffer(&self) -> Option<Arc<SampleBuffer>> {
        self.writer.as_ref().and_then(SampleWriter::buffer)
    }

    fn arriving(&self) -> Option<LoadedSample> {
        Some(self.sample(self.buffer()?))
    }

    fn store(&mut self) -> Option<Box<dyn Store>> {
        let mark = self.file + usize::try_from(self.version).expect("few versions");
        let store = Storing { steps_left: 1 + mark % 29, panics: mark % 12 == 11 };
        mark.is_multiple_of(3).then(|| Box::new(store) as Box<dyn Store>)
    }

    fn blocks_for(&mut self) -> Duration {
        std::mem::take(&mut self.blocks_for)
    }
}

/// The opening of a streamed file: its head and what is known of it come with the last step.
struct Streaming {
    script: Scripted,
    ready: Option<Arc<StreamedSample>>,
}

impl Streaming {
    /// What is streamed: a sound file with the mark of file and version all through.
    fn open(&self, bench: &mut Workbench) -> Arc<StreamedSample> {
        let Scripted { file, version, spec, script, .. } = &self.script;
        let mark = mark(*file, *version) as f64;
        let frames = u32::try_from(script.frames * LONGER).expect("not that many");
        let content = wav_bytes(spec.sample_rate, 1, frames, |_, _| mark / 32_767.0);
        let source = Source::Memory(content.into());
        let mut opening = StreamOpening::new(source, Some(spec.sample_rate));
        loop {
            if let StreamStep::Ready(sample) = opening.step(bench).expect("a sound file") {
                return sample;
            }
        }
    }
}

impl Work for Streaming {
    fn step(&mut self, bench: &mut Workbench) -> Result<Step, LoadError> {
        let Step::Done(mut loaded) = self.script.step(bench)? else { return Ok(Step::Working) };
        let ready = match &self.ready {
            Some(ready) => ready,
            None => {
                let ready = self.open(bench);
                self.ready.insert(ready)
            }
        };
        loaded.buffer = ready.head();
        Ok(Step::Done(loaded))
    }

    fn stage(&self) -> Stage {
        self.script.stage()
    }

    fn percent(&self) -> f32 {
        self.script.percent()
    }

    fn identity(&self) -> Option<SourceIdentity> {
        self.script.identity()
    }

    fn byte_len(&self) -> Option<u64> {
        self.script.byte_len()
    }

    fn pulse(&self) -> Arc<Pulse> {
        self.script.pulse()
    }

    fn held_bytes(&self) -> usize {
        self.ready.as_ref().map_or(0, |sample| sample.most_bytes())
    }

    fn streamed(&self) -> Option<Arc<StreamedSample>> {
        self.ready.clone()
    }

    fn blocks_for(&mut self) -> Duration {
        self.script.blocks_for()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.log.note(What::Dropped { work: self.work });
        if self.script.drops_badly && !std::thread::panicking() {
            panic::resume_unwind(Box::new("as the script says"));
        }
    }
}
