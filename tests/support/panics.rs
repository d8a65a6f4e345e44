//! Whose panic was it? One inside a decoder that is not ours ends a load as `worker_panic`; any
//! other is ours to prevent.

use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

/// Crates that are handed hostile bytes. A panic anywhere else is ours, also in a resampler or a
/// ring: what these get is up to us.
const FOREIGN: &[&str] = &["symphonia", "opus_pure", "lewton", "nanomp3", "rusty_aac"];

/// The last panic of a thread.
#[derive(Clone, Debug)]
pub struct Panic {
    /// File and line; of those in the standard library, the function that called it.
    pub place: String,
    /// What it said.
    pub message: String,
    /// Whether it was in a decoder that is not ours.
    pub is_foreign: bool,
    /// Where it came from, if that was asked for by `RUST_BACKTRACE`, or is needed to say whose.
    pub backtrace: String,
}

thread_local! {
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

static HOOK: Once = Once::new();

/// Runs `work`; a panic comes back with what is known of it, and is not printed. Those of others go
/// to the hook that was there before.
///
/// # Errors
/// When `work` panics.
///
/// # Panics
/// When `work` ends in a panic that no hook was called for.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Panic> {
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if IS_CAUGHT.get() {
                LAST.set(Some(Panic::new(info)));
            } else {
                before(info);
            }
        }));
    });
    IS_CAUGHT.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    IS_CAUGHT.set(false);
    result.map_err(|_| LAST.take().expect("the hook was called"))
}

impl Panic {
    fn new(info: &PanicHookInfo<'_>) -> Self {
        let location = info.location().map_or_else(String::new, ToString::to_string);
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let message = text.unwrap_or("no message").to_owned();
        // `/home/…/registry/src/…/symphonia-core-0.6.1/src/io.rs:1:2` from the crate on.
        let shipped =
            location.split_once("/registry/src/").and_then(|(_, rest)| rest.split_once('/'));
        if let Some((_, place)) = shipped {
            let name = place.replace('-', "_");
            let is_foreign = FOREIGN.iter().any(|krate| name.starts_with(krate));
            return Self { place: place.to_owned(), message, is_foreign, backtrace: String::new() };
        }
        let backtrace = Backtrace::force_capture().to_string();
        // The standard library's own places do not say who called it.
        let caller = location.starts_with("/rustc/").then(|| caller(&backtrace)).flatten();
        let is_foreign =
            caller.is_some_and(|name| FOREIGN.iter().any(|krate| name.starts_with(krate)));
        let place = match caller {
            Some(caller) => format!("{caller}, in {location}"),
            None => location,
        };
        Self { place, message, is_foreign, backtrace }
    }
}

/// The innermost function in `backtrace` that belongs to one of the crates in question.
fn caller(backtrace: &str) -> Option<&str> {
    let functions = backtrace.lines().filter_map(|line| {
        let (number, name) = line.trim_start().split_once(": ")?;
        number.parse::<u32>().ok().map(|_| name)
    });
    functions
        .skip_while(|name| !name.contains("panicking::panic"))
        .map(|name| name.trim_start_matches(['<', '&']))
        .find(|name| {
            name.starts_with("hotcue") || FOREIGN.iter().any(|krate| name.starts_with(krate))
        })
}
