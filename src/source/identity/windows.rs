//! What Windows knows files by, which the standard library does not give out yet.
#![allow(unsafe_code, reason = "system calls that std has no name for")]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsRawHandle;
use std::path::Path;

use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, FILE_BASIC_INFO, FILE_TYPE_DISK, FileBasicInfo,
    GetFileInformationByHandle, GetFileInformationByHandleEx, GetFileType,
};

use super::SourceIdentity;

/// From 1601, which Windows counts from, to 1970.
const SECS_UNTIL_1970: i128 = 11_644_473_600;
const TICK_NS: i128 = 100;
/// What a file system says that has no number of 64 bits for a file: one that has none at all, and
/// ReFS where its 128 bits do not fit ([MS-FSCC], 2.1.9 and `FileInternalInformation`).
const NO_INODE: [u64; 2] = [0, u64::MAX];

/// Whether it is a file of a disk, not a device, a console or a pipe: some of these say of
/// themselves that they are files.
pub(crate) fn is_of_disk(file: &File) -> bool {
    // SAFETY: the handle is open as long as `file` is.
    unsafe { GetFileType(file.as_raw_handle()) == FILE_TYPE_DISK }
}

/// The identity of an open file.
///
/// # Errors
/// Those of the system; `Unsupported` where the file system does not tell files apart.
pub(super) fn identity(file: &File) -> io::Result<SourceIdentity> {
    let mut known = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open as long as `file` is, and `known` is such a structure.
    if unsafe { GetFileInformationByHandle(file.as_raw_handle(), &raw mut known) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let mut times = FILE_BASIC_INFO::default();
    let size = u32::try_from(size_of_val(&times)).unwrap_or(0);
    let to = (&raw mut times).cast();
    // SAFETY: as above; of this class it writes such a structure, and `size` bytes at most.
    if unsafe { GetFileInformationByHandleEx(file.as_raw_handle(), FileBasicInfo, to, size) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let inode = whole(known.nFileIndexHigh, known.nFileIndexLow);
    if NO_INODE.contains(&inode) {
        let message = "its file system does not tell files apart";
        return Err(io::Error::new(io::ErrorKind::Unsupported, message));
    }
    Ok(SourceIdentity {
        device: u64::from(known.dwVolumeSerialNumber),
        inode,
        len: whole(known.nFileSizeHigh, known.nFileSizeLow),
        modified_ns: since_1970(times.LastWriteTime),
        // FAT does not note it: 0.
        changed_ns: since_1970(times.ChangeTime.max(times.LastWriteTime)),
    })
}

/// Opens a file to ask what is known of it, and for nothing else.
///
/// # Errors
/// Those of the system.
pub(super) fn open_to_ask(path: &Path) -> io::Result<File> {
    OpenOptions::new().access_mode(0).open(path)
}

fn whole(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn since_1970(ticks: i64) -> i128 {
    i128::from(ticks) * TICK_NS - SECS_UNTIL_1970 * 1_000_000_000
}
