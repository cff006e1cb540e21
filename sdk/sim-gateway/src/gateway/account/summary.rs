//! Account summaries: chosen values of all accounts, at once and then every three minutes what changed.

use std::collections::BTreeMap;

use super::Summary;
use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::messages::account as wire;

/// Summaries a client may have at once.
const MOST_SUMMARIES: usize = 2;

impl Gateway {
    pub(in crate::gateway) fn start_summary(
        &mut self,
        to: ConnectionId,
        asked: &wire::AccountSummaryRequest,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let tags = asked
            .tags
            .as_deref()
            .unwrap_or_default()
            .split(',')
            .map(|tag| tag.trim().to_owned());
        let summary = Summary {
            accounts: self.accounts_of_group(asked.group.as_deref())?,
            tags: tags.filter(|tag| !tag.is_empty()).collect(),
            told: BTreeMap::new(),
        };
        let full = self.with_session(to, |session| {
            let ids = session.account.summaries.keys();
            let others = ids.filter(|id| **id != request).count();
            if others < MOST_SUMMARIES {
                session.account.summaries.insert(request, summary);
            }
            others >= MOST_SUMMARIES
        })?;
        if full {
            let text = "Error processing request.-'cL' : cause - Maximum number of account summary requests \
                        exceeded";
            return Err(Problem::new(322, text));
        }
        self.send_summary(to, request);
        let end = wire::AccountSummaryEnd { req_id: asked.req_id };
        self.send(to, Class::Other, &end);
        Ok(())
    }

    /// Groups are for advisors; here are one that means everybody and one for every account.
    fn accounts_of_group(&self, group: Option<&str>) -> Result<Vec<String>, Problem> {
        let group = group.unwrap_or_default();
        if group.is_empty() || group.eq_ignore_ascii_case("All") {
            return Ok(self.account_names());
        }
        match self.exchange.account(group) {
            Some(account) => Ok(vec![account.name.clone()]),
            None => Err(Problem::invalid(format_args!("Invalid account group '{group}'"))),
        }
    }

    pub(in crate::gateway) fn stop_summary(
        &mut self,
        from: ConnectionId,
        asked: &wire::CancelAccountSummary,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let known = self.with_session(from, |session| session.account.summaries.remove(&request))?;
        known.map(drop).ok_or_else(|| {
            let text = format!("Error reading request. No account summary with request id {request}");
            Problem::new(320, text)
        })
    }

    /// Rows that the summary asked for and was not told yet.
    pub(super) fn send_summary(&mut self, to: ConnectionId, request: i32) {
        let session = self.sessions.get(&to);
        let Some(summary) = session
            .and_then(|session| session.account.summaries.get(&request))
            .cloned()
        else {
            return;
        };
        let mut told = summary.told;
        for name in &summary.accounts {
            let Some(account) = self.exchange.account(name).cloned() else {
                continue;
            };
            for (tag, value, currency) in self.asked_rows(&account, &summary.tags) {
                let before = told.insert((name.clone(), tag.clone(), currency.clone()), value.clone());
                if before.as_ref() == Some(&value) {
                    continue;
                }
                let message = wire::AccountSummary {
                    req_id: Some(request),
                    account: Some(name.clone()),
                    tag: Some(tag),
                    value: Some(value),
                    currency: Some(currency),
                };
                self.send(to, Class::Other, &message);
            }
        }
        let session = self.sessions.get_mut(&to);
        if let Some(summary) = session.and_then(|session| session.account.summaries.get_mut(&request)) {
            summary.told = told;
        }
    }
}
