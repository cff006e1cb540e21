use std::time::Duration;

use tokio::time::Instant;

use super::pacer::Pacer;

#[test]
fn a_burst_leaves_at_once_and_the_rest_evenly() {
    let pacer = Pacer::new(40);
    let start = Instant::now() + Duration::from_secs(100);
    let waits: Vec<_> = (0..120).map(|_| pacer.slot(start) - start).collect();
    let at_once = waits.iter().filter(|wait| wait.is_zero()).count();
    assert_eq!(at_once, 40);
    assert_eq!(waits[119], Duration::from_secs(2));
    let in_any_second = |from: Duration| {
        let window = from..from + Duration::from_secs(1);
        waits.iter().filter(|wait| window.contains(*wait)).count()
    };
    assert!((0..20).all(|tenth| in_any_second(Duration::from_millis(1 + tenth * 100)) <= 41));
}

#[test]
fn silence_restores_the_burst() {
    let pacer = Pacer::new(10);
    let start = Instant::now() + Duration::from_secs(100);
    for _ in 0..30 {
        pacer.slot(start);
    }
    let later = start + Duration::from_secs(60);
    let at_once = (0..30).filter(|_| pacer.slot(later) == later).count();
    assert_eq!(at_once, 10);
}

#[test]
fn turns_missed_by_a_standstill_are_not_taken_all_at_once() {
    let pacer = Pacer::new(40);
    let start = Instant::now() + Duration::from_secs(100);
    let slots: Vec<_> = (0..200).map(|_| pacer.slot(start)).collect();
    let woken = start + Duration::from_secs(30);
    let waits: Vec<_> = slots.iter().map(|slot| pacer.wait(*slot, woken)).collect();
    assert_eq!(waits.iter().filter(|wait| wait.is_none()).count(), 40);
    assert_eq!(waits[199], Some(woken + Duration::from_secs(4)));
    // In good time: the turn comes, and a little late is not missed.
    assert_eq!(pacer.wait(woken, woken), None);
    assert_eq!(pacer.wait(woken, woken + Duration::from_millis(900)), None);
}
