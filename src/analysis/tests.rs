//! The job, whatever its analyses find.

use std::sync::Arc;

use super::{AnalysisError, AnalysisJob, AnalysisKind, AnalysisStep};
use crate::buffer::{SampleBuffer, SampleWriter};
use crate::spec::AudioSpec;

/// The kinds that a job gives results for, in order.
fn kinds_of(sample: Arc<SampleBuffer>, kinds: &[AnalysisKind]) -> Vec<AnalysisKind> {
    let mut job = AnalysisJob::new(sample, kinds);
    let mut done = Vec::new();
    loop {
        match job.step() {
            AnalysisStep::More => {}
            AnalysisStep::Done(kind, _) => done.push(kind),
            AnalysisStep::Finished => break,
        }
    }
    assert_eq!(job.step(), AnalysisStep::Finished, "what is finished stays so");
    done
}

#[test]
fn every_kind_is_answered_once_in_a_fixed_order() {
    let sample = SampleBuffer::from_planes(8_000, vec![vec![0.1; 8_000]]).expect("a mono sample");
    let mut asked = AnalysisKind::ALL.to_vec();
    asked.reverse();
    asked.extend(AnalysisKind::ALL);
    assert_eq!(kinds_of(Arc::clone(&sample), &asked), AnalysisKind::ALL);
    for kind in AnalysisKind::ALL {
        assert_eq!(kinds_of(Arc::clone(&sample), &[kind]), [kind]);
    }
    assert_eq!(kinds_of(sample, &[]), []);
}

#[test]
fn a_sample_that_grows_is_refused() {
    let spec = AudioSpec { sample_rate: 48_000, channels: 1 };
    let writer = SampleWriter::with_capacity(spec, 10).expect("little memory");
    let sample = writer.buffer().expect("its length is known");
    let mut job = AnalysisJob::new(sample, &[AnalysisKind::Bpm]);
    let expected = AnalysisStep::Done(AnalysisKind::Bpm, Err(AnalysisError::Unfinished));
    assert_eq!(job.step(), expected);
    assert_eq!(job.step(), AnalysisStep::Finished);
}
