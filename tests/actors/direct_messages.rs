//! A program that sends `LoadSample` straight to `LoaderSupervisor`, and listens at `EventBus`.

use std::collections::HashMap;
use std::sync::Arc;

use actix_rt::System;
use hotcue::{LoadErrorKind, Source};
use hotcue_actors::{
    EngineConfig, EventQueue, LoadSample, LoaderEvent, SetPriority, SubmitError, Subscribe,
};
use hotcue_tests::{
    BlockingSource, Contract, Gate, TempDir, collect_until_ended, fixtures, noise, sine, wav_bytes,
};

use crate::{offline, running};

/// What a file is expected to end in.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Expected {
    Success,
    Error(LoadErrorKind),
    AnyError,
}

/// 300 files: good ones of many formats, missing ones, corrupt ones.
fn mixed_files(folder: &TempDir) -> Vec<(Source, Expected)> {
    let mut files = Vec::new();
    let manifest = std::fs::read_to_string(fixtures().join("manifest.tsv"))
        .expect("the fixtures' manifest is committed");
    for line in manifest.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let mut columns = line.split('\t');
        let (Some(name), Some(kind)) = (columns.next(), columns.nth(5)) else {
            panic!("a line of the manifest is short: {line}");
        };
        if matches!(kind, "lossless" | "lossy") {
            files.push((Source::Path(fixtures().join(name)), Expected::Success));
        }
    }
    assert!(files.len() >= 40, "only {} good fixtures", files.len());
    for number in 0_u16..60 {
        let hz = 100.0 + f64::from(number);
        let rate = [22_050, 44_100, 48_000, 96_000][usize::from(number % 4)];
        let bytes = wav_bytes(rate, 1 + number % 3, 500 * u32::from(number + 1), sine(hz, rate));
        let path = folder.write(&format!("tone{number}.wav"), &bytes);
        files.push((Source::Path(path), Expected::Success));
        files.push((Source::Memory(Arc::from(bytes)), Expected::Success));
        let missing = folder.path().join(format!("missing{number}.wav"));
        files.push((Source::Path(missing), Expected::Error(LoadErrorKind::NotFound)));
        let path = folder.write(&format!("noise{number}.wav"), &noise(number.into(), 4_000));
        files.push((Source::Path(path), Expected::AnyError));
    }
    let empty = folder.write("empty.wav", b"");
    let mut number = 0;
    while files.len() < 300 {
        number += 1;
        match number % 2 {
            0 => files.push((Source::Path(empty.clone()), Expected::AnyError)),
            _ => files.push((Source::Path(folder.path().to_path_buf()), Expected::AnyError)),
        }
    }
    files.truncate(300);
    files
}

#[test]
fn promise_1_every_request_gets_exactly_one_terminal_event() {
    let folder = TempDir::new();
    let files = mixed_files(&folder);
    let engine = offline(4);
    let queue = Arc::new(EventQueue::new());
    let supervisor = engine.supervisor().expect("it runs");
    let bus = engine.event_bus().expect("it runs");

    let expected: HashMap<u64, (Source, Expected)> = System::new().block_on(async {
        bus.send(Subscribe(Arc::clone(&queue))).await.expect("the bus lives");
        let mut expected = HashMap::new();
        for (slot, (source, outcome)) in files.into_iter().enumerate() {
            let id = Some(u32::try_from(slot).expect("a small number"));
            let load = LoadSample { id, source: source.clone(), priority: 0 };
            let answer = supervisor.send(load).await.expect("the supervisor lives");
            expected.insert(answer.expect("accepted"), (source, outcome));
        }
        expected
    });
    assert_eq!(expected.len(), 300);

    let mut contract = Contract::default();
    collect_until_ended(&queue, &mut contract, 300);
    assert_eq!(contract.requests(), 300);
    for (request, (source, outcome)) in &expected {
        let terminal = contract.terminal(*request).expect("it has ended");
        let fits = match (outcome, terminal) {
            (Expected::Success, LoaderEvent::Success { .. }) => true,
            (Expected::Error(kind), LoaderEvent::Error { error, .. }) => error.kind() == *kind,
            (Expected::AnyError, LoaderEvent::Error { .. }) => true,
            _ => false,
        };
        assert!(fits, "{source:?}: expected {outcome:?}, got {terminal:?}");
    }
    engine.shut_down();
    // Nothing more may come, however long the engine took to end.
    while let Some(event) = queue.poll() {
        contract.see(event);
    }
    assert_eq!(contract.ended(), 300);
}

#[test]
fn the_supervisor_refuses_what_the_engine_refuses() {
    let engine =
        running(EngineConfig { output: "offline".to_owned(), slots: 2, ..EngineConfig::default() });
    let supervisor = engine.supervisor().expect("it runs");
    let source = Source::Path("missing.wav".into());
    System::new().block_on(async {
        let load = LoadSample { id: Some(2), source, priority: 0 };
        let answer = supervisor.send(load).await.expect("the supervisor lives");
        assert_eq!(answer, Err(SubmitError::IdOutOfRange));
    });
}

#[test]
fn a_priority_is_refused_by_messages_where_the_engine_refuses_it() {
    let engine = offline(1);
    let supervisor = engine.supervisor().expect("it runs");
    let gate = Arc::new(Gate::default());
    System::new().block_on(async {
        for (priority, fits) in [(-101, false), (-100, true), (100, true), (101, false)] {
            let content = wav_bytes(48_000, 1, 100, sine(440.0, 48_000));
            let source = BlockingSource { gate: Arc::clone(&gate), content };
            let load =
                LoadSample { id: Some(0), source: Source::Custom(Arc::new(source)), priority };
            let answer = supervisor.send(load).await.expect("the supervisor lives");
            assert_eq!(answer.is_ok(), fits, "{priority}: {answer:?}");
            if !fits {
                assert_eq!(answer, Err(SubmitError::PriorityOutOfRange));
            }
        }
        let live = engine.loads().expect("it runs")[0].request_id;
        for (priority, fits) in [(-101, false), (-100, true), (100, true), (101, false)] {
            let set = SetPriority { request_id: live, priority };
            assert_eq!(supervisor.send(set).await.expect("the supervisor lives"), fits);
        }
        let set = SetPriority { request_id: u64::MAX, priority: 0 };
        assert!(!supervisor.send(set).await.expect("the supervisor lives"), "there is none");
    });
    engine.shut_down();
    gate.open();
}
