use super::effect::{Effect, Notice};
use super::event::{Event, Feeds, SessionEvent};
use super::rig::{AAPL, PLUGIN, Rig};
use crate::domain::instrument::InstrumentId;
use crate::domain::stream::Gap;
use crate::domain::time::Timestamp;

fn gap(instrument: InstrumentId) -> Gap {
    Gap {
        instrument,
        from: Timestamp::from_nanos(10),
        to: Timestamp::from_nanos(20),
    }
}

#[test]
fn a_gap_is_told_to_those_who_get_the_instruments_data() {
    let mut rig = Rig::active();
    let told = |rig: &mut Rig, instrument| rig.handle(Event::Session(SessionEvent::Gap(gap(instrument))));
    assert_eq!(told(&mut rig, AAPL), [], "nobody is subscribed");
    for feeds in [(true, false), (false, true), (true, true)] {
        let (quotes, trades) = feeds;
        rig.handle(Event::Subscription {
            plugin: PLUGIN,
            instrument: AAPL,
            feeds: Feeds { quotes, trades },
        });
        let notice = Effect::Notify {
            plugin: PLUGIN,
            notice: Notice::Gap(gap(AAPL)),
        };
        assert_eq!(told(&mut rig, AAPL), [notice], "{feeds:?}");
    }
    assert_eq!(told(&mut rig, InstrumentId(99)), [], "not one of ours");
}
