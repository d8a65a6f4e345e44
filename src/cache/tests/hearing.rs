//! Sources that are heard, from the cache, beside what is decoded and heard without one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::analysis::{damaged, results};
use super::{Folder, PLENTY, RATE, fixture_path, settled};
use crate::analysis::{AnalysisJob, AnalysisKind, AnalysisResult, AnalysisStep};
use crate::cache::{Cache, CachedHearing, HearingStep, SourceFacts};
use crate::error::{LoadError, Stage};
use crate::job::{LoadJob, LoadOptions, LoadedSample, Step};
use crate::resample::Workbench;
use crate::source::{ByteSource, ReadSeek, Source, identify};
use crate::testing::ramp_wav;

const ALL: [AnalysisKind; 5] = AnalysisKind::ALL;
const OWN_RATE: LoadOptions = LoadOptions { sample_rate: None, max_sample_bytes: None };

struct Heard {
    facts: SourceFacts,
    results: Vec<AnalysisResult>,
    /// Whether it was decoded for that.
    is_decoded: bool,
}

fn hear(cache: &Arc<Cache>, source: Source, kinds: &[AnalysisKind]) -> Result<Heard, LoadError> {
    hear_as(cache, source, OWN_RATE, kinds)
}

fn hear_as(
    cache: &Arc<Cache>,
    source: Source,
    options: LoadOptions,
    kinds: &[AnalysisKind],
) -> Result<Heard, LoadError> {
    hear_meanwhile(cache, source, options, kinds, |_| {})
}

/// The same; `meanwhile` is told the number of each step before that.
fn hear_meanwhile(
    cache: &Arc<Cache>,
    source: Source,
    options: LoadOptions,
    kinds: &[AnalysisKind],
    meanwhile: impl FnMut(usize),
) -> Result<Heard, LoadError> {
    let mut hearing = CachedHearing::new(Arc::clone(cache), source, options, kinds);
    let mut bench = Workbench::default();
    let (mut facts, mut failure) = (None, None);
    let mut before_each = (0..).map(meanwhile);
    let results = results(|| match (before_each.next(), hearing.step(&mut bench)).1 {
        Ok(HearingStep::Working) => AnalysisStep::More,
        Ok(HearingStep::Done(kind, result)) => AnalysisStep::Done(kind, result),
        Ok(HearingStep::Finished(found)) => {
            facts = Some(found);
            AnalysisStep::Finished
        }
        Err(error) => {
            failure = Some(error);
            AnalysisStep::Finished
        }
    });
    let is_decoded = hearing.stage() > Stage::Reading;
    failure.map_or(Ok(()), Err)?;
    Ok(Heard { facts: facts.expect("it has finished"), results, is_decoded })
}

fn loaded(source: Source, options: LoadOptions) -> Result<LoadedSample, LoadError> {
    let mut job = LoadJob::new(source, options);
    let mut bench = Workbench::default();
    loop {
        if let Step::Done(sample) = job.step(&mut bench)? {
            return Ok(sample);
        }
    }
}

/// Checks it beside what is decoded and heard without a cache.
fn assert_heard(heard: &Heard, path: &Path, options: LoadOptions, kinds: &[AnalysisKind]) {
    let sample = loaded(Source::Path(path.into()), options).expect("a good file");
    let mut job = AnalysisJob::new(Arc::clone(&sample.buffer), kinds);
    assert_eq!(heard.results, results(|| job.step()), "{}", path.display());
    let facts = &heard.facts;
    assert_eq!(facts.spec, sample.buffer.spec());
    assert_eq!(facts.frames, sample.buffer.ready_frames() as u64);
    assert_eq!(facts.source_rate, sample.source_rate);
    assert_eq!((&facts.container, &facts.codec), (&sample.container, &sample.codec));
    assert_eq!(facts.metadata, sample.metadata);
}

fn path_source(path: &Path) -> Source {
    Source::Path(path.into())
}

