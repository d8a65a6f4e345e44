//! Pages of the system's: who has them, how large they are, and that they go back.
#![allow(unsafe_code, reason = "writes to blocks as their owner does, and asks what is mapped")]

use std::error::Error;
use std::{fs, io, slice, thread};

use super::block::Block;

type Outcome = Result<(), Box<dyn Error>>;

const MB_VALUES: usize = (1 << 20) / size_of::<f32>();

fn values_of(block: &mut Block, values: usize) -> &mut [f32] {
    // SAFETY: the block has so many, and `&mut` proves that nobody else uses them.
    unsafe { slice::from_raw_parts_mut(block.as_ptr(), values) }
}

#[test]
fn blocks_of_many_threads_are_zeroed_and_apart() {
    let work = |thread: u16| {
        let mut kept: Vec<(Block, usize, f32)> = Vec::new();
        for round in 0..60_u16 {
            // From what the allocator gives, over what shares large pages, to what has its own.
            let values = 1 + usize::from(thread * 7 + round * 13) % 47 * MB_VALUES / 10;
            let mut block = Block::zeroed(values).expect("memory for it");
            assert!(values_of(&mut block, values).iter().all(|&value| value == 0.0));
            let mark = f32::from(1 + thread * 100 + round);
            values_of(&mut block, values).fill(mark);
            kept.push((block, values, mark));
            if round % 3 == 0 {
                let (mut block, values, mark) = kept.swap_remove(kept.len() / 2);
                assert!(values_of(&mut block, values).iter().all(|&value| value == mark));
                block.shrink(values / 2).expect("it only shrinks");
                assert!(values_of(&mut block, values / 2).iter().all(|&value| value == mark));
            }
            if kept.len() > 10 {
                kept.drain(..5);
            }
        }
        for (block, values, mark) in &mut kept {
            assert!(values_of(block, *values).iter().all(|value| value == mark));
        }
    };
    thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || work(thread));
        }
    });
}

/// Flags of the mapping that an address lies in, as `/proc` has them; None where nothing is mapped.
fn flags_at(address: usize) -> io::Result<Option<String>> {
    let mut inside = false;
    for line in fs::read_to_string("/proc/self/smaps")?.lines() {
        let range = line.split_once(' ').and_then(|(range, _)| range.split_once('-'));
        if let Some((Ok(start), Ok(end))) = range
            .map(|(start, end)| (usize::from_str_radix(start, 16), usize::from_str_radix(end, 16)))
        {
            inside = (start..end).contains(&address);
        } else if inside && let Some(flags) = line.strip_prefix("VmFlags:") {
            return Ok(Some(flags.to_owned()));
        }
    }
    Ok(None)
}

#[test]
fn large_pages_are_asked_for_whatever_the_size() -> Outcome {
    assert!(
        fs::exists("/sys/kernel/mm/transparent_hugepage")?,
        "this kernel has no large pages, so that nothing can be seen of them"
    );
    for values in [MB_VALUES / 4, MB_VALUES, 4 * MB_VALUES, 40 * MB_VALUES] {
        let block = Block::zeroed(values)?;
        let flags = flags_at(block.as_ptr().addr())?.ok_or("it is mapped")?;
        assert!(flags.split(' ').any(|flag| flag == "hg"), "{values} values: {flags}");
    }
    Ok(())
}

#[test]
fn a_block_between_others_goes_back_to_the_system() -> Outcome {
    let [first, middle, last] =
        [Block::zeroed(MB_VALUES)?, Block::zeroed(MB_VALUES)?, Block::zeroed(MB_VALUES)?];
    let place = middle.as_ptr().addr();
    assert!(flags_at(place)?.is_some());
    drop(middle);
    assert!(flags_at(place)?.is_none());
    for kept in [first, last] {
        assert!(flags_at(kept.as_ptr().addr())?.is_some());
    }
    Ok(())
}
