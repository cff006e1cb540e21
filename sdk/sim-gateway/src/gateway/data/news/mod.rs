//! News: providers, headlines, articles, and bulletins of the exchanges.
//!
//! It never knows a headline before its moment: what is asked of the past is what was told as it happened.

mod bulletins;
mod headlines;

#[cfg(test)]
mod news_tests;

use crate::exchange::InstrumentId;
use crate::gateway::{Class, ConnectionId, Gateway, Problem, values};
use crate::wire::messages::news as wire;

pub(super) use bulletins::Bulletin;
use headlines::Headline;

/// The providers every user may read.
const PROVIDERS: [(&str, &str); 3] = [
    ("BRFG", "Briefing.com General Market Columns"),
    ("BRFUPDN", "Briefing.com Analyst Actions"),
    ("DJNL", "Dow Jones Newsletters"),
];
/// Headlines of one answer at most.
const MOST: i32 = 300;
/// How far back headlines go, seconds.
const MEMORY: u64 = 90 * 86_400;
/// Headlines that a stream begins with.
const RECENT: usize = 3;

fn permissions() -> Problem {
    Problem::new(10277, "News feed permissions required")
}

fn known_provider(code: &str) -> Option<&'static str> {
    let provider = PROVIDERS.iter().find(|(known, _)| *known == code);
    provider.map(|(known, _)| *known)
}

impl Gateway {
    pub(super) fn news_providers(&mut self, to: ConnectionId) -> Result<(), Problem> {
        let permitted = PROVIDERS.iter().filter(|_| self.data.rules.news);
        let news_providers = permitted
            .map(|(code, name)| wire::NewsProvider {
                provider_code: Some((*code).to_owned()),
                provider_name: Some((*name).to_owned()),
            })
            .collect();
        self.send(to, Class::Other, &wire::NewsProviders { news_providers });
        Ok(())
    }

    pub(super) fn news_article(
        &mut self,
        to: ConnectionId,
        asked: &wire::NewsArticleRequest,
    ) -> Result<(), Problem> {
        let provider = asked.provider_code.as_deref().unwrap_or_default();
        let provider = self.permitted(provider)?;
        let article = asked.article_id.as_deref().unwrap_or_default();
        let now = self.exchange.unix_seconds(self.exchange.now());
        let found = headlines::find(provider, article).filter(|(_, headline)| headline.at <= now);
        let market = found.and_then(|(con_id, headline)| {
            let mut markets = self.exchange.markets();
            let (id, _) = markets.find(|(_, market)| market.instrument.con_id == con_id)?;
            Some((id, headline))
        });
        let (id, headline) =
            market.ok_or_else(|| Problem::new(10172, "Failed to request news article:No data available"))?;
        let message = wire::NewsArticle {
            req_id: asked.req_id,
            // Plain text; 1 would be binary.
            article_type: Some(0),
            article_text: Some(headline.body(&self.exchange.market(id).instrument)),
        };
        self.send(to, Class::Other, &message);
        Ok(())
    }

    pub(super) fn historical_news(
        &mut self,
        to: ConnectionId,
        asked: &wire::HistoricalNewsRequest,
    ) -> Result<(), Problem> {
        let request = asked.req_id;
        let con_id = asked.con_id.unwrap_or(0);
        let mut markets = self.exchange.markets();
        let id = markets
            .find(|(_, market)| market.instrument.con_id == con_id)
            .map(|(id, _)| id);
        drop(markets);
        let id = id.ok_or_else(|| Problem::invalid(format_args!("Invalid contract id {con_id}")))?;
        let providers = self.permitted_all(asked.provider_codes.as_deref().unwrap_or_default())?;
        let now = self.exchange.unix_seconds(self.exchange.now());
        let (from, until) = period(asked, now)?;
        let total = asked
            .total_results
            .filter(|total| *total > 0)
            .unwrap_or(MOST)
            .min(MOST);
        let total = usize::try_from(total).unwrap_or(0);
        let mut found = headlines::between(con_id, &providers, from, until, total + 1);
        let has_more = found.len() > total;
        found.truncate(total);
        for headline in found {
            let message = wire::HistoricalNews {
                req_id: request,
                time: Some(values::spaced_timestamp(headline.at)),
                provider_code: Some(headline.provider.to_owned()),
                article_id: Some(headline.article(con_id)),
                headline: Some(headline.text(&self.exchange.market(id).instrument)),
            };
            self.send(to, Class::Other, &message);
        }
        let end = wire::HistoricalNewsEnd {
            req_id: request,
            has_more: Some(has_more),
        };
        self.send(to, Class::Other, &end);
        Ok(())
    }