#[test]
fn what_was_heard_of_a_file_is_told_again_without_decoding_it() {
    let folder = Folder::new();
    let cache = folder.cache();
    let mut files = Vec::new();
    for item in fs::read_dir(fixture_path("")).expect("fixtures") {
        let path = item.expect("readable").path();
        let is_short = fs::metadata(&path).is_ok_and(|it| it.is_file() && it.len() < 300_000);
        if !is_short || path.extension().is_some_and(|it| it == "tsv") {
            continue;
        }
        settled(&path);
        match hear(&cache, path_source(&path), &ALL) {
            Ok(heard) => {
                assert_heard(&heard, &path, OWN_RATE, &ALL);
                files.push(path);
            }
            Err(error) => {
                let expected = loaded(path_source(&path), OWN_RATE).expect_err("it has none");
                assert_eq!(error.to_string(), expected.to_string(), "{}", path.display());
                assert_eq!(error.kind(), expected.kind());
            }
        }
    }
    assert!(files.len() > 60, "{} of the fixtures", files.len());
    assert_eq!(folder.kept("sample").len(), 0, "nobody asked for audio");
    // As another process finds it.
    let cache = folder.cache();
    for path in &files {
        let heard = hear(&cache, path_source(path), &ALL).expect("as before");
        assert!(!heard.is_decoded, "{}", path.display());
        assert_heard(&heard, path, OWN_RATE, &ALL);
    }
    assert_eq!(cache.stats().analysis_misses, 0);
    assert_eq!(folder.kept("unfinished"), Vec::<PathBuf>::new());
}

#[test]
fn what_was_not_asked_for_before_is_heard_beside_what_was() {
    let folder = Folder::new();
    let cache = folder.cache();
    let path = folder.copy("flac_16.flac");
    let some = [AnalysisKind::Bpm, AnalysisKind::Loudness];
    hear(&cache, path_source(&path), &some).expect("a good file");
    let all = hear(&cache, path_source(&path), &ALL).expect("a good file");
    assert!(all.is_decoded, "three are to be heard");
    assert_heard(&all, &path, OWN_RATE, &ALL);
    let stats = cache.stats();
    assert_eq!((stats.analysis_hits, stats.analysis_misses), (2, 5));
    let again = hear(&cache, path_source(&path), &ALL).expect("a good file");
    assert!(!again.is_decoded);
    assert_heard(&again, &path, OWN_RATE, &ALL);
    // And of nothing, nothing.
    let none = hear(&cache, path_source(&path), &[]).expect("a good file");
    assert!(!none.is_decoded);
    assert_heard(&none, &path, OWN_RATE, &[]);
}

#[test]
fn each_rate_has_what_is_heard_at_it() {
    let folder = Folder::new();
    let cache = folder.cache();
    let path = folder.copy("flac_16.flac");
    for round in 0..2 {
        for rate in [None, Some(RATE), Some(22_050)] {
            let options = LoadOptions { sample_rate: rate, ..OWN_RATE };
            let heard = hear_as(&cache, path_source(&path), options, &ALL).expect("a good file");
            assert_heard(&heard, &path, options, &ALL);
            assert_eq!(heard.is_decoded, round == 0, "{rate:?}");
        }
    }
}

#[test]
fn content_is_known_under_any_name_and_in_memory() {
    let folder = Folder::new();
    let cache = folder.cache();
    let path = folder.copy("mp3_vbr.mp3");
    hear(&cache, path_source(&path), &ALL).expect("a good file");
    let bytes = fs::read(&path).expect("there");
    let others =
        [path_source(&folder.copy_as("mp3_vbr.mp3", "other")), Source::Memory(bytes.into())];
    for source in others {
        let heard = hear(&cache, source, &ALL).expect("a good file");
        assert!(!heard.is_decoded);
        assert_heard(&heard, &path, OWN_RATE, &ALL);
    }
}

#[test]
fn of_what_only_a_callback_reads_results_are_known_by_its_audio() {
    struct Bytes(Arc<[u8]>);
    impl ByteSource for Bytes {
        fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
            Ok(Box::new(io::Cursor::new(Arc::clone(&self.0))))
        }
        fn name(&self) -> &'static str {
            "bytes"
        }
    }
    let folder = Folder::new();
    let cache = folder.cache();
    let path = folder.copy("flac_16.flac");
    let bytes: Arc<[u8]> = fs::read(&path).expect("there").into();
    for hits in [0, 5] {
        let source = Source::Custom(Arc::new(Bytes(Arc::clone(&bytes))));
        let heard = hear(&cache, source, &ALL).expect("a good file");
        assert!(heard.is_decoded);
        assert_heard(&heard, &path, OWN_RATE, &ALL);
        assert_eq!(cache.stats().analysis_hits, hits);
    }
    assert_eq!(folder.kept("facts").len(), 0);
}

