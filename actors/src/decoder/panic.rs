//! Turns a panic inside a decoder into a message, without a backtrace on the user's terminal.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use hotcue::{LoadError, LoadErrorKind};

thread_local! {
    static CAUGHT_HERE: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

/// Runs `work`; a panic comes back as its message. What `work` borrowed is to be thrown away
/// then.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // An `error` event tells of it; elsewhere the hook that was there goes on.
            if !CAUGHT_HERE.with(Cell::get) {
                before(info);
            }
        }));
    });
    CAUGHT_HERE.with(|flag| flag.set(true));
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    CAUGHT_HERE.with(|flag| flag.set(false));
    result.map_err(|payload| {
        if let Some(text) = payload.downcast_ref::<&str>() {
            (*text).to_owned()
        } else if let Some(text) = payload.downcast_ref::<String>() {
            text.clone()
        } else {
            "no message".to_owned()
        }
    })
}

/// What a load, or a stream, ends with after a panic that said so.
pub(super) fn error(message: &str) -> LoadError {
    LoadError::new(LoadErrorKind::WorkerPanic, format!("the decoder panicked: {message}"))
}
