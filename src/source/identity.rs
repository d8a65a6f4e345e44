//! Which file a path leads to, so that the same one is not loaded twice.

use std::fs::{self, Metadata};
use std::hash::{Hash, Hasher};
use std::io;
use std::path::Path;

/// A file with a certain content: equal as long as it is the same file and nobody has written
/// to it, as far as length and time of modification tell.
#[derive(Clone, Copy, Debug)]
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
    /// leaves its content alone, as another name or other permissions; it makes no other file.
    pub changed_ns: i128,
}

impl SourceIdentity {
    fn key(&self) -> (u64, u64, u64, i128) {
        (self.device, self.inode, self.len, self.modified_ns)
    }
}

impl PartialEq for SourceIdentity {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for SourceIdentity {}

impl Hash for SourceIdentity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

/// Asks which file `path` leads to now, without opening it.
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
    identity(&fs::metadata(path)?).ok_or_else(|| {
        io::Error::new(io::ErrorKind::Unsupported, "this system does not tell files apart")
    })
}

/// The identity in what the system says of a file; None where it says too little.
pub(crate) fn identity(metadata: &Metadata) -> Option<SourceIdentity> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Some(SourceIdentity {
            device: metadata.dev(),
            inode: metadata.ino(),
            len: metadata.len(),
            modified_ns: i128::from(metadata.mtime()) * 1_000_000_000
                + i128::from(metadata.mtime_nsec()),
            changed_ns: i128::from(metadata.ctime()) * 1_000_000_000
                + i128::from(metadata.ctime_nsec()),
        })
    }
    #[cfg(not(unix))]
    {
        // Windows has file numbers, but the standard library does not give them out yet.
        let _ = metadata;
        None
    }
}
