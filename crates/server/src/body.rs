//! Reads a request body under a cap and a deadline, both counted on the stream itself.
//!
//! A `Content-Length` is a claim, so it can only refuse early and never allow.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use bytes::{Bytes, BytesMut};
use futures::FutureExt as _;
use http_body_util::BodyExt as _;

/// Why a body was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    /// More bytes than allowed.
    #[error("the body is larger than allowed")]
    TooLarge,
    /// The deadline passed.
    #[error("the body took too long")]
    TooSlow,
    /// The client went away or broke the framing.
    #[error("the body ended early")]
    Broken,
}

/// The whole body, at most `cap` bytes and at most `deadline` long in coming.
pub(crate) async fn read(body: Body, cap: usize, deadline: Duration) -> Result<Bytes, BodyError> {
    if usize::try_from(body.size_hint().lower()).is_ok_and(|claimed| claimed > cap) {
        return Err(BodyError::TooLarge);
    }
    let mut collecting = std::pin::pin!(collect(body, cap));
    // A small body usually came in the same packet as its head: no need to set a timer for it.
    if let Some(read) = collecting.as_mut().now_or_never() {
        return read;
    }
    tokio::time::timeout(deadline, collecting)
        .await
        .unwrap_or(Err(BodyError::TooSlow))
}

async fn collect(mut body: Body, cap: usize) -> Result<Bytes, BodyError> {
    let first = match next(&mut body).await? {
        None => return Ok(Bytes::new()),
        Some(first) if first.len() > cap => return Err(BodyError::TooLarge),
        Some(first) => first,
    };
    if body.is_end_stream() {
        return Ok(first);
    }
    let expected = usize::try_from(body.size_hint().lower())
        .unwrap_or(0)
        .min(cap);
    let mut whole = BytesMut::with_capacity(first.len() + expected);
    whole.extend_from_slice(&first);
    while let Some(chunk) = next(&mut body).await? {
        if whole.len() + chunk.len() > cap {
            return Err(BodyError::TooLarge);
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

/// The next chunk of data; trailers carry nothing for us.
async fn next(body: &mut Body) -> Result<Option<Bytes>, BodyError> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BodyError::Broken)?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt as _, stream};

    use super::*;

    fn chunks(parts: Vec<&'static [u8]>) -> Body {
        Body::from_stream(stream::iter(parts.into_iter().map(Ok::<_, std::io::Error>)))
    }

    #[tokio::test]
    async fn the_cap_is_counted_over_chunks() {
        let second = Duration::from_secs(1);
        assert_eq!(
            read(chunks(vec![b"abc", b"de"]), 5, second).await.unwrap(),
            "abcde"
        );
        assert_eq!(
            read(chunks(vec![b"abc", b"def"]), 5, second).await,
            Err(BodyError::TooLarge)
        );
        assert_eq!(
            read(Body::from("abcdef"), 5, second).await,
            Err(BodyError::TooLarge)
        );
        assert_eq!(read(Body::empty(), 5, second).await.unwrap(), "");
    }

    #[tokio::test]
    async fn a_stalled_body_meets_the_deadline() {
        let stalled =
            stream::once(async { Ok::<_, std::io::Error>("start") }).chain(stream::pending());
        let read = read(Body::from_stream(stalled), 100, Duration::from_millis(20)).await;
        assert_eq!(read, Err(BodyError::TooSlow));
    }
}