    fn permitted(&self, provider: &str) -> Result<&'static str, Problem> {
        if !self.data.rules.news {
            return Err(permissions());
        }
        known_provider(provider).ok_or_else(|| Problem::new(10276, "News feed is not allowed."))
    }

    /// The providers named, joined by `+`.
    fn permitted_all(&self, codes: &str) -> Result<Vec<&'static str>, Problem> {
        let named: Vec<&str> = codes
            .split('+')
            .map(str::trim)
            .filter(|code| !code.is_empty())
            .collect();
        if named.is_empty() {
            return Err(Problem::invalid("Please enter news provider codes"));
        }
        named.into_iter().map(|code| self.permitted(code)).collect()
    }

    /// Refuses a stream of headlines by providers that may not be read.
    pub(super) fn check_news(&self, wanted: Option<&[String]>) -> Result<(), Problem> {
        let Some(wanted) = wanted else { return Ok(()) };
        if !self.data.rules.news {
            return Err(permissions());
        }
        for code in wanted {
            self.permitted(code)?;
        }
        Ok(())
    }

    /// The newest headlines, as a stream of news begins with them.
    pub(super) fn open_news(&mut self, id: InstrumentId, to: ConnectionId, request: i32, wanted: &[String]) {
        let now = self.exchange.unix_seconds(self.exchange.now());
        let con_id = self.exchange.market(id).instrument.con_id;
        let providers = wanted_providers(wanted);
        let mut recent = headlines::between(con_id, &providers, now.saturating_sub(MEMORY), now, RECENT);
        recent.reverse();
        for headline in recent {
            self.tell_headline(id, to, request, &headline);
        }
    }

    /// Tells streams of news what came in the second that ends now.
    pub(super) fn tell_news(&mut self, id: InstrumentId, now: u64) {
        let Some(board) = self.data.boards.get(id.0) else {
            return;
        };
        let streams: Vec<_> = board
            .streams
            .iter()
            .filter_map(|stream| Some((stream.address(), stream.news()?.to_vec())))
            .collect();
        if streams.is_empty() {
            return;
        }
        let con_id = self.exchange.market(id).instrument.con_id;
        for (address, wanted) in streams {
            for headline in headlines::between(con_id, &wanted_providers(&wanted), now, now, 9) {
                self.tell_headline(id, address.to, address.request, &headline);
            }
        }
    }

    fn tell_headline(&mut self, id: InstrumentId, to: ConnectionId, request: i32, headline: &Headline) {
        let instrument = &self.exchange.market(id).instrument;
        let message = wire::TickNews {
            req_id: Some(request),
            timestamp: i64::try_from(headline.at * 1000).ok(),
            provider_code: Some(headline.provider.to_owned()),
            article_id: Some(headline.article(instrument.con_id)),
            headline: Some(headline.text(instrument)),
            extra_data: Some(format!("A:{}:L:en:K:n/a:C:0.5", instrument.con_id)),
        };
        self.send(to, Class::Other, &message);
    }
}

fn wanted_providers(wanted: &[String]) -> Vec<&'static str> {
    if wanted.is_empty() {
        return PROVIDERS.iter().map(|(code, _)| *code).collect();
    }
    wanted.iter().filter_map(|code| known_provider(code)).collect()
}

/// From when to when, in Unix seconds: never the future, and not further back than is remembered.
fn period(asked: &wire::HistoricalNewsRequest, now: u64) -> Result<(u64, u64), Problem> {
    let moment = |text: &Option<String>, otherwise: u64| match text.as_deref().map(str::trim) {
        None | Some("" | "null") => Ok(otherwise),
        Some(text) => values::moment(text)
            .ok_or_else(|| Problem::invalid(format_args!("Invalid date, time or time-zone entered: {text}"))),
    };
    let oldest = now.saturating_sub(MEMORY);
    let from = moment(&asked.start_date_time, oldest)?.max(oldest);
    let until = moment(&asked.end_date_time, now)?.min(now);
    Ok((from, until))
}
