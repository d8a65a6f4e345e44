//! Which file a path leads to, so that the same one is not loaded twice.

#[cfg(windows)]
mod windows;

#[cfg(windows)]
pub(crate) use windows::is_of_disk;

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A file with a certain content: equal as long as it is the same file and nobody has changed
/// anything about it, as far as its length and its times tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourceIdentity {
    /// The file system.
    pub device: u64,
    /// The file in it.
    pub inode: u64,
    /// Length in bytes.
    pub len: u64,
    /// When it was last modified, in ns since 1970.
    pub modified_ns: i128,
    /// When anything about it was last changed, its times included, in ns since 1970: what gives a
    /// file that it has written to its old time back, as taggers do, shows here. So does what
    /// leaves its content alone, as another name or other permissions.
    pub changed_ns: i128,
}

/// Steps of a file system's clock that are so long that two changes may share one: FAT and exFAT have
/// times in steps of 10 ms at best,
const COARSE_STEP_NS: i128 = 10_000_000;
/// and of 2 s at worst.
const COARSEST_STEP: Duration = Duration::from_secs(2);

impl SourceIdentity {
    /// Whether it may be changed after `now` and stay the same identity: it was changed less than 2 s
    /// before, and its file system keeps times in coarse steps, as FAT and exFAT do.
    pub fn may_change_unseen(&self, now: SystemTime) -> bool {
        self.is_coarse() && !self.was_left_alone(COARSEST_STEP, now)
    }

    /// Whether its times are in coarse steps.
    pub(crate) fn is_coarse(&self) -> bool {
        [self.modified_ns, self.changed_ns].iter().all(|ns| ns % COARSE_STEP_NS == 0)
    }

    /// Whether nobody has changed it for so long. Archives are unpacked with times of their own, which
    /// may be yet to come; when that was done, the other time says.
    pub(crate) fn was_left_alone(&self, time: Duration, now: SystemTime) -> bool {
        let Self { modified_ns, changed_ns, .. } = *self;
        let now_ns = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let now_ns = i128::try_from(now_ns).unwrap_or(0);
        let last_ns = if modified_ns > now_ns { changed_ns } else { modified_ns.max(changed_ns) };
        u128::try_from(now_ns - last_ns).is_ok_and(|ns| ns >= time.as_nanos())
    }
}

/// Whether what is read on of a file that was opened before would be of another one, or of one that
/// was written to since. Another name or other permissions end no load and no stream.
pub(crate) fn is_another(now: Option<SourceIdentity>, opened: Option<SourceIdentity>) -> bool {
    let written = |file: SourceIdentity| (file.device, file.inode, file.len, file.modified_ns);
    now.map(written) != opened.map(written)
}

/// Asks which file `path` leads to now, without opening it to read.
///
/// # Errors
/// Those of the system; `Unsupported` where it does not tell files apart.
///
/// ```
/// let this = hotcue::identify("Cargo.toml".as_ref())?;
/// assert_eq!(this, hotcue::identify("./Cargo.toml".as_ref())?);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn identify(path: &Path) -> io::Result<SourceIdentity> {
    #[cfg(unix)]
    return Ok(of_metadata(&std::fs::metadata(path)?));
    #[cfg(windows)]
    return windows::identity(&windows::open_to_ask(path)?);
    #[cfg(not(any(unix, windows)))]
    return Err(io::Error::new(
        io::ErrorKind::Unsupported,
        format!("{}: this system does not tell files apart", path.display()),
    ));
}

/// The identity of an open file; None where the system says too little. `metadata` is that file's.
#[expect(unused_variables, reason = "each system says it by one of them")]
pub(crate) fn identity(file: &File, metadata: &Metadata) -> Option<SourceIdentity> {
    #[cfg(unix)]
    return Some(of_metadata(metadata));
    #[cfg(windows)]
    return windows::identity(file).ok();
    #[cfg(not(any(unix, windows)))]
    return None;
}

#[cfg(unix)]
fn of_metadata(metadata: &Metadata) -> SourceIdentity {
    use std::os::unix::fs::MetadataExt;
    let ns = |secs: i64, ns: i64| i128::from(secs) * 1_000_000_000 + i128::from(ns);
    SourceIdentity {
        device: metadata.dev(),
        inode: metadata.ino(),
        len: metadata.len(),
        modified_ns: ns(metadata.mtime(), metadata.mtime_nsec()),
        changed_ns: ns(metadata.ctime(), metadata.ctime_nsec()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, SourceIdentity, UNIX_EPOCH};

    #[test]
    fn where_times_are_coarse_what_was_just_written_may_change_unseen() {
        let of = |modified_ns, changed_ns| SourceIdentity {
            device: 1,
            inode: 2,
            len: 3,
            modified_ns,
            changed_ns,
        };
        let may_change = |file: SourceIdentity, ms: u64| {
            file.may_change_unseen(UNIX_EPOCH + Duration::from_millis(ms))
        };
        for coarse in [of(10_000_000_000, 10_000_000_000), of(4_000_000_000, 10_000_000_000)] {
            assert!([9_000, 10_000, 11_999].iter().all(|ms| may_change(coarse, *ms)));
            assert!(!may_change(coarse, 12_000));
        }
        // Unpacked, with a time of its own, where a change is noted to the nanosecond.
        assert!(!may_change(of(10_000_000_000, 10_000_000_001), 10_000));
    }
}
