//! How much memory one sample may have.
#![allow(unsafe_code, reason = "asks the C library")]

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

/// Where Linux says which control groups a process is in, and where it keeps them.
const GROUPS: &str = "/proc/self/cgroup";
const MOUNT: &str = "/sys/fs/cgroup";

/// The most bytes of one sample: three quarters of the memory that there is. Memory is not refused
/// where there is too little: once it is used, the system ends a program, and not always this one.
/// None where nobody says how much there is.
pub(super) fn most_bytes() -> Option<u64> {
    static MOST: OnceLock<Option<u64>> = OnceLock::new();
    *MOST.get_or_init(|| {
        let groups = fs::read_to_string(GROUPS).unwrap_or_default();
        let limits = group_limits(Path::new(MOUNT), &groups);
        limits.into_iter().chain(machine_bytes()).min().map(|bytes| bytes / 4 * 3)
    })
}

/// The limits of the control groups in `groups` and of all that these are in: each of them holds.
/// A container may see its own group at the `mount` alone.
///
/// # Sources
/// cgroups(7), `/proc/pid/cgroup`: a number, controllers, none of them for version 2, and the path
/// below the mount, which version 1 has for each controller.
fn group_limits(mount: &Path, groups: &str) -> Vec<u64> {
    let mut limits: Vec<u64> = Vec::new();
    for group in groups.lines().chain(["0::/", "1:memory:/"]) {
        let mut fields = group.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
        let (top, file) = match controllers {
            "" => (mount.to_owned(), "memory.max"),
            _ if controllers.split(',').any(|name| name == "memory") => {
                (mount.join("memory"), "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let folder = top.join(path.trim_start_matches('/'));
        let folders = folder.ancestors().take_while(|folder| folder.starts_with(&top));
        let limit = |folder: &Path| -> Option<u64> {
            fs::read_to_string(folder.join(file)).ok()?.trim().parse().ok()
        };
        limits.extend(folders.filter_map(limit));
    }
    limits
}

/// The memory of the machine.
#[cfg(unix)]
fn machine_bytes() -> Option<u64> {
    // SAFETY: it takes a number and gives one.
    let asked = |name| u64::try_from(unsafe { libc::sysconf(name) }).ok();
    asked(libc::_SC_PHYS_PAGES)?.checked_mul(asked(libc::_SC_PAGESIZE)?)
}

#[cfg(not(unix))]
fn machine_bytes() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_of_all_groups_above_count() {
        let name = format!("hotcue-groups-{}", std::process::id());
        let mount = std::env::temp_dir().join(name);
        for (folder, file, limit) in [
            ("", "memory.max", "max\n"),
            ("user.slice", "memory.max", "3000\n"),
            ("user.slice/job", "memory.max", "max\n"),
            ("user.slice/other", "memory.max", "10\n"),
            ("memory", "memory.limit_in_bytes", "9000\n"),
            ("memory/pod", "memory.limit_in_bytes", "7000\n"),
            ("memory/pod/one", "memory.limit_in_bytes", "9223372036854771712\n"),
        ] {
            let folder = mount.join(folder);
            fs::create_dir_all(&folder).expect("a folder of the test's own");
            fs::write(folder.join(file), limit).expect("a file of the test's own");
        }
        let least = |groups: &str| group_limits(&mount, groups).into_iter().min();
        assert_eq!(least("0::/user.slice/job\n"), Some(3_000));
        assert_eq!(least("0::/user.slice/job/deeper\n"), Some(3_000));
        assert_eq!(least("5:cpu,memory:/pod/one\n3:pids:/user.slice/other\n"), Some(7_000));
        // What a container does not see, and nothing at all.
        for groups in ["4:memory:/docker/c0ffee\n0::/../..\n", "", "nonsense\n4:memory\n"] {
            assert_eq!(least(groups), Some(9_000), "{groups}");
        }
        fs::remove_dir_all(&mount).expect("a folder of the test's own");
    }
}
