//! How much the folder holds, and what leaves it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, SystemTime};

use super::super::card::Key;
use super::{Folder, load, settled};
use crate::cache::Cache;
use crate::cache::leaving::{Seen, clear};
use crate::cache::store::Unkept;
use crate::source::SourceIdentity;
use crate::testing::ramp_wav;

/// What a small file counts as.
const LEAST: u64 = 4_096;

fn used_at(path: &Path, at: SystemTime) {
    File::options().append(true).open(path).and_then(|it| it.set_modified(at)).expect("ours");
}

/// Puts files into the cache that were used a minute after one another, in another order than that of
/// their names; the one that was used first comes first.
fn filled(folder: &Folder, count: u64) -> Vec<PathBuf> {
    fs::create_dir_all(folder.0.join("cache")).expect("writable");
    let begin = SystemTime::now() - Duration::from_secs(60 * count);
    let file = |place: u64| {
        let path = folder.0.join("cache").join(format!("{:064x}.result", place * 7_919 % count));
        fs::write(&path, [0; 10]).expect("writable");
        used_at(&path, begin + Duration::from_secs(60 * place));
        path
    };
    (0..count).map(file).collect()
}

fn are_there(files: &[PathBuf]) -> Vec<bool> {
    files.iter().map(|path| path.exists()).collect()
}

#[test]
fn a_tenth_is_freed_at_once_of_what_was_used_first() {
    let folder = Folder::new();
    let files = filled(&folder, 100);
    folder.cache_of(100 * LEAST);
    assert_eq!(are_there(&files), [true; 100], "that is not too much");
    // 99 files' worth of room, of which nine tenths are 89.1.
    folder.cache_of(99 * LEAST);
    assert_eq!(are_there(&files), [vec![false; 11], vec![true; 89]].concat());
    folder.cache_of(89 * LEAST);
    assert_eq!(are_there(&files[11..]), [true; 89], "that fits");
}

fn unkept(written: u64, wanted: u64) -> Unkept {
    Unkept { written, wanted }
}

#[test]
fn on_a_full_disk_room_is_made_for_what_did_not_fit() {
    let folder = Folder::new();
    let files = filled(&folder, 100);
    let cache = folder.cache();
    let full = io::Error::from(io::ErrorKind::StorageFull);
    // A half of it was written: there is room for 120, and 40 with a card are to come.
    cache.failed(&full, unkept(20 * LEAST, 40 * LEAST));
    assert_eq!(are_there(&files), [vec![false; 21], vec![true; 79]].concat());
    assert!(cache.has_room_for(40 * LEAST));
    // What is larger than nine tenths of the room will not be tried again.
    cache.failed(&full, unkept(20 * LEAST, 95 * LEAST));
    assert!(!cache.has_room_for(95 * LEAST));
    assert_eq!(are_there(&files[21..]), [true; 79]);
}

#[test]
fn a_full_disk_bounds_it_as_well() {
    let folder = Folder::new();
    let files = filled(&folder, 100);
    let cache = folder.cache();
    let full = io::Error::from(io::ErrorKind::StorageFull);
    cache.failed(&io::Error::from(io::ErrorKind::PermissionDenied), unkept(0, 0));
    // There was room for half as much again: 135 of 150 are more than there is.
    cache.failed(&full, unkept(50 * LEAST, 0));
    assert_eq!(are_there(&files), [true; 100]);
    assert!(!cache.has_room_for(151 * LEAST) && cache.has_room_for(49 * LEAST));
    // There was room for nothing, and that of others is not known here: 90 of 100 stay.
    let other = folder.cache();
    let begin = other.bytes();
    cache.failed(&full, unkept(0, 0));
    assert_eq!(are_there(&files), [vec![false; 10], vec![true; 90]].concat());
    assert_eq!((begin, cache.bytes(), cache.stats().failures), (100 * LEAST, 90 * LEAST, 3));
    // The eleventh that comes is the 101st: 11 leave.
    (0..12).for_each(|number| cache.note(&identity(number), Key::from_bytes([7; 32])));
    assert_eq!(cache.bytes(), 91 * LEAST);
    assert_eq!(are_there(&files[10..]), [vec![false; 11], vec![true; 79]].concat());
}

