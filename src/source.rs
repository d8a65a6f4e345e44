//! Where the bytes of a load come from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the bytes of a load come from. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file. Opened by the decoder's first step, by nobody else.
    Path(PathBuf),
    /// The content itself.
    Memory(Arc<[u8]>),
}

impl Source {
    /// The path, where there is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Memory(_) => None,
        }
    }
}
