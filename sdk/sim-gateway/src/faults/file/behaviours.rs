//! What a step makes the gateway itself do.

use super::ScenarioError;
use super::keys::Keys;
use crate::faults::script::nanos;
use crate::gateway::conduct::{
    Behaviour, Elsewhere, ElsewhereKind, Entitlement, ExecutionTimes, Field, Lie, TimeStyle,
};

/// The behaviour behind a word; `None` when it is none.
pub(super) fn behaviour(keys: &mut Keys<'_>, word: &str) -> Result<Option<Behaviour>, ScenarioError> {
    Ok(Some(match word {
        "reject" => Behaviour::Reject(keys.number("code")?.unwrap_or(201)),
        "hold-id" => {
            let time = keys.time("hold")?;
            Behaviour::HoldIds(nanos(keys.need("hold = \"20s\"", word, time)?))
        }
        "rollback-id" => {
            let by = keys.number("by")?;
            Behaviour::RollBackIds {
                client: keys.number("owner")?,
                by: keys.need("by = 4", word, by)?,
            }
        }
        "read-only" => Behaviour::ReadOnly(true),
        "dialog" => Behaviour::Dialog {
            orders: keys.whole("orders")?,
            forget: keys.flag("forget")?.unwrap_or(false),
        },
        "release" => Behaviour::Release,
        "split-perm" => Behaviour::SplitPermId(keys.whole("changes")?.unwrap_or(1)),
        "entitle" => entitle(keys)?,
        "link-up" => {
            let code = keys.choice("restored", &[("1101", 1101), ("1102", 1102)])?;
            Behaviour::LinkUp(code.unwrap_or(1102))
        }
        "clock" => {
            let jump = keys.signed_time("jump")?;
            Behaviour::JumpClock(keys.need("jump = \"1h\"", word, jump)?)
        }
        "connection-time" => connection_time(keys)?,
        "execution-times" => {
            let forms = [
                ("zone", ExecutionTimes::Zone),
                ("universal", ExecutionTimes::Universal),
                ("dashed", ExecutionTimes::Dashed),
                ("epoch", ExecutionTimes::Epoch),
            ];
            let form = keys.choice("form", &forms)?;
            Behaviour::ExecutionTimes(keys.need("form = \"universal\"", word, form)?)
        }
        "lie" => lie(keys)?,
        "honest" => Behaviour::Honest,
        "ext-order" => elsewhere(keys, ElsewhereKind::Order)?,
        "ext-fill" => elsewhere(keys, ElsewhereKind::Fill)?,
        "ext-liquidation" => elsewhere(keys, ElsewhereKind::Liquidation)?,
        "ext-position" => elsewhere(keys, ElsewhereKind::Position)?,
        "correct" => Behaviour::Correct {
            execution: keys.text("execution")?,
            quantity: keys.decimal("quantity")?,
            price: keys.decimal("price")?,
        },
        _ => return Ok(None),
    }))
}

fn entitle(keys: &mut Keys<'_>) -> Result<Behaviour, ScenarioError> {
    let burst = keys.whole("burst")?.unwrap_or(10);
    let kinds = [
        ("live", Entitlement::Live),
        ("none", Entitlement::None),
        ("delayed", Entitlement::Delayed),
        ("unsigned", Entitlement::Unsigned),
        ("partial", Entitlement::Partial),
        ("competing", Entitlement::Competing(burst)),
    ];
    let entitlement = keys.choice("as", &kinds)?;
    Ok(Behaviour::Entitle {
        symbol: keys.text("of")?,
        entitlement: keys.need("as = \"delayed\"", "entitle", entitlement)?,
    })
}

fn connection_time(keys: &mut Keys<'_>) -> Result<Behaviour, ScenarioError> {
    let zone = keys.text("zone")?.map(String::into_bytes);
    let hex = keys.text("zone-hex")?;
    let hex = match hex {
        None => None,
        Some(digits) => Some(bytes(&digits).ok_or_else(|| {
            keys.complaint(format!(
                "zone-hex = {digits:?} makes no sense; give pairs of hexadecimal digits"
            ))
        })?),
    };
    Ok(Behaviour::ConnectionTime(TimeStyle {
        zone: hex.or(zone),
        offset: keys.signed_time("offset")?.unwrap_or(0) / 1000,
        whole: keys.text("whole")?.map(String::into_bytes),
    }))
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits
        .len()
        .is_multiple_of(2)
        .then(|| digits.chunks(2).map(pair).collect())
        .flatten()
}

fn lie(keys: &mut Keys<'_>) -> Result<Behaviour, ScenarioError> {
    let field = keys.choice("field", &Field::NAMES)?;
    Ok(Behaviour::Lie(Lie {
        field: keys.need("field = \"average-price\"", "lie", field)?,
        value: keys.anything("value")?,
        left: keys.whole("count")?,
        client: keys.number("only")?,
        about: keys.number("about")?,
    }))
}

fn elsewhere(keys: &mut Keys<'_>, kind: ElsewhereKind) -> Result<Behaviour, ScenarioError> {
    let (symbol, quantity) = (keys.text("of")?, keys.decimal("quantity")?);
    let quantity = keys.need("quantity = 100, or -100 to sell", "it", quantity)?;
    if quantity.is_zero() {
        return Err(keys.complaint("quantity = 0 makes no sense; give what is bought, or less than zero"));
    }
    Ok(Behaviour::Elsewhere(Elsewhere {
        kind,
        symbol: keys.need("of = \"AAPL\"", "it", symbol)?,
        quantity,
        price: keys.decimal("price")?,
        account: keys.text("account")?,
    }))
}
