//! Loads of files from the cache, beside loads without one.

mod analysis;
mod hearing;
mod room;
mod storing;

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::card::{Key, is_settled};
use super::{Cache, CacheStats, CacheStore, CachedLoad};
use crate::error::{LoadError, Stage};
use crate::job::{LoadJob, LoadOptions, LoadedSample, Step};
use crate::resample::Workbench;
use crate::source::{Source, SourceIdentity, identify};
use crate::testing::{ramp_wav, wav};

const RATE: u32 = 48_000;
const PLENTY: u64 = 1 << 30;
/// What the fixtures that are kept have; those that clip are PCM at this rate, which is not.
const WARNINGS: [&str; 5] =
    ["decode_errors", "extension_mismatch", "length_estimated", "non_finite", "truncated"];

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name =
            format!("hotcue-cache-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }

    /// A copy of a fixture.
    fn copy(&self, fixture: &str) -> PathBuf {
        self.copy_as(fixture, fixture)
    }

    /// A copy of a fixture under another name.
    fn copy_as(&self, fixture: &str, name: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::copy(fixture_path(fixture), &path).expect("the fixture is there");
        settled(&path);
        path
    }

    fn cache(&self) -> Arc<Cache> {
        self.cache_of(PLENTY)
    }

    fn cache_of(&self, bytes: u64) -> Arc<Cache> {
        Arc::new(Cache::open(&self.0.join("cache"), bytes).expect("a folder"))
    }

    /// Files in the cache with this extension.
    fn kept(&self, extension: &str) -> Vec<PathBuf> {
        let items = fs::read_dir(self.0.join("cache")).expect("a folder");
        let paths = items.map(|item| item.expect("readable").path());
        paths.filter(|path| path.extension().is_some_and(|it| it == extension)).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// Waits until any later change of a file shows in its times.
fn settled(path: &Path) {
    let identity = identify(path).expect("it is there");
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_settled(&identity, SystemTime::now()) {
        assert!(Instant::now() < deadline, "the file is from the future");
        thread::sleep(Duration::from_millis(1));
    }
}

fn fixture_path(fixture: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(fixture)
}

fn options() -> LoadOptions {
    LoadOptions { sample_rate: Some(RATE), ..LoadOptions::default() }
}

fn load(cache: &Arc<Cache>, path: &Path) -> Result<LoadedSample, LoadError> {
    let mut job = CachedLoad::new(Arc::clone(cache), Source::Path(path.into()), options());
    let mut bench = Workbench::default();
    let mut percent = 0.0;
    loop {
        let step = job.step(&mut bench)?;
        assert!(job.percent() >= percent, "percent never falls");
        percent = job.percent();
        match step {
            Step::Working => assert!(percent < 100.0, "100 only when the sample is there"),
            Step::Done(sample) => {
                job.take_store().into_iter().for_each(finish);
                return Ok(sample);
            }
        }
    }
}

fn finish(mut store: CacheStore) {
    while store.step() {}
}

/// What comes of it without a cache.
fn decoded(path: &Path) -> LoadedSample {
    let mut job = LoadJob::new(Source::Path(path.into()), options());
    let mut bench = Workbench::default();
    loop {
        if let Step::Done(sample) = job.step(&mut bench).expect("a good file") {
            return sample;
        }
    }
}

fn assert_same(one: &LoadedSample, other: &LoadedSample) {
    assert_eq!(one.buffer.spec(), other.buffer.spec());
    assert_eq!(one.buffer.speakers(), other.buffer.speakers());
    assert_eq!(one.buffer.frames(), other.buffer.frames());
    for channel in 0..one.buffer.channels() {
        let bits = |sample: &LoadedSample| {
            sample.buffer.plane(channel).iter().map(|value| value.to_bits()).collect::<Vec<_>>()
        };
        assert!(bits(one) == bits(other), "values of channel {channel}");
    }
    assert_eq!(one.buffer.seams(), other.buffer.seams());
    assert_eq!(!one.buffer.seams().is_empty(), one.source_rate != one.buffer.sample_rate());
    let whole = |sample: &LoadedSample| sample.buffer.waveform(64, 0.0, 1e3);
    assert_eq!(whole(one), whole(other));
    assert_eq!((&one.container, &one.codec), (&other.container, &other.codec));
    assert_eq!(one.source_rate, other.source_rate);
    assert_eq!(one.bits_per_sample, other.bits_per_sample);
    assert_eq!(one.metadata, other.metadata);
    assert_eq!(one.warnings, other.warnings);
}

/// Hits, misses, stored, unsound, failures.
fn counts(cache: &Cache) -> [u64; 5] {
    let CacheStats { hits, misses, stored, unsound, failures, .. } = cache.stats();
    [hits, misses, stored, unsound, failures]
}

#[test]
fn the_second_load_has_the_same_values_and_decodes_nothing() {
    let fixtures = [
        "flac_16.flac",
        "flac_24.flac",
        "flac_16_51.flac",
        "mp3_vbr.mp3",
        "aac.m4a",
        "opus.opus",
        "adpcm_ima.wav",
    ];
    let folder = Folder::new();
    let cache = folder.cache();
    for (done, fixture) in (0..).zip(fixtures) {
        let path = folder.copy(fixture);
        let expected = decoded(&path);
        assert_same(&load(&cache, &path).expect("a good file"), &expected);
        assert_eq!(counts(&cache), [done, done + 1, done + 1, 0, 0], "{fixture}");
        assert_same(&load(&cache, &path).expect("a good file"), &expected);
        assert_eq!(counts(&cache), [done + 1, done + 1, done + 1, 0, 0], "{fixture}");
    }
    // As another process finds it.
    let cache = folder.cache();
    for fixture in fixtures {
        let path = folder.0.join(fixture);
        assert_same(&load(&cache, &path).expect("a good file"), &decoded(&path));
    }
    assert_eq!(counts(&cache), [fixtures.len() as u64, 0, 0, 0, 0]);
    assert_eq!(folder.kept("unfinished"), Vec::<PathBuf>::new());
}

#[test]
fn the_speakers_that_a_file_names_come_back() {
    let folder = Folder::new();
    let cache = folder.cache();
    let path = folder.0.join("surround.wav");
    let data: Vec<u8> = (0..4 * 2 * 1_000).map(|n: u32| n.to_le_bytes()[0]).collect();
    let (plain, extension) = (wav(0xfffe, 16, 4, 44_100, &data), [22, 0, 16, 0, 7, 1, 0, 0]);
    let guid = b"\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71";
    // L R C Cb: the format chunk is longer by its extension.
    let (head, rest) = plain.split_at(36);
    let mut file = [head, &extension, guid, rest].concat();
    file[16] = 40;
    fs::write(&path, file).expect("writable");
    settled(&path);
    for hits in [0, 1] {
        let sample = load(&cache, &path).expect("a good file");
        assert_eq!(sample.buffer.speakers().mask(), Some(0x107));
        assert_same(&sample, &decoded(&path));
        assert_eq!(cache.stats().hits, hits);
    }
}

#[test]
fn bytes_are_found_as_a_file_of_the_same_content_is() {
    let folder = Folder::new();
    let path = folder.copy("mp3_vbr.mp3");
    let bytes = fs::read(&path).expect("there");
    let of_bytes = |cache: &Arc<Cache>| {
        let source = Source::Memory(bytes.clone().into());
        let mut job = CachedLoad::new(Arc::clone(cache), source, options());
        let mut bench = Workbench::default();
        loop {
            assert!(job.identity().is_none(), "it is no file");
            if let Step::Done(sample) = job.step(&mut bench).expect("a sound file") {
                return sample;
            }
        }
    };
    let cache = folder.cache();
    let first = of_bytes(&cache);
    assert_same(&first, &decoded(&path));
    assert_eq!(counts(&cache), [0, 1, 1, 0, 0]);
    assert_eq!(folder.kept("card").len(), 0, "a card is of a file");
    assert_same(&of_bytes(&cache), &first);
    assert_eq!(counts(&cache), [1, 1, 1, 0, 0]);
    // In another process, and of the file.
    let cache = folder.cache();
    assert_same(&of_bytes(&cache), &first);
    assert_same(&load(&cache, &path).expect("a sound file"), &first);
    assert_eq!(counts(&cache), [2, 0, 0, 0, 0]);
    // Others of the same length.
    let others: Arc<[u8]> = bytes.iter().map(|byte| byte ^ 0xff).collect();
    let mut job = CachedLoad::new(cache, Source::Memory(others), options());
    let mut bench = Workbench::default();
    let failure = std::iter::repeat_with(|| job.step(&mut bench)).find_map(Result::err);
    assert!(failure.is_some());
}

#[test]
fn what_is_known_of_a_file_beside_its_values_comes_back() {
    let folder = Folder::new();
    let cache = folder.cache();
    let manifest = fs::read_dir(fixture_path("")).expect("fixtures");
    let mut with_metadata = 0;
    let mut odd = HashSet::new();
    for item in manifest {
        let path = item.expect("readable").path();
        if !path.is_file() || path.extension().is_some_and(|it| it == "tsv") {
            continue;
        }
        let Ok(first) = load(&cache, &path) else { continue };
        let hits = cache.stats().hits;
        let again = load(&cache, &path).expect("as before");
        assert_same(&again, &first);
        with_metadata += usize::from(first.metadata.is_some());
        if cache.stats().hits > hits {
            odd.extend(again.warnings.iter().map(|warning| warning.code.as_str()));
        }
    }
    let mut odd = Vec::from_iter(odd);
    odd.sort_unstable();
    assert!(with_metadata > 3, "{with_metadata} fixtures have metadata");
    assert_eq!(odd, WARNINGS);
    assert!(cache.stats().hits > 30, "{:?}", cache.stats());
}

#[test]
fn what_is_odd_about_a_name_is_told_of_the_name_that_the_file_has() {
    let folder = Folder::new();
    let cache = folder.cache();
    load(&cache, &folder.copy_as("flac_16.flac", "odd.wav")).expect("a good file");
    for (name, warnings) in [("plain.flac", 0), ("other.wav", 1)] {
        let path = folder.copy_as("flac_16.flac", name);
        assert_same(&load(&cache, &path).expect("a good file"), &decoded(&path));
        assert_eq!(decoded(&path).warnings.len(), warnings, "{name}");
    }
    assert_eq!(cache.stats().hits, 2);
}

#[test]
fn a_file_with_another_content_is_decoded_anew_whatever_its_times_say() {
    let folder = Folder::new();
    let cache = folder.cache();
    let path = folder.0.join("it.flac");
    let long_ago = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let put = |content: &[u8]| {
        fs::write(&path, content).expect("writable");
        File::options()
            .append(true)
            .open(&path)
            .and_then(|it| it.set_modified(long_ago))
            .expect("ours");
        settled(&path);
    };
    let one = fs::read(fixture_path("flac_16.flac")).expect("a fixture");
    let other = fs::read(fixture_path("flac_24.flac")).expect("a fixture");
    // Of one length, time and inode.
    let len = one.len().max(other.len());
    let padded = |content: &[u8]| [content, &vec![0; len - content.len()]].concat();
    put(&padded(&one));
    let first = load(&cache, &path).expect("a good file");
    assert_same(&load(&cache, &path).expect("a good file"), &first);
    put(&padded(&other));
    assert_same(&load(&cache, &path).expect("a good file"), &decoded(&path));
    // What it was before is known still.
    put(&padded(&one));
    assert_same(&load(&cache, &path).expect("a good file"), &first);
}

#[test]
fn a_file_with_another_name_or_time_is_the_same() {
    let folder = Folder::new();
    let cache = folder.cache();
    let path = folder.copy("flac_16.flac");
    let expected = load(&cache, &path).expect("a good file");
    let moved = folder.0.join("moved.flac");
    fs::rename(&path, &moved).expect("ours");
    File::options()
        .append(true)
        .open(&moved)
        .and_then(|it| it.set_modified(SystemTime::now()))
        .expect("ours");
    settled(&moved);
    assert_same(&load(&cache, &moved).expect("a good file"), &expected);
    assert_same(&load(&cache, &folder.copy("flac_16.flac")).expect("a good file"), &expected);
    assert_eq!(counts(&cache), [2, 1, 1, 0, 0]);
}

#[test]
fn times_tell_of_changes_once_a_file_was_left_alone() {
    let at = |ms: u64| UNIX_EPOCH + Duration::from_millis(ms);
    let of = |modified_ns, changed_ns| SourceIdentity {
        device: 1,
        inode: 2,
        len: 3,
        modified_ns,
        changed_ns,
    };
    let fine = of(1_000_000_000, 10_000_000_001);
    assert!(!is_settled(&fine, at(9_000)));
    assert!(!is_settled(&fine, at(10_015)));
    assert!(is_settled(&fine, at(10_021)));
    // Of a file system that knows seconds only.
    let coarse = of(1_000_000_000, 10_000_000_000);
    assert!(!is_settled(&coarse, at(11_999)));
    assert!(is_settled(&coarse, at(12_000)));
    // Unpacked with a time that is yet to come.
    let ahead = of(99_000_000_001, 10_000_000_001);
    assert!(!is_settled(&ahead, at(10_015)));
    assert!(is_settled(&ahead, at(10_021)));
    // Where no other time is known, nobody can tell.
    assert!(!is_settled(&of(99_000_000_001, 99_000_000_001), at(10_021)));
}

#[test]
fn nothing_is_kept_of_a_file_that_was_just_written() {
    let content = fs::read(fixture_path("flac_16.flac")).expect("a fixture");
    let deadline = Instant::now() + Duration::from_secs(60);
    // Until a load begins early, however slow the machine is.
    loop {
        let folder = Folder::new();
        let cache = folder.cache();
        let path = folder.0.join("it.flac");
        fs::write(&path, &content).expect("writable");
        let mut job = CachedLoad::new(Arc::clone(&cache), Source::Path(path.clone()), options());
        let mut bench = Workbench::default();
        job.step(&mut bench).expect("a good file");
        let began_early = !is_settled(&identify(&path).expect("there"), SystemTime::now());
        while !matches!(job.step(&mut bench), Ok(Step::Done(_))) {}
        if began_early {
            assert_eq!(folder.kept("sample"), Vec::<PathBuf>::new());
            assert_eq!(folder.kept("card"), Vec::<PathBuf>::new());
            return;
        }
        assert!(Instant::now() < deadline, "no load began early");
    }
}

#[cfg(unix)]
#[test]
fn a_link_or_a_folder_in_the_place_of_a_file_is_never_followed_and_replaced() {
    use std::os::unix::fs::symlink;

    let folder = Folder::new();
    let path = folder.copy("flac_16.flac");
    let foreign = folder.0.join("foreign");
    fs::create_dir(&foreign).expect("a folder for the test");
    let long_ago = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let expected = load(&folder.cache(), &path).expect("a good file");
    let files = [folder.kept("sample"), folder.kept("card")].concat();
    assert_eq!(files.len(), 2);
    for file in &files {
        let sound = fs::read(file).expect("ours");
        // As sound as it can be: it is not ours all the same.
        let target = foreign.join("target");
        fs::write(&target, &sound).expect("writable");
        let touched = |to: SystemTime| {
            File::options().append(true).open(&target).and_then(|it| it.set_modified(to))
        };
        let clear = || match fs::symlink_metadata(file) {
            Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(file).expect("ours"),
            _ => fs::remove_file(file).expect("ours"),
        };
        let make: [(&str, &dyn Fn() -> std::io::Result<()>); 5] = [
            ("a link to a file", &|| symlink(&target, file)),
            ("a link to nothing", &|| symlink(foreign.join("none"), file)),
            ("a link to a folder", &|| symlink(&foreign, file)),
            ("a folder", &|| fs::create_dir(file)),
            ("a folder that holds something", &|| fs::create_dir_all(file.join("of mine"))),
        ];
        for (what, make) in make {
            clear();
            touched(long_ago).expect("ours");
            make().expect("writable");
            let cache = folder.cache();
            assert_same(&load(&cache, &path).expect("a good file"), &expected);
            let metadata = fs::symlink_metadata(file).expect("it was made anew");
            assert!(metadata.is_file(), "{what} is in the place of {}", file.display());
            assert_eq!(fs::read(file).expect("ours"), sound, "{what}");
            assert_same(&load(&folder.cache(), &path).expect("a good file"), &expected);
            assert_eq!(counts(&cache)[3..], [0, 0], "{what}");
            let target = fs::metadata(&target).and_then(|target| target.modified());
            assert_eq!(target.expect("it is there"), long_ago, "{what}");
            assert_eq!(fs::read_dir(&foreign).expect("ours").count(), 1, "{what}");
        }
    }
    // What was in a folder is still there.
    let aside = folder.kept("aside");
    assert_eq!(aside.len(), 4);
    assert_eq!(aside.iter().filter(|aside| aside.join("of mine").is_dir()).count(), 2);
}

#[test]
fn a_damaged_entry_is_made_anew() {
    let folder = Folder::new();
    let path = folder.copy("flac_16.flac");
    let cache = folder.cache();
    let expected = load(&cache, &path).expect("a good file");
    let [entry] = folder.kept("sample").try_into().expect("one entry");
    let sound = fs::read(&entry).expect("ours");
    let step = (sound.len() / 60).max(1);
    let mut damaged: Vec<Vec<u8>> =
        (0..sound.len()).step_by(step).map(|at| sound[..at].to_vec()).collect();
    for at in (0..200.min(sound.len())).chain((200..sound.len()).step_by(step)) {
        let mut content = sound.clone();
        content[at] ^= 0x10;
        damaged.push(content);
    }
    damaged.push([sound.as_slice(), b"!"].concat());
    damaged.push(Vec::new());
    damaged.push(vec![0; sound.len()]);
    for (done, content) in (1..).zip(&damaged) {
        fs::write(&entry, content).expect("ours");
        assert_same(&load(&cache, &path).expect("a good file"), &expected);
        assert_eq!(counts(&cache), [0, 1 + done, 1 + done, done, 0]);
        assert_eq!(fs::read(&entry).expect("made anew"), sound);
    }
    assert_same(&load(&cache, &path).expect("a good file"), &expected);
    assert_eq!(cache.stats().hits, 1);
}

#[test]
fn an_entry_under_the_name_of_another_is_not_taken() {
    let folder = Folder::new();
    let cache = folder.cache();
    let one = folder.copy("flac_16.flac");
    load(&cache, &one).expect("a good file");
    let [of_one] = folder.kept("sample").try_into().expect("one entry");
    let other = folder.copy("mp3_vbr.mp3");
    let expected = load(&cache, &other).expect("a good file");
    let of_other = folder.kept("sample").into_iter().find(|entry| *entry != of_one).expect("two");
    fs::copy(&of_one, &of_other).expect("ours");
    assert_same(&load(&cache, &other).expect("a good file"), &expected);
    assert_eq!(cache.stats().unsound, 1);
}

#[test]
fn what_was_used_least_recently_leaves() {
    let folder = Folder::new();
    let cache = folder.cache();
    let [old, new] = ["mp3_vbr.mp3", "flac_24.flac"].map(|fixture| folder.copy(fixture));
    load(&cache, &old).expect("a good file");
    let [of_old] = folder.kept("sample").try_into().expect("one entry");
    let hour_ago = SystemTime::now() - Duration::from_secs(3_600);
    used(&of_old, hour_ago);
    load(&cache, &new).expect("a good file");
    let held = |folder: &Folder| -> u64 {
        folder.kept("sample").iter().map(|it| fs::metadata(it).expect("there").len()).sum()
    };
    let third = folder.copy("flac_16.flac");
    let beside = Folder::new();
    load(&beside.cache(), &third).expect("a good file");
    // With what is known of each, all three are too much.
    let most = held(&folder) + held(&beside);
    let cache = folder.cache_of(most);
    load(&cache, &third).expect("a good file");
    assert!(!of_old.exists());
    assert!(held(&folder) <= most);
    // What is used stays: looking at it is using it.
    let left = cache.stats();
    load(&cache, &new).expect("a good file");
    assert_eq!(cache.stats().hits, left.hits + 1);
}

fn used(path: &Path, at: SystemTime) {
    File::options().append(true).open(path).and_then(|it| it.set_modified(at)).expect("writable");
}

#[test]
fn what_is_not_of_the_cache_stays_whatever_it_is_called() {
    let folder = Folder::new();
    drop(folder.cache());
    let key = "0123456789abcdef".repeat(4);
    let other = ["kick.sample", "poem.card", "bench.result", "draft.unfinished", "my.aside"];
    let nearly = [
        format!("{key}.sample"),
        format!("-{key}.sample"),
        format!("+1-{key}.card"),
        format!("1-{}.card", key.to_uppercase()),
        format!("1-{key}.result"),
        format!("{}.result", &key[1..]),
        "1-2-.unfinished".into(),
        "1-2-3-4.unfinished".into(),
    ];
    let paths: Vec<PathBuf> = other
        .into_iter()
        .chain(nearly.iter().map(String::as_str))
        .map(|name| folder.0.join("cache").join(name))
        .collect();
    for path in &paths {
        fs::write(path, [0; 10_000]).expect("writable");
        used(path, UNIX_EPOCH);
    }
    // As much as the entry takes: beside what is not counted there is room for it.
    let beside = Folder::new();
    let path = folder.copy("flac_16.flac");
    load(&beside.cache(), &path).expect("a good file");
    let bytes = fs::metadata(&beside.kept("sample")[0]).expect("there").len();
    let cache = folder.cache_of(bytes.next_multiple_of(4_096) + 8_192);
    load(&cache, &path).expect("a good file");
    assert_eq!(folder.kept("sample").len(), 1 + 3);
    // And with room for nothing.
    drop(folder.cache_of(0));
    let gone: Vec<_> = paths.iter().filter(|path| !path.exists()).collect();
    assert!(gone.is_empty(), "{gone:?}");
    assert_eq!(folder.kept("sample").len(), 3);
}

#[test]
fn what_says_that_it_was_used_in_the_future_leaves_first_unless_it_is_used() {
    let folder = Folder::new();
    let cache = folder.cache();
    let paths = ["mp3_vbr.mp3", "flac_24.flac"].map(|fixture| folder.copy(fixture));
    load(&cache, &paths[0]).expect("a good file");
    let [of_first] = folder.kept("sample").try_into().expect("one entry");
    let years_later = SystemTime::now() + Duration::from_secs(10 * 365 * 24 * 3_600);
    used(&of_first, years_later);
    load(&cache, &paths[1]).expect("a good file");
    let [of_second] = folder
        .kept("sample")
        .into_iter()
        .filter(|path| *path != of_first)
        .collect::<Vec<_>>()
        .try_into()
        .expect("another entry");
    let bytes = |path: &PathBuf| fs::metadata(path).expect("there").len().next_multiple_of(4_096);
    // With their cards they are a byte too much.
    let most = bytes(&of_first) + bytes(&of_second) + 2 * 4_096 - 1;
    // Of what is used it is known when.
    load(&cache, &paths[0]).expect("a good file");
    let modified = fs::metadata(&of_first).and_then(|it| it.modified()).expect("there");
    assert!(modified < years_later);
    used(&of_first, years_later);
    let unfinished = folder.0.join("cache/1-2-3.unfinished");
    fs::write(&unfinished, []).expect("writable");
    used(&unfinished, years_later);
    drop(folder.cache_of(most));
    assert!(!of_first.exists() && of_second.exists());
    assert!(!unfinished.exists());
}

#[test]
fn what_is_read_from_the_cache_is_there_block_by_block_and_never_what_is_not_sound() {
    let folder = Folder::new();
    let path = folder.0.join("it.wav");
    fs::write(&path, ramp_wav(1_000_000, 44_100)).expect("writable");
    settled(&path);
    load(&folder.cache(), &path).expect("a good file");
    let expected = decoded(&path);
    let entry = folder.kept("sample").remove(0);
    let sound = fs::read(&entry).expect("ours");
    for damaged in [None, Some(sound.len() * 2 / 3), Some(sound.len() - 20)] {
        let mut content = sound.clone();
        damaged.iter().for_each(|at| content[*at] ^= 1);
        fs::write(&entry, content).expect("ours");
        let source = Source::Path(path.clone());
        let mut job = CachedLoad::new(folder.cache(), source, options());
        let (mut bench, mut seen) = (Workbench::default(), vec![0]);
        let mut first = None;
        let sample = loop {
            if let Some(buffer) = job.buffer() {
                let ready = buffer.ready_frames();
                let plane = expected.buffer.plane(0);
                assert!(buffer.plane(0)[..ready] == plane[..ready], "{ready} frames");
                first.get_or_insert_with(|| Arc::clone(&buffer));
                seen.push(ready);
                assert!(job.stage() >= Stage::Decoding, "{:?}", job.stage());
                assert!(job.held_bytes() >= buffer.byte_len(), "{} bytes", job.held_bytes());
            }
            assert_eq!(job.arriving().is_some(), job.buffer().is_some());
            if let Step::Done(sample) = job.step(&mut bench).expect("a good file") {
                break sample;
            }
        };
        assert_same(&sample, &expected);
        seen.dedup();
        assert!(seen.len() > 4, "{seen:?}");
        let is_first = first.is_some_and(|first| Arc::ptr_eq(&first, &sample.buffer));
        assert_eq!(is_first, damaged.is_none(), "what others hold of it ends nowhere");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_no_entry_and_nobody_waits_for_it() {
    use std::process::Command;

    let folder = Folder::new();
    let path = folder.copy("flac_16.flac");
    for extension in ["card", "sample"] {
        load(&folder.cache(), &path).expect("a good file");
        let entries = folder.kept(extension);
        assert_eq!(entries.len(), 1);
        for entry in entries {
            fs::remove_file(&entry).expect("ours");
            let made = Command::new("mkfifo").arg(&entry).status().expect("it is there");
            assert!(made.success());
        }
        let cache = folder.cache();
        assert_same(&load(&cache, &path).expect("a good file"), &decoded(&path));
        for entry in folder.kept(extension) {
            fs::remove_file(&entry).expect("ours");
        }
    }
}

#[test]
fn what_was_written_to_while_it_was_decoded_is_not_kept_also_where_the_content_was_known() {
    let folder = Folder::new();
    let path = folder.0.join("it.wav");
    let one = ramp_wav(400_000, 44_100);
    for is_card in [true, false] {
        fs::write(&path, &one).expect("writable");
        settled(&path);
        let cache = folder.cache();
        load(&cache, &path).expect("a good file");
        // The card stays, or only what says that a file of this length is known.
        folder.kept("sample").iter().for_each(|entry| fs::remove_file(entry).expect("ours"));
        if !is_card {
            fs::copy(&path, folder.0.join("other.wav")).expect("writable");
            fs::rename(folder.0.join("other.wav"), &path).expect("ours");
            settled(&path);
        }
        let mut job = CachedLoad::new(Arc::clone(&cache), Source::Path(path.clone()), options());
        let mut bench = Workbench::default();
        while job.stage() < Stage::Decoding {
            job.step(&mut bench).expect("a good file");
        }
        let mut file = File::options().write(true).open(&path).expect("ours");
        file.seek(SeekFrom::Start(one.len() as u64 / 2)).expect("a file");
        file.write_all(&vec![0; one.len() / 2]).expect("writable");
        while !matches!(job.step(&mut bench).expect("a good file"), Step::Done(_)) {}
        assert_eq!(folder.kept("sample"), Vec::<PathBuf>::new(), "card: {is_card}");
    }
}

#[test]
fn how_much_is_left_is_known_while_it_compares_decodes_and_stores() {
    let folder = Folder::new();
    let cache = folder.cache();
    let path = folder.0.join("it.wav");
    let content = ramp_wav(400_000, 44_100);
    fs::write(&path, &content).expect("writable");
    settled(&path);
    load(&cache, &path).expect("a good file");
    // Another file of that length, whose content has to be looked at.
    let other = folder.0.join("other.wav");
    fs::write(&other, [&content[..content.len() - 2], &[1, 2]].concat()).expect("writable");
    settled(&other);
    let mut job = CachedLoad::new(cache, Source::Path(other), options());
    let mut bench = Workbench::default();
    job.step(&mut bench).expect("a good file");
    let mut stores = false;
    while let Step::Working = job.step(&mut bench).expect("a good file") {
        let left = job.byte_len().expect("a file").saturating_sub(job.pulse().bytes());
        let is_read = job.pulse().bytes() >= 2 * content.len() as u64;
        assert!(left > 0 || is_read, "of {:?} bytes", job.byte_len());
        stores |= is_read && left > 0;
    }
    assert!(stores, "what is to be written is left, too");
}

#[test]
fn what_is_read_as_fast_from_its_file_is_not_kept() {
    let folder = Folder::new();
    let cache = folder.cache();
    let plain = folder.0.join("plain.wav");
    fs::write(&plain, ramp_wav(1_000, RATE)).expect("writable");
    settled(&plain);
    load(&cache, &plain).expect("a good file");
    assert_eq!(folder.kept("sample"), Vec::<PathBuf>::new());
    // Of another rate it is to be resampled, and that is kept.
    let other = folder.0.join("other.wav");
    fs::write(&other, ramp_wav(1_000, 44_100)).expect("writable");
    settled(&other);
    load(&cache, &other).expect("a good file");
    assert_eq!(folder.kept("sample").len(), 1);
}

#[test]
fn a_load_that_is_dropped_leaves_nothing_unfinished() {
    let folder = Folder::new();
    let cache = folder.cache();
    let path = folder.copy("flac_16.flac");
    let mut steps = 0;
    loop {
        let mut job = CachedLoad::new(Arc::clone(&cache), Source::Path(path.clone()), options());
        let mut bench = Workbench::default();
        let ended = (0..steps).any(|_| matches!(job.step(&mut bench), Ok(Step::Done(_))));
        drop(job);
        assert_eq!(folder.kept("unfinished"), Vec::<PathBuf>::new());
        if ended {
            break;
        }
        steps += 1;
    }
    assert!(steps > 3);
}

#[test]
fn a_missing_file_and_a_limit_say_so_as_without_a_cache() {
    let folder = Folder::new();
    let cache = folder.cache();
    let error = load(&cache, &folder.0.join("missing.flac")).expect_err("nothing is there");
    assert_eq!(error.kind().as_str(), "not_found");
    let path = folder.copy("flac_16.flac");
    let sample = load(&cache, &path).expect("a good file");
    let options =
        LoadOptions { max_sample_bytes: Some(sample.buffer.byte_len() as u64 - 1), ..options() };
    let mut job = CachedLoad::new(Arc::clone(&cache), Source::Path(path), options);
    let mut bench = Workbench::default();
    let error = loop {
        match job.step(&mut bench) {
            Ok(Step::Working) => {}
            Ok(Step::Done(_)) => panic!("more than may be"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind().as_str(), "too_large");
}

#[test]
fn a_folder_that_is_gone_is_no_cache_and_no_error() {
    let folder = Folder::new();
    let cache = folder.cache();
    let path = folder.copy("flac_16.flac");
    fs::remove_dir_all(folder.0.join("cache")).expect("ours");
    // Nor can it be made again.
    fs::write(folder.0.join("cache"), []).expect("writable");
    let expected = decoded(&path);
    assert_same(&load(&cache, &path).expect("a good file"), &expected);
    assert_same(&load(&cache, &path).expect("a good file"), &expected);
    let [hits, misses, stored, unsound, failures] = counts(&cache);
    assert_eq!([hits, misses, stored, unsound], [0, 2, 0, 0]);
    assert!(failures >= 1);
}

#[test]
fn a_folder_that_is_deleted_is_made_again() {
    let folder = Folder::new();
    let cache = folder.cache();
    let path = folder.copy("flac_16.flac");
    let expected = decoded(&path);
    for round in 1..3 {
        fs::remove_dir_all(folder.0.join("cache")).expect("ours");
        assert_same(&load(&cache, &path).expect("a good file"), &expected);
        assert_same(&load(&cache, &path).expect("a good file"), &expected);
        assert_eq!(counts(&cache), [round, round, round, 0, 0]);
    }
}

#[test]
fn many_at_once_get_what_they_would_get_alone() {
    let fixtures = ["flac_16.flac", "flac_24.flac", "mp3_vbr.mp3", "adpcm_ima.wav"];
    let folder = Folder::new();
    let paths = fixtures.map(|fixture| folder.copy(fixture));
    let expected = paths.each_ref().map(|path| decoded(path));
    thread::scope(|scope| {
        for thread in 0..4 {
            let (folder, paths, expected) = (&folder, &paths, &expected);
            scope.spawn(move || {
                // Each as a process of its own, and with so little room that entries come and go.
                let cache = folder.cache_of(if thread % 2 == 0 { PLENTY } else { 1 << 20 });
                for round in 0..20 {
                    let which = (round + thread) % paths.len();
                    let sample = load(&cache, &paths[which]).expect("a good file");
                    assert_same(&sample, &expected[which]);
                }
                assert_eq!(cache.stats().unsound, 0, "nobody sees what is not finished");
            });
        }
    });
    assert_eq!(folder.kept("unfinished"), Vec::<PathBuf>::new());
}

#[test]
fn what_is_written_to_while_it_is_compared_is_taken_for_nothing_that_is_known() {
    let folder = Folder::new();
    let (known, path) = (folder.copy("flac_16.flac"), folder.copy_as("flac_16.flac", "it.flac"));
    let cache = folder.cache();
    load(&cache, &known).expect("a good file");
    let mut job = CachedLoad::new(Arc::clone(&cache), Source::Path(path.clone()), options());
    let mut bench = Workbench::default();
    job.step(&mut bench).expect("a good file");
    // Whoever writes the same again might have written anything else.
    fs::write(&path, fs::read(&known).expect("ours")).expect("writable");
    while !matches!(job.step(&mut bench).expect("a good file"), Step::Done(_)) {}
    assert_eq!(counts(&cache), [0, 2, 1, 0, 0]);
    assert_eq!(folder.kept("card").len(), 1);
}

#[test]
fn a_file_that_has_not_settled_is_compared_and_gets_no_card() {
    let folder = Folder::new();
    let (known, path) = (folder.copy("flac_16.flac"), folder.copy_as("flac_16.flac", "it.flac"));
    let cache = folder.cache();
    load(&cache, &known).expect("a good file");
    let later = SystemTime::now() + Duration::from_secs(3_600);
    used(&path, later);
    assert_same(&load(&cache, &path).expect("a good file"), &decoded(&known));
    assert_eq!(counts(&cache), [1, 1, 1, 0, 0]);
    assert_eq!(folder.kept("card").len(), 1);
}

// Windows replaces no file that is open.
#[cfg(unix)]
#[test]
fn a_load_is_of_the_file_that_its_values_come_from() {
    for is_compared in [false, true] {
        let folder = Folder::new();
        let [path, other] = ["flac_16.flac", "flac_24.flac"].map(|fixture| folder.copy(fixture));
        let cache = folder.cache();
        if is_compared {
            // Of a file of this length, something is known.
            let known = folder.0.join("known.flac");
            let mut content = fs::read(&path).expect("ours");
            content.reverse();
            fs::write(&known, content).expect("writable");
            settled(&known);
            cache.note(&identify(&known).expect("ours"), Key::from_bytes([0; 32]));
        }
        let mut job = CachedLoad::new(Arc::clone(&cache), Source::Path(path.clone()), options());
        let mut bench = Workbench::default();
        job.step(&mut bench).expect("a good file");
        assert_eq!(job.identity(), None, "what is decoded is opened by a later step");
        fs::rename(&other, &path).expect("ours");
        let expected = decoded(&path);
        let sample = loop {
            let step = job.step(&mut bench).expect("a good file");
            if job.stage() >= Stage::Decoding {
                assert_eq!(job.identity(), identify(&path).ok());
            }
            if let Step::Done(sample) = step {
                break sample;
            }
        };
        assert_same(&sample, &expected);
        assert_eq!(folder.kept("sample"), Vec::<PathBuf>::new());
    }
}

#[test]
fn others_may_help_with_what_the_cache_has_not() {
    let folder = Folder::new();
    let path = folder.0.join("it.wav");
    fs::write(&path, ramp_wav(2_000_000, 44_100)).expect("writable");
    let mut jobs = (
        LoadJob::new(Source::Path(path.clone()), options()),
        CachedLoad::new(folder.cache(), Source::Path(path), options()),
    );
    let mut bench = Workbench::default();
    let mut shared = [false; 2];
    while !matches!(jobs.0.step(&mut bench).expect("a good file"), Step::Done(_)) {
        shared[0] |= jobs.0.shared().is_some();
    }
    while !matches!(jobs.1.step(&mut bench).expect("a good file"), Step::Done(_)) {
        shared[1] |= jobs.1.shared().is_some();
    }
    assert_eq!(shared, [true; 2]);
}

#[test]
fn a_load_that_is_stopped_reads_no_more_from_the_cache() {
    let folder = Folder::new();
    let path = folder.0.join("it.wav");
    fs::write(&path, ramp_wav(1_000_000, 44_100)).expect("writable");
    settled(&path);
    load(&folder.cache(), &path).expect("a good file");
    let cache = folder.cache();
    let mut job = CachedLoad::new(Arc::clone(&cache), Source::Path(path), options());
    let mut bench = Workbench::default();
    while job.stage() < Stage::Decoding {
        job.step(&mut bench).expect("a good file");
    }
    job.pulse().stop();
    assert!(job.step(&mut bench).is_err());
    assert_eq!(counts(&cache), [0; 5]);
}

#[test]
fn a_load_that_is_stopped_stores_no_more() {
    let folder = Folder::new();
    let path = folder.copy("flac_16.flac");
    let cache = folder.cache();
    let mut job = CachedLoad::new(Arc::clone(&cache), Source::Path(path.clone()), options());
    let mut bench = Workbench::default();
    // What is left to be done of it once it is decoded is to be stored.
    let whole = decoded(&path).buffer.byte_len();
    while job.buffer().is_none_or(|it| !it.is_finished() || it.byte_len() < whole) {
        assert!(matches!(job.step(&mut bench), Ok(Step::Working)), "it is not stored yet");
    }
    job.pulse().stop();
    assert!(matches!(job.step(&mut bench), Ok(Step::Done(_))), "the sample is there");
    assert_eq!(counts(&cache), [0, 1, 0, 0, 0]);
    assert_eq!(folder.kept("unfinished"), Vec::<PathBuf>::new());
}

#[test]
fn a_sample_that_has_no_room_takes_it_from_no_other() {
    let folder = Folder::new();
    let (small, large) = (folder.copy("flac_16.flac"), folder.0.join("large.wav"));
    fs::write(&large, ramp_wav(1_000_000, 44_100)).expect("writable");
    settled(&large);
    load(&folder.cache(), &small).expect("a good file");
    let bytes = decoded(&large).buffer.byte_len() as u64;
    let cache = folder.cache_of(bytes - 1);
    load(&cache, &large).expect("a good file");
    assert_eq!(counts(&cache), [0, 1, 0, 0, 0]);
    load(&cache, &small).expect("a good file");
    assert_eq!(counts(&cache), [1, 1, 0, 0, 0]);
}

#[test]
fn a_sample_that_all_others_would_have_to_leave_for_is_not_kept() {
    let folder = Folder::new();
    let (small, large) = (folder.copy("flac_16.flac"), folder.0.join("large.wav"));
    fs::write(&large, ramp_wav(1_000_000, 44_100)).expect("writable");
    settled(&large);
    load(&folder.cache(), &small).expect("a good file");
    let bytes = decoded(&large).buffer.byte_len() as u64;
    // Beside the other it does not fit, and alone it takes more than nine tenths.
    let cache = folder.cache_of(bytes + 16_384);
    for hits in 0..3 {
        load(&cache, &large).expect("a good file");
        assert_eq!(counts(&cache), [hits, hits + 1, 0, 0, 0]);
        load(&cache, &small).expect("a good file");
        assert_eq!(counts(&cache), [hits + 1, hits + 1, 0, 0, 0]);
    }
}

#[test]
fn what_another_process_is_writing_stays_for_an_hour() {
    let folder = Folder::new();
    drop(folder.cache());
    let [young, old] =
        ["1-2-3.unfinished", "1-2-4.unfinished"].map(|name| folder.0.join("cache").join(name));
    for (path, minutes) in [(&young, 50), (&old, 70)] {
        fs::write(path, [0; 100]).expect("writable");
        used(path, SystemTime::now() - Duration::from_secs(60 * minutes));
    }
    drop(folder.cache());
    assert_eq!((young.exists(), old.exists()), (true, false));
}

#[test]
fn a_card_is_of_one_file_as_it_was_at_one_time() {
    let file = SourceIdentity { device: 1, inode: 2, len: 3, modified_ns: 4, changed_ns: 5 };
    let others = [
        SourceIdentity { device: 6, ..file },
        SourceIdentity { inode: 6, ..file },
        SourceIdentity { len: 6, ..file },
        SourceIdentity { modified_ns: 6, ..file },
        SourceIdentity { changed_ns: 6, ..file },
    ];
    for other in others {
        assert!(Key::card(&other) != Key::card(&file), "{other:?}");
    }
}
