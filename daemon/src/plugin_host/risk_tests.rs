//! Risk plugins: what they say together, and that silence is a no.

use std::time::Duration;

use super::bench::{Bench, on_aapl, risk};
use crate::desk::effect::Review;
use crate::domain::instrument::InstrumentId;
use crate::domain::money::{Money, Price, Quantity};
use crate::domain::order::{ClientOrderId, OrderIntent, OrderKind, Side, TimeInForce};
use crate::domain::plugin::{PluginId, PluginState};
use crate::risk::Exposure;
use crate::risk::verdict::PluginVerdict;

fn review(quantity: Quantity, day_pnl: Money) -> Review {
    let limit = Price::from_nanos(187_250_000_000);
    Review {
        intent: OrderIntent {
            client_order_id: ClientOrderId(1),
            plugin: PluginId(0),
            instrument: InstrumentId(0),
            side: Side::Buy,
            kind: OrderKind::Limit { limit },
            time_in_force: TimeInForce::Day,
            quantity,
            reduce_only: false,
            tag: 0,
        },
        replaces: false,
        price: limit,
        exposure: Exposure {
            reference: limit,
            day_pnl,
            ..Exposure::default()
        },
    }
}

/// What plugins say together about an order for 100.
fn check(plugins: &[&str], expected: PluginVerdict) -> Bench {
    let toml: Vec<String> = plugins.iter().map(|name| risk(name)).collect();
    let mut bench = Bench::new(&(on_aapl("pinger") + &toml.concat()));
    assert!(bench.host.has_risk_plugins());
    let verdict = bench
        .host
        .review(bench.at, &review(Quantity::from_units(100), Money::ZERO));
    assert_eq!(verdict, expected, "{plugins:?}");
    bench
}

const FIRST: PluginId = PluginId(1);
const SECOND: PluginId = PluginId(2);

#[test]
fn each_is_asked_about_what_those_before_left() {
    check(&["risk-allow"], PluginVerdict::Allow);
    let half = Quantity::from_units(50);
    check(
        &["risk-shrinker"],
        PluginVerdict::Shrink {
            quantity: half,
            by: FIRST,
        },
    );
    check(
        &["risk-allow", "risk-shrinker"],
        PluginVerdict::Shrink {
            quantity: half,
            by: SECOND,
        },
    );
    check(
        &["risk-shrinker", "risk-allow"],
        PluginVerdict::Shrink {
            quantity: half,
            by: FIRST,
        },
    );
    let mut bench = Bench::new(&(on_aapl("pinger")));
    assert!(!bench.host.has_risk_plugins());
    let verdict = bench.host.review(bench.at, &review(Quantity::ONE, Money::ZERO));
    assert_eq!(verdict, PluginVerdict::Allow);
}

#[test]
fn one_that_cannot_answer_denies_and_comes_back() {
    let mut bench = check(&["risk-trapper"], PluginVerdict::Failed { by: FIRST });
    let again = bench.host.review(bench.at, &review(Quantity::ONE, Money::ZERO));
    assert_eq!(
        again,
        PluginVerdict::Failed { by: FIRST },
        "it is down, which is a no"
    );
    bench.pass(Duration::from_millis(50));
    assert!(matches!(bench.failures(1).as_slice(), [(false, text)] if text.contains("check trapped")));
    assert_eq!(bench.status(1).state, PluginState::Running);
    check(&["risk-spinner"], PluginVerdict::Failed { by: FIRST });
    check(
        &["risk-allow", "risk-spinner"],
        PluginVerdict::Failed { by: SECOND },
    );
    check(
        &["risk-shrinker", "risk-trapper"],
        PluginVerdict::Failed { by: SECOND },
    );
}

#[test]
fn an_answer_outside_the_contract_denies() {
    let mut bench = Bench::new(&(on_aapl("pinger") + &risk("risk-shrinker")));
    let least = review(Quantity::from_nanos(1), Money::ZERO);
    assert_eq!(
        bench.host.review(bench.at, &least),
        PluginVerdict::Failed { by: FIRST }
    );
    let status = bench.status(1);
    assert_eq!((status.state, status.failures), (PluginState::Running, 1));
    assert!(status.last_failure.contains("check shrank"), "{status:?}");
}

#[test]
fn a_denial_carries_its_code_and_the_host_learns_its_meaning() {
    let guard = "[[plugins]]\nname = \"guard\"\nkind = \"risk\"\n\
         component = \"plugins/drawdown-guard.wasm\"\n\
         [plugins.config]\nloss_limit = 500\nsoft_quantity = 60\n";
    let mut bench = Bench::new(&(on_aapl("pinger") + guard));
    let mut ask = |loss: i128| {
        let day_pnl = Money::from_nanos(-loss * 1_000_000_000);
        bench
            .host
            .review(bench.at, &review(Quantity::from_units(100), day_pnl))
    };
    let soft = Quantity::from_units(60);
    assert_eq!(
        ask(499),
        PluginVerdict::Shrink {
            quantity: soft,
            by: FIRST
        }
    );
    assert_eq!(ask(501), PluginVerdict::Deny { by: FIRST, code: 1 });
    assert!(
        bench
            .host
            .explanation(FIRST, 1)
            .is_some_and(|text| !text.is_empty())
    );
}
