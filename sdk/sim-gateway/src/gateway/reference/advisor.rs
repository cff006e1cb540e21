//! Financial advisors: groups of accounts, their aliases, and soft dollar tiers.

use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::messages::advisor::{
    FaReplace, FaRequest, ReceiveFa, ReplaceFaEnd, SoftDollarTiers, SoftDollarTiersRequest,
};

const GROUPS: i32 = 1;
const PROFILES: i32 = 2;
const ALIASES: i32 = 3;
/// Far more than any real list.
const LARGEST: usize = 1 << 20;

/// What the advisor has written instead of the lists the gateway starts with.
#[derive(Debug, Default)]
pub(in crate::gateway) struct Lists {
    groups: Option<String>,
    aliases: Option<String>,
}

impl Gateway {
    pub(super) fn advisor_list(&mut self, to: ConnectionId, asked: &FaRequest) -> Result<(), Problem> {
        let kind = self.advisor_kind(asked.fa_data_type)?;
        let lists = &self.reference.lists;
        let xml = match kind {
            ALIASES => lists.aliases.clone().unwrap_or_else(|| self.aliases()),
            _ => lists.groups.clone().unwrap_or_else(|| self.groups()),
        };
        let message = ReceiveFa {
            fa_data_type: Some(kind),
            xml: Some(xml),
        };
        self.send(to, Class::Other, &message);
        Ok(())
    }

    pub(super) fn replace_advisor_list(&mut self, to: ConnectionId, asked: FaReplace) -> Result<(), Problem> {
        let kind = self.advisor_kind(asked.fa_data_type)?;
        let xml = asked.xml.unwrap_or_default();
        let root = if kind == ALIASES {
            "ListOfAccountAliases"
        } else {
            "ListOfGroups"
        };
        if !xml.contains(root) || xml.len() > LARGEST {
            return Err(Problem::invalid(format_args!("The XML holds no {root}")));
        }
        let lists = &mut self.reference.lists;
        *(if kind == ALIASES {
            &mut lists.aliases
        } else {
            &mut lists.groups
        }) = Some(xml);
        let message = ReplaceFaEnd {
            req_id: asked.req_id,
            text: Some("successfully replaced".to_owned()),
        };
        self.send(to, Class::Other, &message);
        Ok(())
    }

    pub(super) fn soft_dollar_tiers(&mut self, to: ConnectionId, asked: &SoftDollarTiersRequest) {
        // Nobody here has an agreement with a broker, as with almost every real account.
        let message = SoftDollarTiers {
            req_id: asked.req_id,
            soft_dollar_tiers: Vec::new(),
        };
        self.send(to, Class::Other, &message);
    }

    fn advisor_kind(&self, kind: Option<i32>) -> Result<i32, Problem> {
        if !self.exchange.is_advised() {
            return Err(Problem::invalid(
                "FA data operations ignored for non FA customers.",
            ));
        }
        match kind.unwrap_or(0) {
            kind @ (GROUPS | ALIASES) => Ok(kind),
            PROFILES => {
                let text = "FA Profile is not supported anymore, use FA Group instead";
                Err(Problem::new(585, text))
            }
            other => Err(Problem::invalid(format_args!("Invalid FA data type {other}"))),
        }
    }

    fn groups(&self) -> String {
        let accounts = self.exchange.accounts().iter();
        let accounts: String = accounts
            .map(|each| format!("<String>{}</String>", each.name))
            .collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListOfGroups><Group><name>All</name><ListOfAccts \
             varName=\"list\">{accounts}</ListOfAccts><defaultMethod>NetLiq</defaultMethod></Group></ListOfGroups>"
        )
    }

    fn aliases(&self) -> String {
        let alias = |name: &str| {
            format!("<AccountAlias><account>{name}</account><alias>{name}</alias></AccountAlias>")
        };
        let aliases: String = self
            .exchange
            .accounts()
            .iter()
            .map(|each| alias(&each.name))
            .collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListOfAccountAliases>{aliases}</ListOfAccountAliases>"
        )
    }
}
