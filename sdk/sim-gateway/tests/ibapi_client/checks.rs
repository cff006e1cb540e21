//! What each call must be answered with, and by when.

use std::error::Error;
use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use ibapi::subscriptions::SubscriptionItem;
use tokio::time::timeout;

/// How long a call and its answers may take, the slowest of them waiting eleven seconds for a snapshot's end.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub type Failure = Box<dyn Error>;

/// The failures of one subject.
pub struct Checks {
    subject: &'static str,
    failures: Vec<String>,
}

impl Checks {
    pub fn new(subject: &'static str) -> Self {
        Self {
            subject,
            failures: Vec::new(),
        }
    }

    /// Sees one call through, and notes what was wrong with it.
    pub async fn check(&mut self, call: &str, doing: impl Future<Output = Result<(), Failure>>) {
        let wrong = match timeout(PATIENCE, doing).await {
            Ok(Ok(())) => return,
            Ok(Err(failure)) => failure.to_string(),
            Err(_) => format!("not done within {PATIENCE:?}"),
        };
        self.failures.push(format!("{}: {call}: {wrong}", self.subject));
    }

    /// Takes over what was noted at the same time.
    pub fn add(&mut self, others: Self) {
        self.failures.extend(others.failures);
    }

    pub fn failures(self) -> Vec<String> {
        self.failures
    }
}

/// Fails with what was said when that was not as it should be.
pub fn ensure(right: bool, said: impl Debug) -> Result<(), Failure> {
    if right {
        return Ok(());
    }
    let mut said = format!("the answer was {said:?}");
    if let Some((end, _)) = said.char_indices().nth(2000) {
        said.truncate(end);
    }
    Err(said.into())
}

/// Fails unless the call was refused with this code.
pub fn refused<T: Debug>(answer: Result<T, ibapi::Error>, code: i32) -> Result<(), Failure> {
    match answer {
        Err(ibapi::Error::Notice(notice)) if notice.code == code => Ok(()),
        other => Err(format!("not refused with {code}: {other:?}").into()),
    }
}

/// The next answer of a stream that is wanted; others and notices are passed over.
pub async fn next<T: Debug>(
    stream: &mut (impl Stream<Item = Result<SubscriptionItem<T>, ibapi::Error>> + Unpin),
    mut wanted: impl FnMut(&T) -> bool,
) -> Result<T, Failure> {
    let mut passed = Vec::new();
    while let Some(item) = stream.next().await {
        match item? {
            SubscriptionItem::Data(data) if wanted(&data) => return Ok(data),
            other => passed.push(other),
        }
    }
    passed.truncate(20);
    Err(format!("the stream ended after {passed:?}").into())
}

/// The next notice of a stream; data is passed over.
pub async fn notice<T>(
    stream: &mut (impl Stream<Item = Result<SubscriptionItem<T>, ibapi::Error>> + Unpin),
    code: i32,
) -> Result<(), Failure> {
    let mut others = Vec::new();
    while let Some(item) = stream.next().await {
        if let SubscriptionItem::Notice(notice) = item? {
            if notice.code == code {
                return Ok(());
            }
            others.push(notice);
        }
    }
    Err(format!("the stream ended without {code}, after {others:?}").into())
}

/// The stream says nothing but that it was refused with this code.
pub async fn ended<T: Debug>(
    stream: &mut (impl Stream<Item = Result<SubscriptionItem<T>, ibapi::Error>> + Unpin),
    code: i32,
) -> Result<(), Failure> {
    refused(
        stream.next().await.unwrap_or(Err(ibapi::Error::EndOfStream)),
        code,
    )
}

/// Everything up to the end of a stream that has one.
pub async fn all<T: Debug>(
    stream: &mut (impl Stream<Item = Result<SubscriptionItem<T>, ibapi::Error>> + Unpin),
) -> Result<Vec<T>, Failure> {
    let mut data = Vec::new();
    while let Some(item) = stream.next().await {
        data.extend(item?.into_data());
    }
    Ok(data)
}
