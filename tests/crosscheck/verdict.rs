//! What is good enough.

use hotcue::LoadedSample;
use hotcue_tests::loading::{interleaved, sha1_of};

use super::compare::{Comparison, Values};
use super::files::{Role, Task};
use super::ours::{Ours, Outcome};
use super::references::Audio;

const LOSSY_DB: f64 = 60.0;
const ADPCM_DB: f64 = 40.0;
/// Most frames that encoders pad the end with: two packets, whose rate HE-AAC doubles.
const MAX_PADDING_FRAMES: usize = 4096;

/// What comes of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// A panic, or no end.
    Breaks,
    /// Not as it has to be.
    Fails,
    /// Not as it has to be, for a reason that is known.
    Known,
    /// Refused here, opened by one of the references.
    OneOpens,
    /// Refused here and by both references, or hostile.
    Refused,
    /// Loads, and nobody says what it should hold.
    Alone,
    /// A lossy codec, within its tolerance of a reference.
    Close,
    /// Each value equals a reference's.
    Exact,
}

impl Verdict {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Breaks => "BREAKS",
            Self::Fails => "FAILS",
            Self::Known => "known",
            Self::OneOpens => "one opens",
            Self::Refused => "refused",
            Self::Alone => "loads",
            Self::Close => "close",
            Self::Exact => "exact",
        }
    }

    pub(crate) fn is_failure(self) -> bool {
        matches!(self, Self::Breaks | Self::Fails)
    }
}

/// A verdict and what it rests on.
pub(crate) struct Judgement {
    pub(crate) verdict: Verdict,
    pub(crate) why: String,
    /// What the references have; None where they refuse.
    pub(crate) ffmpeg: Option<Beside>,
    pub(crate) sndfile: Option<Beside>,
}

/// A reference beside ours.
pub(crate) enum Beside {
    /// We refuse; frames of the reference.
    Only(usize),
    Both(Comparison),
}

/// Judges what came of `task`. `known` gives the reason of a failure, if it has one, by whether a
/// reference has as many frames and begins where ours do.
pub(crate) fn judge(
    ours: &Ours,
    ffmpeg: Option<&Audio>,
    sndfile: Option<&Audio>,
    task: &Task,
    known: impl Fn(bool) -> Option<&'static str>,
) -> Judgement {
    let only = |audio: Option<&Audio>| audio.map(|audio| Beside::Only(audio.frames()));
    let mut judgement = Judgement {
        verdict: Verdict::Breaks,
        why: String::new(),
        ffmpeg: only(ffmpeg),
        sndfile: only(sndfile),
    };
    let (mut padding, mut is_in_place) = (None, false);
    match &ours.outcome {
        Outcome::Panicked(why) => judgement.why = format!("panics: {why}"),
        Outcome::TimedOut => "does not end".clone_into(&mut judgement.why),
        Outcome::Refused(error) => {
            judgement.why = format!("{}: {}", error.kind().as_str(), error.full_message());
            judgement.verdict = match (ffmpeg.is_some(), sndfile.is_some()) {
                _ if task.role == Role::Hostile => Verdict::Refused,
                _ if task.role == Role::Good => Verdict::Fails,
                (true, true) => Verdict::Fails,
                (false, false) => Verdict::Refused,
                _ => Verdict::OneOpens,
            };
        }
        Outcome::Loaded(sample) => {
            let values = interleaved(&sample.buffer);
            let (rate, channels) = (sample.source_rate, sample.buffer.channels());
            let ours = Audio { rate, channels, values };
            let beside = |audio: Option<&Audio>| audio.map(|audio| Comparison::new(&ours, audio));
            let beside = [beside(ffmpeg), beside(sndfile)];
            (judgement.verdict, judgement.why) = judge_audio(sample, &ours, &beside, task);
            padding = padding_left((&sample.container, &sample.codec), ours.frames(), &beside);
            is_in_place = beside.iter().flatten().any(|one| {
                let starts = one.values.is_some_and(|values| values.offset_frames == 0);
                starts && one.frames == ours.frames()
            });
            let [ffmpeg, sndfile] = beside;
            judgement.ffmpeg = ffmpeg.map(Beside::Both);
            judgement.sndfile = sndfile.map(Beside::Both);
        }
    }
    if judgement.verdict.is_failure()
        && let Some(reason) = padding.or_else(|| known(is_in_place))
    {
        judgement.verdict = Verdict::Known;
        judgement.why = format!("{} ({reason})", judgement.why);
    }
    judgement
}

/// Whether nothing may be lost in `codec`.
pub(crate) fn is_lossless(codec: &str) -> bool {
    codec.starts_with("pcm_") || matches!(codec, "flac" | "alac")
}

/// Least SNR to a reference.
fn tolerance_db(codec: &str) -> f64 {
    match codec {
        _ if is_lossless(codec) => f64::INFINITY,
        _ if codec.starts_with("adpcm") => ADPCM_DB,
        _ => LOSSY_DB,
    }
}

fn judge_audio(
    sample: &LoadedSample,
    ours: &Audio,
    beside: &[Option<Comparison>; 2],
    task: &Task,
) -> (Verdict, String) {
    let mut faults = faults(&sample.codec, ours, beside);
    let lossless = is_lossless(&sample.codec);
    let sha1 = task.sha1.as_ref().filter(|_| lossless);
    if sha1.is_some_and(|sha1| *sha1 != sha1_of(&ours.values)) {
        faults.push("SHA-1 differs".to_owned());
    }
    let verdict = match (faults.is_empty(), lossless) {
        _ if beside.iter().all(Option::is_none) => Verdict::Alone,
        (false, _) if task.role == Role::Hostile => Verdict::Alone,
        (false, _) => Verdict::Fails,
        (true, true) => Verdict::Exact,
        (true, false) => Verdict::Close,
    };
    (verdict, faults.join("; "))
}

