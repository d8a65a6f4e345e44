//! What a decoder steps.

use std::sync::Arc;
use std::time::Duration;

use hotcue::analysis::{AnalysisJob, AnalysisKind, AnalysisStep};
use hotcue::{
    Cache, CacheStore, CachedAnalysis, CachedLoad, LoadError, LoadJob, LoadOptions, LoadedSample,
    Pulse, SampleBuffer, SharedLoad, Source, SourceIdentity, Stage, Step, StreamedSample,
    Workbench,
};

use crate::streaming::StreamWork;

/// One load as a value that travels: in life core's [`LoadJob`], under a virtual clock a script.
///
/// Whoever holds it steps it, hands it to another thread, or drops it.
pub trait Work: Send {
    /// Does a little of the load.
    ///
    /// # Errors
    /// As [`LoadJob::step`].
    fn step(&mut self, bench: &mut Workbench) -> Result<Step, LoadError>;

    /// Where the load is; never goes back.
    fn stage(&self) -> Stage;

    /// How much is done, 0..=100; never falls.
    fn percent(&self) -> f32;

    /// Which file it is, once open; None for what is no file.
    fn identity(&self) -> Option<SourceIdentity>;

    /// Length of the source in bytes, once open.
    fn byte_len(&self) -> Option<u64>;

    /// What is read so far; tells also while a step is stuck inside a read.
    fn pulse(&self) -> Arc<Pulse>;

    /// Bytes of the sample that room is made for so far.
    fn held_bytes(&self) -> usize;

    /// The sample as far as it is there, where its memory does not move: as [`LoadJob::buffer`].
    fn buffer(&self) -> Option<Arc<SampleBuffer>> {
        None
    }

    /// What is known of that sample by now: as [`LoadJob::arriving`].
    fn arriving(&self) -> Option<LoadedSample> {
        None
    }

    /// What it streams, once that is ready: the sample is the head of it then.
    fn streamed(&self) -> Option<Arc<StreamedSample>> {
        None
    }

    /// What other decoders may help with; None where there is nothing.
    fn shared(&self) -> Option<Arc<SharedLoad>> {
        None
    }

    /// What is still to be stored of the sample that it has come to, once: by whoever has the time, and
    /// keeping no memory.
    fn store(&mut self) -> Option<Box<dyn Store>> {
        None
    }

    /// Time that the last step took and that no thread has spent: of a script only.
    fn blocks_for(&mut self) -> Duration {
        Duration::ZERO
    }
}

/// What all of the core's loads have in common is called the same there.
macro_rules! works {
    ($load:ty $(, $store:item)?) => {
        impl Work for $load {
            $($store)?

            fn step(&mut self, bench: &mut Workbench) -> Result<Step, LoadError> {
                Self::step(self, bench)
            }

            fn stage(&self) -> Stage {
                Self::stage(self)
            }

            fn percent(&self) -> f32 {
                Self::percent(self)
            }

            fn identity(&self) -> Option<SourceIdentity> {
                Self::identity(self)
            }

            fn byte_len(&self) -> Option<u64> {
                Self::byte_len(self)
            }

            fn pulse(&self) -> Arc<Pulse> {
                Self::pulse(self)
            }

            fn held_bytes(&self) -> usize {
                Self::held_bytes(self)
            }

            fn buffer(&self) -> Option<Arc<SampleBuffer>> {
                Self::buffer(self)
            }

            fn arriving(&self) -> Option<LoadedSample> {
                Self::arriving(self)
            }

            fn shared(&self) -> Option<Arc<SharedLoad>> {
                Self::shared(self)
            }
        }
    };
}

works!(LoadJob);
works!(
    CachedLoad,
    fn store(&mut self) -> Option<Box<dyn Store>> {
        self.take_store().map(|store| Box::new(store) as Box<dyn Store>)
    }
);

/// A sample on its way to where it is found again, as a value that travels: in life core's
/// [`CacheStore`]. Dropped, it leaves nothing behind.
pub trait Store: Send {
    /// Does a little of it; false once there is nothing left to do.
    fn step(&mut self) -> bool;

    /// Time that the last step took and that no thread has spent: of a script only.
    fn blocks_for(&mut self) -> Duration {
        Duration::ZERO
    }
}

impl Store for CacheStore {
    fn step(&mut self) -> bool {
        Self::step(self)
    }
}

/// One pass over a sample as a value that travels: in life core's [`AnalysisJob`].
pub trait Study: Send {
    /// Does a little of it, as [`AnalysisJob::step`].
    fn step(&mut self) -> AnalysisStep;

    /// Time that the last step took and that no thread has spent: of a script only.
    fn blocks_for(&mut self) -> Duration {
        Duration::ZERO
    }
}

impl Study for AnalysisJob {
    fn step(&mut self) -> AnalysisStep {
        Self::step(self)
    }
}

impl Study for CachedAnalysis {
    fn step(&mut self) -> AnalysisStep {
        Self::step(self)
    }
}

/// Makes the work of a load, and looks at files that wait: all that decoders know of the disk.
pub trait Workshop: Send + Sync {
    /// A load that nothing was done for yet.
    fn work(&self, source: &Source, options: LoadOptions) -> Box<dyn Work>;

    /// A load of what stays in memory of a stream, likewise.
    fn stream(&self, source: &Source, options: LoadOptions) -> Box<dyn Work> {
        Box::new(StreamWork::new(source, options))
    }

    /// An analysis of a finished sample.
    fn study(&self, sample: &Arc<SampleBuffer>, kinds: &[AnalysisKind]) -> Box<dyn Study> {
        Box::new(AnalysisJob::new(Arc::clone(sample), kinds))
    }

    /// A look for what was heard before in a finished sample: it is over once it has told that. None
    /// where nothing is kept of that.
    fn recall(
        &self,
        _sample: &Arc<SampleBuffer>,
        _kinds: &[AnalysisKind],
    ) -> Option<Box<dyn Study>> {
        None
    }

    /// Which file `source` is now; None for what is no file, or is not there. May block on the
    /// disk.
    fn identify(&self, source: &Source) -> Option<SourceIdentity>;
}

/// The workshop of every engine outside a test.
#[derive(Debug)]
pub(crate) struct Files {
    /// Where what was heard is kept, and decoded audio, if anywhere.
    pub(crate) cache: Option<Arc<Cache>>,
    /// Whether decoded audio is.
    pub(crate) caches_audio: bool,
}

impl Workshop for Files {
    fn work(&self, source: &Source, options: LoadOptions) -> Box<dyn Work> {
        match &self.cache {
            Some(cache) if self.caches_audio => {
                Box::new(CachedLoad::new(Arc::clone(cache), source.clone(), options))
            }
            _ => Box::new(LoadJob::new(source.clone(), options)),
        }
    }

    fn study(&self, sample: &Arc<SampleBuffer>, kinds: &[AnalysisKind]) -> Box<dyn Study> {
        let sample = Arc::clone(sample);
        match &self.cache {
            Some(cache) => Box::new(CachedAnalysis::new(Arc::clone(cache), sample, kinds)),
            None => Box::new(AnalysisJob::new(sample, kinds)),
        }
    }

    fn recall(&self, sample: &Arc<SampleBuffer>, kinds: &[AnalysisKind]) -> Option<Box<dyn Study>> {
        let (cache, sample) = (Arc::clone(self.cache.as_ref()?), Arc::clone(sample));
        Some(Box::new(CachedAnalysis::recalling(cache, sample, kinds)))
    }

    fn identify(&self, source: &Source) -> Option<SourceIdentity> {
        source.path().and_then(|path| hotcue::identify(path).ok())
    }
}
