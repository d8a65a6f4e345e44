//! Samples that are handed out before they are stored.

use std::fs;
#[cfg(unix)]
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Folder, assert_same, counts, decoded, finish, load, options, settled};
use crate::cache::{Cache, CacheStore, CachedLoad};
use crate::job::{LoadedSample, Step};
use crate::resample::Workbench;
#[cfg(unix)]
use crate::source::is_another;
use crate::source::{Source, identify};
use crate::testing::ramp_wav;

/// A file whose sample is too long to be stored at once: 22 MB.
fn long(folder: &Folder) -> PathBuf {
    let path = folder.0.join("long.wav");
    fs::write(&path, ramp_wav(2_500_000, 44_100)).expect("writable");
    settled(&path);
    path
}

/// The sample of a file, and what is to be stored of it.
fn loaded(cache: &Arc<Cache>, path: &Path) -> (LoadedSample, Option<CacheStore>) {
    let mut job = CachedLoad::new(Arc::clone(cache), Source::Path(path.into()), options());
    let mut bench = Workbench::default();
    loop {
        if let Step::Done(sample) = job.step(&mut bench).expect("a good file") {
            let store = job.take_store();
            assert!(job.take_store().is_none(), "it is there once");
            return (sample, store);
        }
    }
}

#[test]
fn a_long_sample_is_there_before_it_is_stored() {
    let folder = Folder::new();
    let (cache, path) = (folder.cache(), long(&folder));
    let (sample, store) = loaded(&cache, &path);
    assert_same(&sample, &decoded(&path));
    assert_eq!(counts(&cache), [0, 1, 0, 0, 0]);
    finish(store.expect("it is to be stored"));
    assert_eq!(counts(&cache), [0, 1, 1, 0, 0]);
    let (again, store) = loaded(&cache, &path);
    assert_same(&again, &sample);
    assert_eq!(counts(&cache), [1, 1, 1, 0, 0]);
    assert!(store.is_none(), "what comes from there is there");
}

#[test]
fn a_short_sample_is_stored_before_it_is_there() {
    let folder = Folder::new();
    let cache = folder.cache();
    let (_, store) = loaded(&cache, &folder.copy("flac_16.flac"));
    assert!(store.is_none());
    assert_eq!(cache.stats().stored, 1);
}

#[test]
fn a_store_that_is_dropped_leaves_nothing() {
    let folder = Folder::new();
    let (cache, path) = (folder.cache(), long(&folder));
    let mut steps = 0;
    loop {
        let (_sample, store) = loaded(&cache, &path);
        let mut store = store.expect("it is to be stored");
        let goes_on = (0..steps).all(|_| store.step());
        drop(store);
        assert_eq!(folder.kept("unfinished"), Vec::<PathBuf>::new());
        assert_eq!(folder.kept("sample").len(), usize::from(!goes_on));
        if !goes_on {
            break;
        }
        steps += 1;
    }
    assert!(steps > 10, "{steps} steps");
}

#[test]
fn what_is_let_go_of_before_it_is_stored_is_not_stored_and_keeps_no_memory() {
    let folder = Folder::new();
    let (cache, path) = (folder.cache(), long(&folder));
    for steps in [0, 1, 12] {
        let (sample, store) = loaded(&cache, &path);
        let mut store = store.expect("it is to be stored");
        assert!((0..steps).all(|_| store.step()));
        let buffer = Arc::downgrade(&sample.buffer);
        drop(sample);
        assert!(buffer.upgrade().is_none(), "after {steps} steps");
        assert!(!store.step());
        assert_eq!(folder.kept("unfinished"), Vec::<PathBuf>::new());
        assert_eq!(folder.kept("sample"), Vec::<PathBuf>::new());
    }
    load(&cache, &path).expect("a good file");
    assert_eq!(counts(&cache), [0, 4, 1, 0, 0]);
}

#[test]
fn of_a_file_that_has_changed_before_it_was_stored_nothing_is_kept() {
    let folder = Folder::new();
    let (cache, path) = (folder.cache(), long(&folder));
    let (sample, store) = loaded(&cache, &path);
    fs::write(&path, ramp_wav(2_500_001, 44_100)).expect("writable");
    settled(&path);
    finish(store.expect("it was to be stored"));
    assert_eq!(folder.kept("sample"), Vec::<PathBuf>::new());
    assert_eq!(folder.kept("card"), Vec::<PathBuf>::new());
    let (now, _) = loaded(&cache, &path);
    assert_same(&now, &decoded(&path));
    assert_ne!(now.buffer.frames(), sample.buffer.frames());
}

/// Writes to a file, as long as before, and gives it its old time back.
#[cfg(unix)]
fn retouch(path: &Path) {
    let before = identify(path).expect("there");
    let mut bytes = fs::read(path).expect("there");
    bytes[100_000] ^= 0x20;
    let modified = fs::metadata(path).and_then(|it| it.modified()).expect("there");
    fs::write(path, bytes).expect("writable");
    File::options().append(true).open(path).and_then(|it| it.set_modified(modified)).expect("ours");
    settled(path);
    let now = identify(path).expect("there");
    assert!(!is_another(Some(now), Some(before)), "a load that reads on cannot tell them apart");
    assert_ne!(now, before);
}

#[cfg(unix)]
#[test]
fn of_a_file_that_was_given_its_old_time_back_before_it_was_stored_nothing_is_kept() {
    let folder = Folder::new();
    let (cache, path) = (folder.cache(), long(&folder));
    for steps in [0, 1] {
        let (_sample, store) = loaded(&cache, &path);
        let mut store = store.expect("it was to be stored");
        assert!((0..steps).all(|_| store.step()));
        retouch(&path);
        finish(store);
        assert_eq!(folder.kept("sample"), Vec::<PathBuf>::new(), "after {steps} steps");
        let (now, _) = loaded(&cache, &path);
        assert_same(&now, &decoded(&path));
    }
}