#[test]
fn a_file_with_another_content_is_heard_anew() {
    let folder = Folder::new();
    let cache = folder.cache();
    let path = folder.0.join("it.flac");
    for (fixture, is_decoded) in
        [("flac_16.flac", true), ("flac_24.flac", true), ("flac_16.flac", false)]
    {
        fs::copy(fixture_path(fixture), &path).expect("a fixture");
        settled(&path);
        let heard = hear(&cache, path_source(&path), &ALL).expect("a good file");
        assert_heard(&heard, &path, OWN_RATE, &ALL);
        assert_eq!(heard.is_decoded, is_decoded, "{fixture}");
    }
}

#[test]
fn of_a_file_that_changes_while_it_is_heard_nothing_is_kept() {
    let folder = Folder::new();
    let path = folder.copy("flac_16.flac");
    let other = fs::read(fixture_path("flac_24.flac")).expect("a fixture");
    let mut moment = 0;
    loop {
        let cache = folder.cache();
        fs::copy(fixture_path("flac_16.flac"), &path).expect("a fixture");
        settled(&path);
        let source = path_source(&path);
        let mut hearing = CachedHearing::new(Arc::clone(&cache), source, OWN_RATE, &ALL[..1]);
        let mut bench = Workbench::default();
        let mut steps = 0;
        let is_finished = loop {
            if steps == moment {
                fs::write(&path, &other).expect("ours");
                break false;
            }
            if matches!(hearing.step(&mut bench), Ok(HearingStep::Finished(_))) {
                break true;
            }
            steps += 1;
        };
        if is_finished {
            break;
        }
        // Whatever comes of it.
        while matches!(hearing.step(&mut bench), Ok(HearingStep::Working | HearingStep::Done(..))) {
        }
        // Neither of what it has become, nor of what it was.
        for fixture in ["flac_24.flac", "flac_16.flac"] {
            fs::copy(fixture_path(fixture), &path).expect("a fixture");
            settled(&path);
            let heard = hear(&cache, path_source(&path), &ALL[..1]).expect("a good file");
            assert_heard(&heard, &path, OWN_RATE, &ALL[..1]);
        }
        fs::remove_dir_all(folder.0.join("cache")).expect("ours");
        moment += 1;
    }
    assert!(moment > 5, "it changed {moment} times");
}

/// While it leads elsewhere, a link shows no change of the file that it led to before, and leads to
/// again.
#[cfg(unix)]
#[test]
fn of_a_link_that_leads_elsewhere_for_a_while_nothing_wrong_is_kept() {
    let folder = Folder::new();
    let path = folder.0.join("link.flac");
    let files = ["flac_16.flac", "flac_24.flac"].map(|fixture| folder.copy(fixture));
    let point = |file: &Path| {
        fs::remove_file(&path).ok();
        std::os::unix::fs::symlink(file, &path).expect("ours");
    };
    let (mut from, mut is_over) = (0, false);
    while !is_over {
        let cache = folder.cache();
        point(&files[0]);
        let source = path_source(&path);
        let mut hearing = CachedHearing::new(Arc::clone(&cache), source, OWN_RATE, &ALL[..1]);
        let mut bench = Workbench::default();
        for step in 0.. {
            match step {
                _ if step == from => point(&files[1]),
                _ if step == from + 3 => point(&files[0]),
                _ => {}
            }
            let came_to = hearing.step(&mut bench).expect("both are good");
            if let HearingStep::Finished(_) = came_to {
                is_over = step < from;
                break;
            }
        }
        for file in &files {
            let heard = hear(&cache, path_source(file), &ALL[..1]).expect("a good file");
            assert_heard(&heard, file, OWN_RATE, &ALL[..1]);
        }
        fs::remove_dir_all(folder.0.join("cache")).expect("ours");
        from += 1;
    }
}

/// A kind that was asked for before, and another.
const LATER: [AnalysisKind; 2] = [AnalysisKind::Loudness, AnalysisKind::Waveform];

