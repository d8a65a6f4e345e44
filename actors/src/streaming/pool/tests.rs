use std::sync::mpsc;
use std::thread;

use hotcue::{Source, StreamOpening, StreamStep, Workbench};

use super::*;

/// A stream of silence, far longer than its head: in WAVE, 16 bits, one channel.
fn sample() -> Arc<StreamedSample> {
    let data = vec![0; 2 << 20];
    let mut file = b"RIFF\x24\0\x20\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    file.extend([48_000_u32, 96_000].iter().flat_map(|rate| rate.to_le_bytes()));
    file.extend(b"\x02\0\x10\0data\0\0\x20\0");
    file.extend(data);
    let mut opening = StreamOpening::new(Source::Memory(file.into()), Some(48_000));
    let mut bench = Workbench::default();
    loop {
        if let StreamStep::Ready(sample) = opening.step(&mut bench).expect("a sound file") {
            return sample;
        }
    }
}

#[test]
fn plays_whose_files_do_not_answer_keep_their_places_until_these_do() {
    let streams = Streams::new(&Ledger::new(None));
    let sample = sample();
    let begin = || streams.voice(&sample, Wish { frame: 0, backwards: false });
    thread::scope(|scope| {
        let (inside, entered) = mpsc::channel();
        let readers: Vec<_> = (0..MAX_STREAM_VOICES).map(|_| begin()).collect();
        assert!(readers.iter().all(Option::is_some));
        let gates: Vec<_> = (0..MAX_STREAM_VOICES)
            .map(|number| {
                let (open, gate) = mpsc::channel::<()>();
                let (streams, inside) = (&streams, inside.clone());
                scope.spawn(move || {
                    streams.feed((number, 0), |_| {
                        inside.send(()).ok();
                        gate.recv().is_ok()
                    });
                });
                open
            })
            .collect();
        for _ in &gates {
            entered.recv().expect("they come");
        }
        // Over at once, but their files are open, and somebody waits for each.
        drop(readers);
        thread::sleep(STUCK);
        assert_eq!(streams.voices(), 0);
        assert!(begin().is_none());
        drop(gates);
    });
    assert!(begin().is_some());
}
