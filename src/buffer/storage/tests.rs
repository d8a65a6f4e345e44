//! Pages of the system's: who has them, how large they are, and that they go back.
#![allow(unsafe_code, reason = "writes to blocks as their owner does, and asks what is mapped")]

use std::error::Error;
use std::process::Command;
use std::{env, fs, io, ptr, slice, thread};

use super::Storage;
use super::block::Block;
use super::moving::forget;
use super::pages::page_bytes;

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

/// Values of the smallest block that has pages.
fn few_pages() -> Result<usize, Box<dyn Error>> {
    Ok(4 * page_bytes().ok_or("the system has pages")? / size_of::<f32>())
}

#[test]
fn large_pages_are_asked_for_whatever_the_size() -> Outcome {
    assert!(
        fs::exists("/sys/kernel/mm/transparent_hugepage")?,
        "this kernel has no large pages, so that nothing can be seen of them"
    );
    for values in [few_pages()?, MB_VALUES / 4, MB_VALUES, 4 * MB_VALUES, 40 * MB_VALUES] {
        let block = Block::zeroed(values)?;
        let flags = flags_at(block.as_ptr().addr())?.ok_or("it is mapped")?;
        assert!(flags.split(' ').any(|flag| flag == "hg"), "{values} values: {flags}");
    }
    Ok(())
}

#[test]
fn a_block_between_others_goes_back_to_the_system() -> Outcome {
    for values in [few_pages()?, MB_VALUES] {
        let [first, middle, last] =
            [Block::zeroed(values)?, Block::zeroed(values)?, Block::zeroed(values)?];
        let place = middle.as_ptr().addr();
        assert!(flags_at(place)?.is_some());
        drop(middle);
        assert!(flags_at(place)?.is_none());
        for kept in [first, last] {
            assert!(flags_at(kept.as_ptr().addr())?.is_some());
        }
    }
    Ok(())
}

#[test]
fn what_grows_has_no_page_with_others() -> Outcome {
    let mut storage = Storage::with_capacity(2, 0)?;
    for frames in [MB_VALUES / 8, MB_VALUES, 2 * MB_VALUES] {
        storage.grow(frames)?;
        let flags = flags_at(storage.as_ptr().addr())?.ok_or("it is mapped")?;
        assert!(!flags.split(' ').any(|flag| flag == "hg"), "{frames} frames: {flags}");
    }
    Ok(())
}

/// How many pages are in memory of those from `start` on, which are mapped: 4 MB at most.
fn pages_in_memory(start: *mut f32, bytes: usize) -> usize {
    // None is smaller than 4 kB.
    let mut pages = [0_u8; 1024];
    assert!(bytes / 4096 <= pages.len());
    // SAFETY: only asks, and has a byte for each page.
    assert_eq!(unsafe { libc::mincore(start.cast(), bytes, pages.as_mut_ptr()) }, 0);
    pages.iter().filter(|&page| page & 1 == 1).count()
}

#[test]
fn what_a_program_has_locked_is_forgotten_all_the_same() -> Outcome {
    let mut block = Block::zeroed(MB_VALUES)?;
    // As few as every system lets a program lock.
    let values = &mut values_of(&mut block, MB_VALUES)[..8192];
    values.fill(1.0);
    let (bytes, range) = (size_of_val(values), values.as_mut_ptr_range());
    // SAFETY: locks pages of this block, which ends with the test, and forgets them.
    unsafe {
        assert_eq!(libc::mlock(range.start.cast(), bytes), 0);
        assert!(pages_in_memory(range.start, bytes) > 0);
        forget(range.start, range.end);
    }
    assert_eq!(pages_in_memory(range.start, bytes), 0);
    Ok(())
}

/// Makes mappings until the process has as many as the system allows.
fn take_all_mappings() -> Outcome {
    let most: usize = fs::read_to_string("/proc/sys/vm/max_map_count")?.trim().parse()?;
    let bytes = (most + 2) * 2 * 4096;
    let alone = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: fresh memory that nobody uses; every other page of it becomes a mapping of its own.
    unsafe {
        let start = libc::mmap(ptr::null_mut(), bytes, libc::PROT_NONE, alone, -1, 0);
        assert_ne!(start, libc::MAP_FAILED);
        let page = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE))?;
        for at in (page..bytes).step_by(2 * page) {
            if libc::mprotect(start.byte_add(at), page, libc::PROT_READ) != 0 {
                return Ok(());
            }
        }
    }
    Err("there is no end of mappings".into())
}

#[test]
fn memory_goes_back_where_no_mapping_can_be_divided() -> Outcome {
    const CHILD: &str = "HOTCUE_TEST_ALONE";
    const NAME: &str = "memory_goes_back_where_no_mapping_can_be_divided";
    if env::var_os(CHILD).is_none() {
        // In a process of its own: others have mappings to make.
        let name = format!("{}::{NAME}", module_path!().split_once("::").ok_or("in a crate")?.1);
        let mut child = Command::new(env::current_exe()?);
        child.args(["--exact", &name, "--test-threads=1"]).env(CHILD, "1");
        assert!(child.status()?.success());
        return Ok(());
    }
    let [mut first, mut middle, mut last] =
        [Block::zeroed(MB_VALUES)?, Block::zeroed(MB_VALUES)?, Block::zeroed(MB_VALUES)?];
    for block in [&mut first, &mut middle, &mut last] {
        values_of(block, MB_VALUES).fill(1.0);
    }
    let place = middle.as_ptr();
    assert!(pages_in_memory(place, 1 << 20) > 0);
    take_all_mappings()?;
    drop(middle);
    assert_eq!(pages_in_memory(place, 1 << 20), 0);
    for kept in [&mut first, &mut last] {
        assert!(values_of(kept, MB_VALUES).iter().all(|&value| value == 1.0));
    }
    Ok(())
}