#[test]
fn a_file_counts_as_the_blocks_of_a_disk_that_it_takes() {
    let folder = Folder::new();
    let files = filled(&folder, 6);
    for (file, bytes) in files.iter().zip([0, 1, 4_096, 4_097, 8_192, 8_193]) {
        fs::write(file, vec![0; bytes]).expect("ours");
    }
    let cache = folder.cache();
    assert_eq!(cache.bytes(), (1 + 1 + 1 + 2 + 2 + 3) * LEAST);
    load(&cache, &folder.copy("flac_16.flac")).expect("a good file");
    assert_eq!(cache.bytes(), folder.cache().bytes(), "what comes in is counted as what is there");
    // What takes three of three blocks has no room for its card.
    let cache = Folder::new().cache_of(3 * LEAST);
    assert!(cache.has_room_for(2 * LEAST) && !cache.has_room_for(2 * LEAST + 1));
}

#[test]
fn of_what_was_heard_in_a_set_larger_than_the_room_most_is_there_the_next_time() {
    let folder = Folder::new();
    // Nine tenths of what 100 cards take.
    let found = || {
        let cache = folder.cache_of(90 * LEAST);
        let find = |number: &u64| {
            let is_there = cache.content_of(&identity(*number)).is_some();
            if !is_there {
                cache.note(&identity(*number), Key::from_bytes([7; 32]));
                // Times of files are of some milliseconds.
                thread::sleep(Duration::from_millis(5));
            }
            is_there
        };
        (0..100).filter(find).count()
    };
    assert_eq!(found(), 0);
    // Nine tenths of the room are 81.
    for _ in 0..2 {
        let found = found();
        assert!(found >= 75, "{found} of 100");
    }
}

#[cfg(unix)]
#[test]
fn a_folder_is_made_for_this_user_alone_and_one_that_is_there_stays_as_it_is() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new();
    let path = folder.0.join("cache");
    let mode = || fs::metadata(&path).expect("there").permissions().mode() & 0o777;
    let cache = folder.cache();
    assert_eq!(mode(), 0o700);
    fs::remove_dir(&path).expect("it is empty");
    cache.note(&identity(1), Key::from_bytes([7; 32]));
    assert_eq!((mode(), cache.stats().failures), (0o700, 0), "it is made again");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("ours");
    drop(folder.cache());
    assert_eq!(mode(), 0o755);
}

#[test]
fn two_that_make_room_at_once_free_no_more_than_one() {
    for _ in 0..20 {
        let folder = Folder::new();
        let files = filled(&folder, 400);
        // As two processes that are opened, and two threads of one.
        let barrier = Barrier::new(2);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    barrier.wait();
                    folder.cache_of(399 * LEAST);
                });
            }
        });
        let left = are_there(&files).into_iter().filter(|is_there| *is_there).count();
        assert_eq!(left, 359, "nine tenths of 399 are 359.1");
    }
}

#[test]
fn what_comes_while_another_thread_makes_room_is_no_more_than_fits() {
    const ROOM: u64 = 40 * LEAST;
    for _ in 0..40 {
        let folder = Folder::new();
        let cache = folder.cache_of(ROOM);
        let barrier = Barrier::new(2);
        let fill = |thread: u8| {
            let written = |number: u8| {
                let mut file = cache.unfinished().expect("writable");
                // A quarter of the room.
                file.write_all(&[0; 40_960]).expect("writable");
                (file, Key::from_bytes([10 * thread + number; 32]))
            };
            let files: Vec<_> = (0..10).map(written).collect();
            barrier.wait();
            files.into_iter().for_each(|(file, key)| cache.keep_result(file, key));
        };
        thread::scope(|scope| {
            scope.spawn(|| fill(0));
            scope.spawn(|| fill(1));
        });
        let len = |path: &PathBuf| fs::metadata(path).expect("it is there").len();
        let held: u64 = folder.kept("result").iter().map(len).sum();
        assert!(held > 0 && held <= ROOM, "{held} bytes of {ROOM}");
    }
}

