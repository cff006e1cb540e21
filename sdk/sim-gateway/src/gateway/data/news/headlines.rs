//! The headlines of the simulated world: for each instrument and provider one in every few hours at most, at
//! a moment and with words that follow from its contract id alone.

use crate::exchange::Instrument;
use crate::gateway::data::venues::mixed;
use crate::gateway::values::double;

/// Seconds of one slot; each has a headline or none.
const SLOT: u64 = 4 * 3600;

const NEWS: [(&str, &str); 8] = [
    (
        "reports quarterly results",
        "Revenue grew from a year ago and costs grew a little less.",
    ),
    (
        "names a new finance chief",
        "The present one leaves at the end of the quarter for family reasons.",
    ),
    (
        "is raised to Outperform",
        "The analysts see more orders than the market expects.",
    ),
    (
        "is cut to Neutral",
        "The analysts see little room after the recent rise.",
    ),
    (
        "announces a share buyback",
        "Shares are to be bought in the open market over two years.",
    ),
    (
        "opens a new plant",
        "It is to work at full capacity within eighteen months.",
    ),
    (
        "settles a patent dispute",
        "The terms of the agreement were not disclosed.",
    ),
    (
        "confirms its outlook",
        "Management repeated what it had said at the last conference.",
    ),
];

/// One headline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Headline {
    pub(super) provider: &'static str,
    /// Unix time, seconds.
    pub(super) at: u64,
    /// Which of the things that happen.
    what: usize,
}

/// The headline of one slot, if it has one.
fn in_slot(con_id: i32, provider: &'static str, slot: u64) -> Option<Headline> {
    let name = provider
        .bytes()
        .fold(0_i64, |sum, byte| sum * 131 + i64::from(byte));
    let slot_number = i64::try_from(slot).ok()?;
    let noise = mixed(mixed(i64::from(con_id) ^ name.wrapping_mul(65_537)).cast_signed() ^ slot_number);
    // One slot in three has one.
    noise.is_multiple_of(3).then(|| Headline {
        provider,
        at: slot * SLOT + (noise >> 8) % SLOT,
        what: usize::try_from((noise >> 40) % 8).unwrap_or(0),
    })
}

/// Headlines of an instrument by some providers from one second to another, both included, newest first, at
/// most so many.
pub(super) fn between(
    con_id: i32,
    providers: &[&'static str],
    from: u64,
    until: u64,
    most: usize,
) -> Vec<Headline> {
    let mut found = Vec::new();
    if from > until {
        return found;
    }
    for slot in (from / SLOT..=until / SLOT).rev() {
        let mut here: Vec<Headline> = providers
            .iter()
            .filter_map(|provider| in_slot(con_id, provider, slot))
            .filter(|headline| (from..=until).contains(&headline.at))
            .collect();
        here.sort_by_key(|headline| std::cmp::Reverse((headline.at, headline.provider)));
        found.extend(here);
        if found.len() >= most {
            break;
        }
    }
    found.truncate(most);
    found
}

/// The headline that an article id stands for, with the contract id of its instrument.
pub(super) fn find(provider: &'static str, article: &str) -> Option<(i32, Headline)> {
    let (name, rest) = article.split_once('$')?;
    let (con_id, slot) = rest.split_at_checked(8)?;
    let con_id = i32::from_str_radix(con_id, 16).ok()?;
    let slot = u64::from_str_radix(slot, 16).ok()?;
    let sensible = name == provider && slot < 1 << 40;
    let headline = sensible.then(|| in_slot(con_id, provider, slot))??;
    Some((con_id, headline))
}

impl Headline {
    /// Its id, as providers write them: `BRFG$00040d9600061b2f`.
    pub(super) fn article(&self, con_id: i32) -> String {
        format!("{}${con_id:08x}{:08x}", self.provider, self.at / SLOT)
    }

    /// What it says.
    pub(super) fn text(&self, instrument: &Instrument) -> String {
        let (what, _) = NEWS.get(self.what).copied().unwrap_or_default();
        format!("{} {what}", instrument.long_name)
    }

    /// The article below it.
    pub(super) fn body(&self, instrument: &Instrument) -> String {
        let (what, more) = NEWS.get(self.what).copied().unwrap_or_default();
        format!(
            "{name} {what}.\n\n{more} {symbol} opened at {open} {currency}.\n",
            name = instrument.long_name,
            symbol = instrument.symbol,
            open = double(instrument.price(instrument.open)),
            currency = instrument.currency,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_id_leads_back_to_its_headline() {
        let found = between(265_598, &["BRFG", "DJNL"], 1_794_000_000, 1_795_000_000, 100);
        assert!(found.len() > 20, "{}", found.len());
        for headline in found {
            let article = headline.article(265_598);
            assert_eq!(
                find(headline.provider, &article),
                Some((265_598, headline)),
                "{article}"
            );
        }
        for wrong in [
            "",
            "BRFG",
            "BRFG$",
            "BRFG$zz",
            "DJNL$0004147e0001e4f0",
            "BRFG$é0004147e0001e4f0",
        ] {
            assert_eq!(find("BRFG", wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_period_in_two_parts_has_the_same_headlines() {
        let all = between(7, &["BRFUPDN"], 1_794_000_000, 1_795_000_000, 1000);
        let mut parts = between(7, &["BRFUPDN"], 1_794_500_001, 1_795_000_000, 1000);
        parts.extend(between(7, &["BRFUPDN"], 1_794_000_000, 1_794_500_000, 1000));
        assert_eq!(all, parts);
    }
}
