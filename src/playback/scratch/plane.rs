//! One channel as a run sees it.

use super::super::track::Surroundings;

/// What the places of a run are filled with.
pub(in super::super) trait Plane: Copy {
    /// So many places from `first` on as one slice, if all of them are there.
    fn stretch(&self, first: i64, places: usize) -> Option<&[f32]>;

    /// What stands at a place; silence outside the sample.
    fn value(&self, place: i64, surroundings: &Surroundings) -> f32;
}

/// A sample in memory, by frame.
impl Plane for &[f32] {
    fn stretch(&self, first: i64, places: usize) -> Option<&[f32]> {
        let start = usize::try_from(first).ok()?;
        self.get(start..start + places)
    }

    fn value(&self, place: i64, surroundings: &Surroundings) -> f32 {
        let frame = usize::try_from(surroundings.frame(place)).ok();
        frame.and_then(|frame| self.get(frame)).copied().unwrap_or(0.0)
    }
}