#[test]
fn what_is_written_while_a_missing_kind_is_heard_is_never_told_of_what_was_there() {
    let folder = Folder::new();
    let (copy, path) = (folder.0.join("copy.wav"), folder.0.join("it.wav"));
    let one = ramp_wav(200_000, RATE);
    // As long, and silent.
    let other = [&one[..44], &vec![0; one.len() - 44]].concat();
    fs::write(&copy, &one).expect("writable");
    settled(&copy);
    let (mut moment, mut is_over) = (0, false);
    while !is_over {
        let cache = folder.cache();
        fs::write(&path, &one).expect("writable");
        settled(&path);
        hear(&cache, path_source(&path), &LATER[..1]).expect("a good file");
        is_over = true;
        // Whatever comes of it: it may be cut off.
        let heard = hear_meanwhile(&cache, path_source(&path), OWN_RATE, &LATER, |step| {
            if step == moment {
                fs::write(&path, &other).expect("ours");
                is_over = false;
            }
        });
        drop(heard);
        let heard = hear(&cache, path_source(&copy), &LATER).expect("a good file");
        assert_heard(&heard, &copy, OWN_RATE, &LATER);
        if !is_over {
            settled(&path);
            let heard = hear(&cache, path_source(&path), &LATER).expect("a good file");
            assert_heard(&heard, &path, OWN_RATE, &LATER);
        }
        fs::remove_dir_all(folder.0.join("cache")).expect("ours");
        moment += 1;
    }
    assert!(moment > 5, "it was written to {moment} times");
}

#[cfg(unix)]
#[test]
fn all_that_is_told_is_of_one_file_wherever_the_path_leads_meanwhile() {
    let folder = Folder::new();
    let path = folder.0.join("link");
    let files = [(30_000, "one.wav"), (40_000, "other.wav")].map(|(frames, name)| {
        let path = folder.0.join(name);
        fs::write(&path, ramp_wav(frames, RATE)).expect("writable");
        settled(&path);
        path
    });
    let point = |file: &Path| {
        fs::remove_file(&path).ok();
        std::os::unix::fs::symlink(file, &path).expect("ours");
    };
    let (mut moment, mut is_over, mut told) = (0, false, [0; 2]);
    while !is_over {
        let cache = folder.cache();
        hear(&cache, path_source(&files[0]), &LATER[..1]).expect("a good file");
        point(&files[0]);
        is_over = true;
        let heard = hear_meanwhile(&cache, path_source(&path), OWN_RATE, &LATER, |step| {
            if step == moment {
                point(&files[1]);
                is_over = false;
            }
        });
        let heard = heard.expect("both are good");
        let which = usize::from(heard.facts.frames == 40_000);
        assert_heard(&heard, &files[which], OWN_RATE, &LATER);
        told[which] += 1;
        fs::remove_dir_all(folder.0.join("cache")).expect("ours");
        moment += 1;
    }
    assert!(told.iter().all(|times| *times > 2), "{told:?}");
}

#[test]
fn of_what_is_there_nothing_is_told_twice_where_a_kind_is_missing() {
    let folder = Folder::new();
    let cache = folder.cache();
    let path = folder.copy("flac_16.flac");
    hear(&cache, path_source(&path), &LATER[..1]).expect("a good file");
    let heard = hear(&cache, path_source(&path), &LATER).expect("a good file");
    let kinds: Vec<_> = heard.results.iter().map(AnalysisResult::kind).collect();
    assert_eq!(kinds, LATER);
    // The first of them was read, and is counted once.
    let stats = cache.stats();
    assert_eq!((stats.analysis_hits, stats.analysis_misses), (1, 2));
}

/// A card that says what a file held before it was written to through a map, which left its times
/// as they were.
fn keep_old_card(cache: &Cache, path: &Path, old: &Path) {
    let [now, before] = [path, old].map(|path| identify(path).expect("there"));
    let content = cache.content_of(&before).expect("it has a card");
    cache.note(&now, content);
}

#[test]
fn what_a_card_says_is_looked_at_before_anything_is_kept() {
    let folder = Folder::new();
    let (one, other) = (folder.copy("flac_16.flac"), folder.copy("flac_24.flac"));
    let cache = folder.cache();
    hear(&cache, path_source(&one), &LATER).expect("a good file");
    keep_old_card(&cache, &other, &one);
    // At another rate nothing is known of either.
    let options = LoadOptions { sample_rate: Some(22_050), ..OWN_RATE };
    for (path, is_decoded) in [(&other, true), (&one, true), (&other, true), (&other, false)] {
        let heard = hear_as(&cache, path_source(path), options, &LATER).expect("a good file");
        assert_heard(&heard, path, options, &LATER);
        assert_eq!(heard.is_decoded, is_decoded, "{}", path.display());
    }
}

