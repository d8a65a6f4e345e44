use super::*;

fn round(rounds: u64) -> PlaybackNotice {
    PlaybackNotice::Voice(PlaybackEvent::Looped { voice: 1, slot: 0, frame: rounds, rounds })
}

fn drop_of(voice: u64) -> PlaybackNotice {
    PlaybackNotice::Dropped { voice, slot: 0, reason: DropReason::LoadEnded }
}

/// The rounds and the voices of drops that are left, in order.
fn rest(mut unread: UnreadNotices) -> (Vec<u64>, Vec<u64>) {
    let (mut rounds, mut drops) = (Vec::new(), Vec::new());
    while let Some(notice) = unread.pop() {
        match notice {
            PlaybackNotice::Voice(PlaybackEvent::Looped { rounds: round, .. }) => {
                rounds.push(round);
            }
            PlaybackNotice::Dropped { voice, .. } => drops.push(voice),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(unread.rounds, 0);
    (rounds, drops)
}

#[test]
fn of_rounds_that_nobody_reads_the_newest_stay() {
    let mut unread = UnreadNotices::default();
    (1..=3_000).for_each(|n| unread.push(round(n)));
    assert_eq!((unread.count(), unread.dropped()), (2_048, 952));
    (1..=3_000).for_each(|n| unread.push(drop_of(n)));
    assert_eq!((unread.count(), unread.dropped()), (4_096, 1_904));
    let (rounds, drops) = rest(unread);
    assert_eq!(rounds, (1_905..=3_000).collect::<Vec<_>>());
    assert_eq!(drops, (1..=3_000).collect::<Vec<_>>());
}

#[test]
fn rounds_take_the_place_of_nothing_else() {
    let mut unread = UnreadNotices::default();
    (1..=4_095).for_each(|n| unread.push(drop_of(n)));
    (1..=10).for_each(|n| unread.push(round(n)));
    let (rounds, drops) = rest(unread);
    assert_eq!(rounds, [10]);
    assert_eq!(drops.len(), 4_095);
    let mut unread = UnreadNotices::default();
    (1..=4_096).for_each(|n| unread.push(drop_of(n)));
    unread.push(round(1));
    assert_eq!((unread.dropped(), rest(unread).0), (1, vec![]));
}
