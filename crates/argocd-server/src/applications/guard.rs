//! Streams that last no longer than the right to them.

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use tokio::time::{Instant, interval_at};
use value::Value;

use crate::error::ApiError;

/// Messages of a stream.
pub(super) type Messages = BoxStream<'static, Result<Value, ApiError>>;

/// The messages, until `check` refuses; that is asked after each `period`, and its refusal is the last message.
pub(super) fn guarded(
    messages: Messages,
    period: Duration,
    check: impl FnMut() -> Result<(), ApiError> + Send + 'static,
) -> Messages {
    let ticks = interval_at(Instant::now() + period, period);
    let state = Some((messages, ticks, check));
    futures::stream::unfold(state, async |state| {
        let (mut messages, mut ticks, mut check) = state?;
        loop {
            tokio::select! {
                biased;
                _ = ticks.tick() => if let Err(refusal) = check() {
                    return Some((Err(refusal), None));
                },
                message = messages.next() => return Some((message?, Some((messages, ticks, check)))),
            }
        }
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_loses_the_right_hears_no_more() {
        let endless = futures::stream::repeat_with(|| Ok(Value::map())).then(|message| async {
            tokio::task::yield_now().await;
            message
        });
        let mut left = 3;
        let check = move || {
            left -= 1;
            if left > 0 { Ok(()) } else { Err(ApiError::denied()) }
        };
        let guarded = guarded(endless.boxed(), Duration::from_millis(5), check);
        let heard: Vec<_> = guarded.collect().await;
        assert_eq!(heard.last(), Some(&Err(ApiError::denied())));
        assert!(heard.len() > 1 && heard[..heard.len() - 1].iter().all(Result::is_ok));
    }

    #[tokio::test]
    async fn what_ends_by_itself_is_whole() {
        let two = futures::stream::iter([Ok(Value::map()), Ok(Value::Null)]).boxed();
        let guarded = guarded(two, Duration::from_secs(60), || Err(ApiError::denied()));
        assert_eq!(guarded.collect::<Vec<_>>().await, [Ok(Value::map()), Ok(Value::Null)]);
    }
}
