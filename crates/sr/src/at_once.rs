//! The same question about many subjects, a few at a time: a registry far away would else be waited for once a subject.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use kch_cli::{Failure, Result};

/// So many requests are on their way at once.
const AT_ONCE: usize = 8;

/// The answers, in the order of the items; those without one are left out.
///
/// # Errors
/// The first failure of `ask`, after which no more is asked.
///
/// # Panics
/// When `ask` does.
pub(crate) fn at_once<I: Sync, T: Send>(
    items: &[I],
    ask: impl Fn(&I) -> Result<Option<T>> + Sync,
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(None::<Failure>);
    let is_over = || failed.lock().unwrap_or_else(PoisonError::into_inner).is_some();
    let work = || {
        let mut found = Vec::new();
        while !is_over() {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { break };
            match ask(item) {
                Ok(answer) => found.extend(answer.map(|answer| (index, answer))),
                Err(failure) => {
                    failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
                }
            }
        }
        found
    };
    let mut found: Vec<(usize, T)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE.min(items.len())).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    });
    if let Some(failure) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(failure);
    }
    found.sort_unstable_by_key(|(index, _)| *index);
    Ok(found.into_iter().map(|(_, answer)| answer).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_in_order_and_the_first_failure_ends_it() {
        let items: Vec<u32> = (0..100).collect();
        let even = at_once(&items, |item| Ok((item % 2 == 0).then_some(*item))).unwrap();
        assert_eq!(even, (0..50).map(|half| half * 2).collect::<Vec<_>>());
        let failing = |item: &u32| if *item == 7 { Err(Failure::refused("7")) } else { Ok(Some(())) };
        assert_eq!(at_once(&items, failing).unwrap_err().text(), "7");
        assert!(at_once(&[], |item: &u32| Ok(Some(*item))).unwrap().is_empty());
    }

    #[test]
    #[should_panic(expected = "on purpose")]
    fn a_panic_is_no_answer() {
        let _ = at_once(&[1, 2, 3], |item: &u32| -> Result<Option<()>> {
            assert!(*item != 2, "on purpose");
            Ok(None)
        });
    }
}
