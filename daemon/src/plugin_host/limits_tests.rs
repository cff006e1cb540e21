use wasmtime::ResourceLimiter;

use super::limits::{Bucket, MemoryLimiter};
use crate::domain::time::Timestamp;

fn second(seconds: f64) -> Timestamp {
    Timestamp::from_nanos(1_000_000_000_000 + (seconds * 1e9) as u64)
}

#[test]
fn memories_share_one_bound() {
    let mut limiter = MemoryLimiter::new(100, 16);
    assert!(limiter.memory_growing(0, 60, None).unwrap());
    assert!(limiter.memory_growing(0, 40, None).unwrap());
    assert!(!limiter.refused);
    assert!(!limiter.memory_growing(60, 61, None).unwrap());
    assert!(limiter.refused);
    assert_eq!((limiter.instances(), limiter.memory()), (16, 100));
    assert!(!limiter.table_growing(0, usize::MAX, None).unwrap());
}

#[test]
fn a_bucket_is_overdrawn_once_and_fills_with_time() {
    let mut bucket = Bucket::new(100, 10);
    bucket.fill(second(0.0));
    bucket.charge(130);
    assert!(!bucket.has_room());
    bucket.fill(second(3.0));
    assert!(!bucket.has_room(), "the overdraft is paid and nothing more");
    bucket.fill(second(3.2));
    assert!(bucket.has_room());
    bucket.fill(second(1_000.0));
    bucket.charge(100);
    assert!(!bucket.has_room(), "it holds no more than its capacity");
}

#[test]
fn inflow_too_small_to_count_is_not_lost() {
    let mut bucket = Bucket::new(1, 1);
    bucket.fill(second(0.0));
    assert!(bucket.take());
    for step in 1..=10 {
        assert!(!bucket.take(), "step {step}");
        bucket.fill(second(f64::from(step) * 0.1));
    }
    assert!(bucket.take());
}

#[test]
fn time_that_goes_back_fills_nothing() {
    let mut bucket = Bucket::new(1, 1_000);
    bucket.fill(second(10.0));
    assert!(bucket.take());
    bucket.fill(second(1.0));
    assert!(!bucket.take());
}
