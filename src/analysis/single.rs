//! Analyses that come to one result, in one step.

use super::{AnalysisResult, Analyzer, Block, Conclusion};

/// An [`Analyzer`] of one result that is worked out while it hears.
pub(super) trait Single: Send {
    /// Hears the frames that follow those that it has heard.
    fn hear(&mut self, block: &Block<'_>);

    /// The result, within a step.
    fn conclude(self) -> AnalysisResult;
}

/// Makes an [`Analyzer`] of it, until the result is given.
pub(super) struct Once<S>(Option<S>);

impl<S> Once<S> {
    pub(super) fn new(single: S) -> Self {
        Self(Some(single))
    }
}

impl<S: Single> Analyzer for Once<S> {
    fn hear(&mut self, block: &Block<'_>) {
        if let Some(single) = &mut self.0 {
            single.hear(block);
        }
    }

    fn conclude(&mut self) -> Conclusion {
        self.0.take().map_or(Conclusion::End, |single| Conclusion::Result(single.conclude()))
    }
}
