//! Works that tell when their thread would be inside a step.

use std::sync::Arc;
use std::time::Duration;

use hotcue::analysis::{AnalysisKind, AnalysisStep};
use hotcue::{
    LoadError, LoadOptions, LoadedSample, Pulse, SampleBuffer, SharedLoad, Source, SourceIdentity,
    Stage, Step, StreamedSample, Workbench,
};

use super::{Store, Study, Work, Workshop, World};

/// The caller's workshop, watched.
pub(super) struct Watching(World);

impl Watching {
    pub(super) fn new(world: World) -> Self {
        Self(world)
    }
}

impl Workshop for Watching {
    fn work(&self, source: &Source, options: LoadOptions) -> Box<dyn Work> {
        let work = self.0.0.workshop.work(source, options);
        Box::new(Watched { work, world: self.0.clone() })
    }

    fn stream(&self, source: &Source, options: LoadOptions) -> Box<dyn Work> {
        let work = self.0.0.workshop.stream(source, options);
        Box::new(Watched { work, world: self.0.clone() })
    }

    fn study(&self, sample: &Arc<SampleBuffer>, kinds: &[AnalysisKind]) -> Box<dyn Study> {
        let work = self.0.0.workshop.study(sample, kinds);
        Box::new(Watched { work, world: self.0.clone() })
    }

    fn recall(&self, sample: &Arc<SampleBuffer>, kinds: &[AnalysisKind]) -> Option<Box<dyn Study>> {
        let work = self.0.0.workshop.recall(sample, kinds)?;
        Some(Box::new(Watched { work, world: self.0.clone() }))
    }

    fn identify(&self, source: &Source) -> Option<SourceIdentity> {
        self.0.0.workshop.identify(source)
    }
}

/// What is the caller's, watched.
struct Watched<T: ?Sized> {
    work: Box<T>,
    world: World,
}

impl<T: ?Sized> Watched<T> {
    /// The thread would be inside a step for so long.
    fn blocked_for(&self, time: Duration) -> Duration {
        self.world.block(time);
        time
    }
}

impl Work for Watched<dyn Work> {
    fn step(&mut self, bench: &mut Workbench) -> Result<Step, LoadError> {
        self.work.step(bench)
    }

    fn stage(&self) -> Stage {
        self.work.stage()
    }

    fn percent(&self) -> f32 {
        self.work.percent()
    }

    fn identity(&self) -> Option<SourceIdentity> {
        self.work.identity()
    }

    fn byte_len(&self) -> Option<u64> {
        self.work.byte_len()
    }

    fn pulse(&self) -> Arc<Pulse> {
        self.work.pulse()
    }

    fn held_bytes(&self) -> usize {
        self.work.held_bytes()
    }

    fn buffer(&self) -> Option<Arc<SampleBuffer>> {
        self.work.buffer()
    }

    fn arriving(&self) -> Option<LoadedSample> {
        self.work.arriving()
    }

    fn streamed(&self) -> Option<Arc<StreamedSample>> {
        self.work.streamed()
    }

    fn shared(&self) -> Option<Arc<SharedLoad>> {
        self.work.shared()
    }

    fn store(&mut self) -> Option<Box<dyn Store>> {
        let (work, world) = (self.work.store()?, self.world.clone());
        Some(Box::new(Watched { work, world }))
    }

    fn blocks_for(&mut self) -> Duration {
        let time = self.work.blocks_for();
        self.blocked_for(time)
    }
}

impl Store for Watched<dyn Store> {
    fn step(&mut self) -> bool {
        self.work.step()
    }

    fn blocks_for(&mut self) -> Duration {
        let time = self.work.blocks_for();
        self.blocked_for(time)
    }
}

impl Study for Watched<dyn Study> {
    fn step(&mut self) -> AnalysisStep {
        self.work.step()
    }

    fn blocks_for(&mut self) -> Duration {
        let time = self.work.blocks_for();
        self.blocked_for(time)
    }
}