/// A file that is 10 bytes longer than a number says.
fn identity(number: u64) -> SourceIdentity {
    SourceIdentity { device: 1, inode: number, len: number + 10, modified_ns: 1, changed_ns: 1 }
}

#[test]
fn what_is_noted_while_the_folder_is_listed_is_neither_forgotten_nor_left_out() {
    let folder = Folder::new();
    filled(&folder, 300);
    let cache = folder.cache();
    // Of the files that are noted, and of listings that are over.
    let (noted, listings) = (AtomicU64::new(0), AtomicU64::new(0));
    let lost = || {
        let count = noted.load(Ordering::Acquire);
        let forgotten = (0..count).find(|number| !cache.may_know(identity(*number).len));
        let bytes = cache.bytes();
        let is_left_out = bytes < (300 + count) * LEAST;
        (forgotten.is_some() || is_left_out)
            .then(|| format!("of {count} {forgotten:?} is forgotten, {bytes} bytes"))
    };
    thread::scope(|scope| {
        let noting = scope.spawn(|| {
            for number in 0..150 {
                cache.note(&identity(number), Key::from_bytes([7; 32]));
                noted.store(number + 1, Ordering::Release);
                assert_eq!(lost(), None);
                // Some in each listing, early and late.
                let listed = listings.load(Ordering::Relaxed);
                while number % 5 == 4 && listings.load(Ordering::Relaxed) == listed {
                    thread::yield_now();
                }
            }
        });
        let mut first_lost = None;
        while !noting.is_finished() {
            cache.look_around().expect("a folder");
            first_lost = first_lost.or_else(lost);
            listings.fetch_add(1, Ordering::Relaxed);
        }
        assert_eq!(first_lost, None);
    });
    assert!((450 * LEAST..550 * LEAST).contains(&cache.bytes()), "{} bytes", cache.bytes());
    assert_eq!(cache.stats().failures, 0);
}

#[test]
fn a_card_that_is_read_stays_as_long_as_its_entry() {
    let folder = Folder::new();
    let path = folder.copy("flac_16.flac");
    load(&folder.cache(), &path).expect("a good file");
    let [card] = folder.kept("card").try_into().expect("one card");
    let [entry] = folder.kept("sample").try_into().expect("one entry");
    let hour_ago = SystemTime::now() - Duration::from_secs(3_600);
    for file in [&card, &entry] {
        used_at(file, hour_ago);
    }
    load(&folder.cache(), &path).expect("a good file");
    for file in [card, entry] {
        let used = fs::metadata(&file).and_then(|it| it.modified()).expect("it is there");
        assert!(used > hour_ago + Duration::from_secs(60), "{}", file.display());
    }
}

#[test]
fn files_that_are_numbered_anew_are_known_by_their_content_alone() {
    let folder = Folder::new();
    let cache: Arc<Cache> = folder.cache();
    // As FAT has them, in steps of two seconds, and exFAT, of 10 ms.
    for ns in [1_700_000_002_000_000_000, 1_700_000_001_230_000_000] {
        let file = SourceIdentity { modified_ns: ns, changed_ns: ns, ..identity(4) };
        cache.note(&file, Key::from_bytes([7; 32]));
        assert!(cache.content_of(&file).is_none());
        assert!(cache.may_know(file.len), "it is worth a look");
        // Unpacked with a time of its own where the system notes when.
        let file = SourceIdentity { changed_ns: ns + 4_567_891, ..file };
        cache.note(&file, Key::from_bytes([7; 32]));
        assert!(cache.content_of(&file).is_some());
    }
}

