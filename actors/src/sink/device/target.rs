//! The device that an engine was asked to play on, and the ways there.

use std::fmt;
use std::sync::Arc;

use hotcue::output::{self, DeviceError, OutputRequest, PreparedOutput};

/// Opens a path by its id.
type Open = dyn Fn(&str, &OutputRequest) -> Prepared + Send + Sync;
type Prepared = Result<Box<dyn PreparedOutput>, DeviceError>;

/// What to open, and to open again when it is lost.
#[derive(Clone)]
pub(crate) enum Target {
    /// Whatever is the default now.
    Default,
    /// One by its id.
    Id(String),
    /// A device of the program's own: the ids of the ways there, best first, and what opens them.
    Own { paths: Vec<String>, open: Arc<Open> },
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("Default"),
            Self::Id(id) => f.debug_tuple("Id").field(id).finish(),
            Self::Own { paths, .. } => f.debug_tuple("Own").field(paths).finish(),
        }
    }
}

impl Target {
    /// Prepares it by the first of its paths that opens.
    pub(crate) fn prepare(&self, request: &OutputRequest) -> Prepared {
        match self {
            Self::Default => output::prepare_default(request),
            _ => self.prepare_by(&self.paths(), request),
        }
    }

    /// A device of the program's own, if `path` is one of the ways there: that one is tried first.
    pub(crate) fn own_by(&self, path: &str) -> Option<Self> {
        let Self::Own { paths, open } = self else { return None };
        let mut paths = paths.clone();
        let at = paths.iter().position(|known| known == path)?;
        paths[..=at].rotate_right(1);
        Some(Self::Own { paths, open: Arc::clone(open) })
    }

    /// The ids of the ways there, best first.
    pub(super) fn paths(&self) -> Vec<String> {
        match self {
            Self::Default => output::default_paths(),
            Self::Id(id) => vec![id.clone()],
            Self::Own { paths, .. } => paths.clone(),
        }
    }

    /// Prepares it by the first of `paths` that opens.
    ///
    /// # Errors
    /// As those of [`output::prepare_first`].
    pub(super) fn prepare_by(&self, paths: &[String], request: &OutputRequest) -> Prepared {
        output::prepare_first(paths, |path| match self {
            Self::Default | Self::Id(_) => output::prepare_device(path, request),
            Self::Own { open, .. } => open(path, request),
        })
    }
}
