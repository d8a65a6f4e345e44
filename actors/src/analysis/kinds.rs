//! A set of kinds.

use hotcue::analysis::AnalysisKind;

/// Some of [`AnalysisKind::ALL`], in that order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kinds(u8);

fn bit(kind: AnalysisKind) -> u8 {
    // There are five.
    1 << kind as u8
}

impl Kinds {
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn contains(self, kind: AnalysisKind) -> bool {
        self.0 & bit(kind) != 0
    }

    /// Those that are in both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those that are in either.
    pub(crate) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those whose results are small.
    pub(crate) fn small(mut self) -> Self {
        self.remove(AnalysisKind::Waveform);
        self
    }

    /// Takes one out; false if it was not in.
    pub(crate) fn remove(&mut self, kind: AnalysisKind) -> bool {
        let was_in = self.contains(kind);
        self.0 &= !bit(kind);
        was_in
    }

    /// Takes the first one out.
    pub(crate) fn take_first(&mut self) -> Option<AnalysisKind> {
        let first = self.iter().next()?;
        self.remove(first);
        Some(first)
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = AnalysisKind> {
        AnalysisKind::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }
}

impl FromIterator<AnalysisKind> for Kinds {
    fn from_iter<I: IntoIterator<Item = AnalysisKind>>(kinds: I) -> Self {
        Self(kinds.into_iter().fold(0, |bits, kind| bits | bit(kind)))
    }
}