#[test]
fn what_was_removed_from_a_listed_folder_is_forgotten() {
    let folder = Folder::new();
    let cache: Arc<Cache> = folder.cache();
    let file = identity(3);
    cache.note(&file, Key::from_bytes([7; 32]));
    assert!(cache.content_of(&file).is_some());
    fs::remove_file(folder.kept("card").remove(0)).expect("ours");
    assert!(cache.may_know(file.len));
    cache.look_around().expect("a folder");
    assert!(!cache.may_know(file.len));
    assert_eq!(cache.bytes(), 0);
}

#[test]
fn of_a_set_larger_than_the_room_most_is_there_the_next_time() {
    let folder = Folder::new();
    let files: Vec<PathBuf> = (0..10)
        .map(|number| {
            let path = folder.0.join(format!("{number}.wav"));
            // Each of its own content.
            fs::write(&path, ramp_wav(20_000 + number, 44_100)).expect("writable");
            settled(&path);
            path
        })
        .collect();
    let all = {
        let beside = Folder::new();
        let cache = beside.cache();
        files.iter().for_each(|path| drop(load(&cache, path).expect("a good file")));
        cache.bytes()
    };
    let hits = |later: bool| {
        if later {
            let day_ago = SystemTime::now() - Duration::from_secs(24 * 3_600);
            let kept = ["sample", "card"].map(|extension| folder.kept(extension)).concat();
            kept.iter().for_each(|path| used_at(path, day_ago));
        }
        let cache = folder.cache_of(all * 8 / 10);
        files.iter().for_each(|path| drop(load(&cache, path).expect("a good file")));
        assert!(cache.bytes() <= all * 8 / 10);
        cache.stats().hits
    };
    assert_eq!(hits(false), 0);
    // Nine tenths of eight tenths are seven files. Times of files that are written are some
    // milliseconds early, so that one that was just read may leave in place of one that has come.
    for later in [false, true, true] {
        let hits = hits(later);
        assert!((6..=7).contains(&hits), "{hits} hits");
    }
}

#[test]
fn what_was_heard_outlasts_audio_unless_it_takes_a_quarter_of_the_room() {
    let hours_ago =
        |hours: u64| SystemTime::UNIX_EPOCH + Duration::from_secs((1_000 - hours) * 3_600);
    let file = |is_sample: bool, hours: u64, bytes: u64| Seen {
        used: hours_ago(hours),
        bytes,
        path: PathBuf::from(format!("{hours}")),
        is_sample,
    };
    let left = |files: Vec<Seen>, room: u64| {
        let mut gone = Vec::new();
        let left = clear(files, room, hours_ago(0), |path| {
            gone.push(path.to_str().and_then(|name| name.parse().ok()).unwrap_or(0_u64));
            true
        });
        (gone, left)
    };
    let samples = |hours: std::ops::Range<u64>| hours.map(|hours| file(true, hours, 100));
    let results = |hours: std::ops::Range<u64>| hours.map(|hours| file(false, hours, 10));
    // 10 results take a quarter of the room, and are older than all samples.
    let all = || samples(10..16).chain(results(90..100)).collect::<Vec<_>>();
    assert_eq!(left(all(), 400), (vec![15, 14, 13], 400));
    // There are two more of them.
    let more = || samples(10..16).chain(results(90..102)).collect::<Vec<_>>();
    assert_eq!(left(more(), 400), (vec![101, 100, 15, 14, 13], 400));
    // Alone they may have all of it, and leave as they were used.
    assert_eq!(left(results(90..102).collect(), 100), (vec![101, 100], 100));
    assert_eq!(left(all(), 700), (vec![], 700));
    // What cannot be removed counts on.
    assert_eq!(clear(all(), 400, hours_ago(0), |_| false), 700);
}
