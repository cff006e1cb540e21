use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use prometheus::Registry;
use proptest::prelude::{any, proptest};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Governor;
use super::window::{Lane, SECOND, Window};

fn start() -> Instant {
    Instant::now() + Duration::from_secs(100)
}

/// Sends as fast as the window allows, in the order of the lanes, and says when each message left.
fn send(window: &mut Window, from: Instant, lane: Lane, count: usize) -> Vec<Duration> {
    let mut now = from;
    let mut left = Vec::new();
    for _ in 0..count {
        now = window.when(lane, now).max(now);
        window.take(lane, now);
        left.push(now - from);
    }
    left
}

#[test]
fn a_burst_leaves_at_once_and_no_second_holds_more_than_the_rate() {
    let mut window = Window::new(45);
    let left = send(&mut window, start(), Lane::Cancel, 100);
    assert_eq!(left.iter().filter(|wait| wait.is_zero()).count(), 45);
    assert_eq!(left[89], SECOND);
    assert_eq!(left[90], 2 * SECOND);
}

#[test]
fn each_lane_leaves_room_for_the_more_urgent() {
    let at_once = |lane: Lane| {
        let left = send(&mut Window::new(45), start(), lane, 100);
        left.iter().filter(|wait| wait.is_zero()).count()
    };
    assert_eq!(Lane::ALL.map(at_once), [45, 39, 36, 36, 4, 4, 4]);
    // After all orders that may leave there is room for heartbeats, and after those for cancels.
    let mut window = Window::new(45);
    let now = start();
    for (lane, room) in [(Lane::Order, 39), (Lane::Heartbeat, 2), (Lane::Cancel, 4)] {
        let mut count = 0;
        while window.when(lane, now) <= now {
            window.take(lane, now);
            count += 1;
        }
        assert_eq!(count, room, "{lane:?}");
    }
}

#[test]
fn data_is_spread_over_the_second() {
    let left = send(&mut Window::new(45), start(), Lane::Data, 200);
    for pair in left.windows(2).skip(4) {
        assert!(pair[1] - pair[0] >= Duration::from_millis(31), "{pair:?}");
    }
    assert!(left[199] < Duration::from_secs(7), "{:?}", left[199]);
}

#[test]
fn a_small_rate_still_lets_every_lane_go() {
    for rate in 1..12 {
        for lane in Lane::ALL {
            let left = send(&mut Window::new(rate), start(), lane, 3);
            assert!(left[2] <= 3 * SECOND, "{rate} {lane:?}: {left:?}");
        }
    }
}

#[test]
fn penance_halves_the_rate_for_a_while() {
    let mut window = Window::new(40);
    let now = start();
    window.slow(now, now + Duration::from_secs(60));
    assert_eq!(window.left(now), 20);
    // Of one burst; then of a later second, and again and again.
    window.slow(now + SECOND / 2, now + Duration::from_secs(60));
    assert_eq!(window.left(now), 20);
    for left in [10, 5, 5] {
        window.slow(now + (40 / left) as u32 * SECOND, now + Duration::from_secs(60));
        assert_eq!(window.left(now), left);
    }
    let mut window = Window::new(40);
    window.slow(now, now + Duration::from_secs(60));
    let left = send(&mut window, now, Lane::Cancel, 60);
    assert_eq!(left.iter().filter(|wait| wait.is_zero()).count(), 20);
    assert_eq!(window.left(now + Duration::from_secs(61)), 40);
}

proptest! {
    /// Whatever is asked for and whenever, no second holds more than the rate, and every wait ends.
    #[test]
    fn never_above_the_rate(
        rate in 1_u32..60,
        asks in proptest::collection::vec((0_usize..7, 0_u64..50), 1..400),
        slow in any::<bool>(),
    ) {
        let mut window = Window::new(rate);
        let begin = start();
        let mut now = begin;
        if slow {
            window.slow(begin, begin + Duration::from_millis(2_500));
        }
        let mut sent: Vec<Instant> = Vec::new();
        for (lane, pause) in asks {
            let lane = Lane::ALL[lane];
            now += Duration::from_millis(pause);
            let mut tries = 0;
            loop {
                let when = window.when(lane, now);
                if when <= now {
                    break;
                }
                assert!(when - now <= SECOND, "a wait of {:?}", when - now);
                now = when;
                tries += 1;
                assert!(tries < 10, "no progress");
            }
            // A more urgent message could always leave too.
            assert!(window.when(Lane::Cancel, now) <= now);
            window.take(lane, now);
            sent.push(now);
            let recent = sent.iter().filter(|at| now - **at < SECOND).count();
            assert!(recent <= rate as usize, "{recent} in a second");
        }
    }
}

/// What left, in its order.
type Left = Rc<RefCell<Vec<(usize, Lane)>>>;

/// Has `count` messages of these lanes, in turn, ask for their turn; each notes when it left.
fn flood(governor: &Rc<Governor>, lanes: &[Lane], count: usize) -> (Left, JoinSet<()>) {
    let left = Rc::new(RefCell::new(Vec::new()));
    let mut tasks = JoinSet::new();
    for (number, lane) in lanes.iter().copied().cycle().take(count).enumerate() {
        let (governor, left) = (Rc::clone(governor), Rc::clone(&left));
        tasks.spawn_local(async move {
            governor.turn(lane).await;
            left.borrow_mut().push((number, lane));
        });
    }
    (left, tasks)
}

#[tokio::test(flavor = "local")]
async fn cancels_and_orders_pass_a_flood_of_data() {
    let governor = Rc::new(Governor::register(45, &Registry::new()).unwrap());
    let (left, tasks) = flood(&governor, &[Lane::History, Lane::Contracts, Lane::Data], 60);
    while left.borrow().len() < 30 {
        tokio::task::yield_now().await;
    }
    // In the middle of the flood, with the budget used up: nothing of it leaves before these.
    let before = left.borrow().len();
    for _ in 0..20 {
        governor.turn(Lane::Cancel).await;
    }
    governor.turn(Lane::Order).await;
    assert_eq!(left.borrow().len(), before);
    tasks.join_all().await;
    // The more urgent lanes went first, and the last of all went too.
    let left = left.borrow();
    let last = |lane| left.iter().rposition(|(_, each)| *each == lane).unwrap();
    assert!(last(Lane::Data) < last(Lane::Contracts) && last(Lane::Contracts) < last(Lane::History));
    assert_eq!(left.len(), 60);
}

#[tokio::test(flavor = "local")]
async fn a_wait_that_is_given_up_holds_nobody_up() {
    let governor = Rc::new(Governor::register(2, &Registry::new()).unwrap());
    while governor.try_take(Lane::Data) {}
    let given_up = tokio::time::timeout(Duration::from_millis(10), governor.turn(Lane::Data)).await;
    assert!(given_up.is_err());
    governor.turn(Lane::Data).await;
    governor.turn(Lane::Data).await;
}

#[tokio::test(flavor = "local")]
async fn within_a_lane_the_first_to_come_goes_first() {
    let governor = Rc::new(Governor::register(45, &Registry::new()).unwrap());
    let (left, tasks) = flood(&governor, &[Lane::Reconcile], 50);
    tasks.join_all().await;
    let numbers: Vec<usize> = left.borrow().iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (0..50).collect::<Vec<_>>());
}