#[test]
fn what_is_no_audio_or_too_large_is_not_read_to_its_end() {
    let folder = Folder::new();
    let cache = folder.cache();
    let junk = folder.0.join("junk");
    let file = fs::File::create_new(&junk).expect("writable");
    file.set_len(1 << 26).expect("room for holes");
    settled(&junk);
    let sound = folder.copy("flac_16.flac");
    let tight = LoadOptions { max_sample_bytes: Some(1), ..OWN_RATE };
    for (path, options, kind) in
        [(junk, OWN_RATE, "unsupported_format"), (sound, tight, "too_large")]
    {
        let mut hearing = CachedHearing::new(Arc::clone(&cache), path_source(&path), options, &ALL);
        let mut bench = Workbench::default();
        let step = |_| hearing.step(&mut bench).err();
        // Of 2^26 bytes, steps hash no more than half a megabyte each.
        let error = (0..100).find_map(step).expect("it is refused");
        assert_eq!(error.kind().as_str(), kind);
        assert_eq!(folder.kept("card"), Vec::<PathBuf>::new(), "it was not read");
    }
}

#[test]
fn of_a_file_that_was_just_written_nothing_is_kept() {
    let folder = Folder::new();
    let cache = folder.cache();
    let path = folder.copy("flac_16.flac");
    let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
    let file = fs::File::options().append(true).open(&path).expect("ours");
    for _ in 0..2 {
        // What this changes is when the file was changed last: now.
        file.set_modified(tomorrow).expect("ours");
        let heard = hear(&cache, path_source(&path), &ALL).expect("a good file");
        assert_heard(&heard, &path, OWN_RATE, &ALL);
        assert!(heard.is_decoded);
    }
    assert_eq!([folder.kept("card").len(), folder.kept("facts").len()], [0, 0]);
    assert_eq!(cache.stats().analysis_hits, 5, "audio does not change");
}

#[test]
fn damaged_facts_are_found_anew() {
    let folder = Folder::new();
    let cache = folder.cache();
    let path = folder.copy("tagged.wav");
    hear(&cache, path_source(&path), &ALL).expect("a good file");
    let [facts] = folder.kept("facts").try_into().expect("one of them");
    let sound = fs::read(&facts).expect("ours");
    for (done, content) in (1..).zip(damaged(&sound)) {
        fs::write(&facts, content).expect("ours");
        let heard = hear(&cache, path_source(&path), &ALL).expect("a good file");
        assert!(heard.is_decoded);
        assert_heard(&heard, &path, OWN_RATE, &ALL);
        assert_eq!(cache.stats().unsound, done);
        assert_eq!(fs::read(&facts).expect("made anew"), sound);
    }
}

#[test]
fn facts_under_the_name_of_others_are_not_taken() {
    let folder = Folder::new();
    let cache = folder.cache();
    let (one, other) = (folder.copy("tagged.wav"), folder.copy("flac_24.flac"));
    hear(&cache, path_source(&one), &ALL).expect("a good file");
    let [of_one] = folder.kept("facts").try_into().expect("one of them");
    hear(&cache, path_source(&other), &ALL).expect("a good file");
    let of_other = folder.kept("facts").into_iter().find(|facts| *facts != of_one).expect("two");
    fs::copy(&of_one, &of_other).expect("ours");
    let heard = hear(&cache, path_source(&other), &ALL).expect("a good file");
    assert_heard(&heard, &other, OWN_RATE, &ALL);
    assert_eq!(cache.stats().unsound, 1);
}

#[test]
fn a_folder_that_is_gone_fails_no_hearing_and_one_that_is_full_keeps_to_its_room() {
    let folder = Folder::new();
    let path = folder.copy("flac_16.flac");
    let cache = folder.cache();
    fs::remove_dir_all(folder.0.join("cache")).expect("ours");
    fs::write(folder.0.join("cache"), []).expect("writable");
    let heard = hear(&cache, path_source(&path), &ALL).expect("a good file");
    assert_heard(&heard, &path, OWN_RATE, &ALL);
    // The card, the results, and the facts.
    assert_eq!(cache.stats().failures, 7);
    fs::remove_file(folder.0.join("cache")).expect("ours");
    let cache = folder.cache_of(10_000);
    for _ in 0..2 {
        let heard = hear(&cache, path_source(&path), &ALL).expect("a good file");
        assert_heard(&heard, &path, OWN_RATE, &ALL);
        let kept = fs::read_dir(folder.0.join("cache")).expect("a folder").count();
        assert!(kept <= 2, "{kept} of 4,096 bytes each at least");
    }
    assert_eq!(folder.cache_of(PLENTY).stats().unsound, 0);
}