#[cfg(unix)]
#[test]
fn of_a_file_that_was_given_its_old_time_back_while_it_was_decoded_nothing_is_kept() {
    let folder = Folder::new();
    let (cache, path) = (folder.cache(), folder.0.join("short.wav"));
    fs::write(&path, ramp_wav(400_000, 44_100)).expect("writable");
    settled(&path);
    let mut job = CachedLoad::new(Arc::clone(&cache), Source::Path(path.clone()), options());
    let mut bench = Workbench::default();
    while job.percent() < 50.0 {
        job.step(&mut bench).expect("a good file");
    }
    retouch(&path);
    while !matches!(job.step(&mut bench).expect("a good file"), Step::Done(_)) {}
    assert_eq!(folder.kept("sample"), Vec::<PathBuf>::new());
    assert_same(&load(&cache, &path).expect("a good file"), &decoded(&path));
}

#[cfg(unix)]
#[test]
fn what_a_path_leads_to_for_a_moment_is_not_taken_for_what_was_loaded() {
    let folder = Folder::new();
    let (cache, one) = (folder.cache(), long(&folder));
    // As long, but for one value the same.
    let other = folder.0.join("other.wav");
    let mut bytes = fs::read(&one).expect("there");
    bytes[100_000] ^= 0x20;
    fs::write(&other, bytes).expect("writable");
    settled(&other);
    let path = folder.0.join("link");
    let lead_to = |file: &Path| {
        fs::remove_file(&path).ok();
        std::os::unix::fs::symlink(file, &path).expect("writable");
    };
    lead_to(&one);
    let (_sample, store) = loaded(&cache, &path);
    let mut store = store.expect("it is to be stored");
    lead_to(&other);
    store.step();
    lead_to(&one);
    finish(store);
    for file in [&other, &one, &path] {
        let again = load(&cache, file).expect("a good file");
        assert_same(&again, &decoded(file));
    }
}

#[test]
fn what_a_card_says_is_looked_at_before_a_sample_is_stored() {
    let folder = Folder::new();
    let cache = folder.cache();
    let [one, other] = ["flac_16.flac", "flac_24.flac"].map(|fixture| folder.copy(fixture));
    load(&cache, &one).expect("a good file");
    fs::remove_file(folder.kept("sample").remove(0)).expect("ours");
    // As one that was written to through a map, which left its times as they were.
    let [before, now] = [&one, &other].map(|path| identify(path).expect("there"));
    cache.note(&now, cache.content_of(&before).expect("it has a card"));
    // It is stored once its card says what it holds.
    for (path, stored) in [(&other, 1), (&one, 2), (&other, 3), (&other, 3), (&one, 3)] {
        assert_same(&load(&cache, path).expect("a good file"), &decoded(path));
        assert_eq!(cache.stats().stored, stored, "{}", path.display());
    }
}

#[cfg(unix)]
#[test]
fn an_entry_that_may_not_be_read_is_made_anew() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new();
    let (cache, path) = (folder.cache(), folder.copy("flac_16.flac"));
    load(&cache, &path).expect("a good file");
    let entry = folder.kept("sample").remove(0);
    fs::set_permissions(&entry, fs::Permissions::from_mode(0o0)).expect("ours");
    if File::open(&entry).is_ok() {
        // Who runs this may read everything.
        return;
    }
    for stored in [2, 2] {
        load(&cache, &path).expect("a good file");
        assert_eq!(cache.stats().stored, stored);
    }
    assert_eq!(cache.stats().hits, 1);
}

#[test]
fn of_two_that_store_the_same_one_entry_is_left_whoever_is_first() {
    let folder = Folder::new();
    let path = long(&folder);
    // As two processes.
    let caches = [folder.cache(), folder.cache()];
    let both = caches.each_ref().map(|cache| loaded(cache, &path));
    let [(one, mut first), (_other, mut second)] = both;
    let (first, second) = (first.as_mut().expect("to store"), second.as_mut().expect("to store"));
    // Both are in the middle of it before either is through.
    while first.step() | second.step() {}
    assert_eq!(folder.kept("sample").len(), 1);
    assert_eq!(folder.kept("unfinished"), Vec::<PathBuf>::new());
    let (again, _) = loaded(&folder.cache(), &path);
    assert_same(&again, &one);
}

#[test]
fn what_another_has_stored_is_not_stored_again() {
    let folder = Folder::new();
    let path = long(&folder);
    let caches = [folder.cache(), folder.cache()];
    let both = caches.each_ref().map(|cache| loaded(cache, &path));
    for (_sample, store) in both {
        // The sample is held until then.
        finish(store.expect("it is to be stored"));
    }
    assert_eq!(caches.map(|cache| cache.stats().stored), [1, 0]);
}

#[test]
fn a_store_that_cannot_be_written_is_counted() {
    let folder = Folder::new();
    let (cache, path) = (folder.cache(), long(&folder));
    let (_sample, store) = loaded(&cache, &path);
    fs::remove_dir_all(folder.0.join("cache")).expect("ours");
    // Nor can it be made again.
    fs::write(folder.0.join("cache"), []).expect("writable");
    finish(store.expect("it is to be stored"));
    // Neither the card nor the entry.
    assert_eq!(counts(&cache), [0, 1, 0, 0, 2]);
}