/// All that is not as one of the references has it.
fn faults(codec: &str, ours: &Audio, beside: &[Option<Comparison>; 2]) -> Vec<String> {
    let opened: Vec<&Comparison> = beside.iter().flatten().collect();
    let comparable: Vec<_> =
        opened.iter().filter_map(|one| Some((one.frames, one.values?))).collect();
    let Some(first) = opened.first() else { return Vec::new() };
    let Some((least, most)) = comparable
        .iter()
        .map(|(frames, _)| (*frames, *frames))
        .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    else {
        return vec![format!(
            "{} Hz, {} channels, expected {} Hz, {} channels",
            ours.rate, ours.channels, first.rate, first.channels
        )];
    };
    let mut faults = Vec::new();
    // Where the references differ, anything between them is right.
    if !(least..=most).contains(&ours.frames()) {
        let expected = if least == most { least.to_string() } else { format!("{least} or {most}") };
        faults.push(format!("{} frames, expected {expected}", ours.frames()));
    }
    let lossless = is_lossless(codec);
    let passes = |(_, values): &(usize, Values)| match lossless {
        true => values.exact,
        false => values.snr_db >= tolerance_db(codec),
    };
    if !comparable.iter().any(passes)
        && !lies_between(codec, &comparable)
        && let Some((_, best)) =
            comparable.iter().max_by(|a, b| a.1.aligned_snr_db.total_cmp(&b.1.aligned_snr_db))
    {
        faults.push(match best.offset_frames {
            0 => format!("{:.1} dB", best.snr_db),
            late => format!("starts at {late}, {:.1} dB from there", best.aligned_snr_db),
        });
    }
    faults
}

/// Why AAC and Opus in MP4 may end before ffmpeg's, if all else is right: ffmpeg 5.1 plays the last packet of
/// an edit to its end, and does not look at the end that iTunes's comment states.
fn padding_left(
    (container, codec): (&str, &str),
    frames: usize,
    beside: &[Option<Comparison>; 2],
) -> Option<&'static str> {
    let [Some(ffmpeg), None] = beside else { return None };
    let missing = ffmpeg.frames.checked_sub(frames)?;
    let is_so = container == "mp4"
        && matches!(codec, "aac" | "opus")
        && missing < MAX_PADDING_FRAMES
        && ffmpeg.values?.snr_db >= tolerance_db(codec);
    is_so.then_some("ffmpeg leaves the padding behind the end that the file states")
}

/// Whether `codec` is MPEG audio whose references do not agree where it starts, by the decoder's
/// delay of 529 frames or a frame that may be a header, and ours lies between them.
fn lies_between(codec: &str, comparable: &[(usize, Values)]) -> bool {
    let offsets = || comparable.iter().map(|(_, values)| values.offset_frames);
    matches!(codec, "mp1" | "mp2" | "mp3")
        && offsets().any(|late| late > 0)
        && offsets().any(|late| late < 0)
        && comparable.iter().all(|(_, values)| values.aligned_snr_db >= LOSSY_DB)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audio(values: &[f32]) -> Audio {
        Audio { rate: 8_000, channels: 1, values: values.to_vec() }
    }

    fn faults_of(codec: &str, ours: &[f32], references: [Option<&[f32]>; 2]) -> Vec<String> {
        let ours = audio(ours);
        let beside = references.map(|values| values.map(|v| Comparison::new(&ours, &audio(v))));
        faults(codec, &ours, &beside)
    }

    #[test]
    fn lossless_audio_must_equal_one_reference() {
        let (one, other) = ([0.5, 0.25, 0.0], [0.5, 0.25, 0.1]);
        assert!(faults_of("flac", &one, [Some(&other), Some(&one)]).is_empty());
        assert!(faults_of("flac", &one, [None, None]).is_empty());
        assert_eq!(faults_of("flac", &one, [Some(&other), Some(&other)]).len(), 1);
    }

    #[test]
    fn lossy_audio_must_be_close() {
        let reference = [0.5, 0.25, 0.0];
        assert!(faults_of("mp3", &[0.5004, 0.25, 0.0], [Some(&reference), None]).is_empty());
        assert_eq!(faults_of("mp3", &[0.51, 0.25, 0.0], [Some(&reference), None]).len(), 1);
        assert!(faults_of("adpcm_ms", &[0.504, 0.25, 0.0], [Some(&reference), None]).is_empty());
    }

    #[test]
    fn padding_is_known_of_packets_in_mp4_only_and_no_more_than_two_packets() {
        let reference = [0.5, -0.25].repeat(4_000);
        let padding = |kind, ours: &[f32]| {
            let comparison = Comparison::new(&audio(ours), &audio(&reference));
            padding_left(kind, ours.len(), &[Some(comparison), None])
        };
        assert!(padding(("mp4", "aac"), &reference[..7_500]).is_some());
        assert_eq!(padding(("mp4", "aac"), &reference[..3_900]), None);
        assert_eq!(padding(("mp4", "aac"), &reference[1..]), None);
        assert_eq!(padding(("aac", "aac"), &reference[..7_500]), None);
        assert_eq!(padding(("mkv", "opus"), &reference[..7_500]), None);
    }

    #[test]
    fn a_length_must_lie_between_those_of_the_references() {
        let long = [0.5; 5];
        let short = &long[..3];
        assert!(faults_of("mp3", &long[..4], [Some(&long), Some(short)]).is_empty());
        assert_eq!(faults_of("mp3", &long[..2], [Some(&long), Some(short)]).len(), 1);
        assert_eq!(faults_of("mp3", &long, [Some(short), None]).len(), 1);
    }
}
