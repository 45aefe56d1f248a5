//! Panics that are turned into errors and therefore must not be printed.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether a panic of this thread is an error in the making.
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Stands in front of the hook that is there already, which gets every panic but the quiet ones.
static HOOK: Once = Once::new();

/// Does something and catches its panic, of which the panic hook hears nothing.
pub(super) fn catch_quietly<T>(operation: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
    HOOK.call_once(|| {
        let others = take_hook();
        set_hook(Box::new(move |panic| {
            if !IS_QUIET.get() {
                others(panic);
            }
        }));
    });
    let before = IS_QUIET.replace(true);
    let result = catch_unwind(AssertUnwindSafe(operation));
    IS_QUIET.set(before);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_comes_back_as_what_it_said_and_later_ones_are_loud_again() {
        let caught = catch_quietly(|| -> u32 { panic!("page 7 makes no sense") }).unwrap_err();
        assert_eq!(caught.downcast_ref::<&str>(), Some(&"page 7 makes no sense"));
        assert!(!IS_QUIET.get());
        assert_eq!(catch_quietly(|| 7).unwrap(), 7);
    }
}
