//! Display groups: the coloured links between windows, which clients may follow and change.

use std::collections::BTreeMap;

use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::messages::settings::{
    DisplayGroupList, DisplayGroupUpdated, QueryDisplayGroupsRequest, SubscribeToGroupEventsRequest,
    UnsubscribeFromGroupEventsRequest, UpdateDisplayGroupRequest,
};

const GROUPS: std::ops::RangeInclusive<i32> = 1..=7;
/// What a group shows that shows nothing.
const NOTHING: &str = "none";

/// The groups and who follows them.
#[derive(Debug, Default)]
pub(in crate::gateway) struct Groups {
    /// What each shows: `CONID@EXCHANGE`, `combo`, or nothing.
    shown: BTreeMap<i32, String>,
    /// The group each subscription follows.
    followers: BTreeMap<(ConnectionId, i32), i32>,
}

impl Gateway {
    pub(super) fn display_groups(&mut self, to: ConnectionId, asked: &QueryDisplayGroupsRequest) {
        let groups: Vec<String> = GROUPS.map(|group| group.to_string()).collect();
        let message = DisplayGroupList {
            req_id: asked.req_id,
            groups: Some(groups.join("|")),
        };
        self.send(to, Class::Other, &message);
    }

    pub(super) fn follow_group(
        &mut self,
        from: ConnectionId,
        asked: &SubscribeToGroupEventsRequest,
    ) -> Result<(), Problem> {
        let group = asked.group_id.unwrap_or(0);
        if !GROUPS.contains(&group) {
            return Err(Problem::invalid(format_args!("Invalid display group id {group}")));
        }
        let request = asked.req_id.unwrap_or(0);
        let groups = &mut self.reference.groups;
        if groups.followers.contains_key(&(from, request)) {
            return Err(Problem::new(
                322,
                "Error processing request.-'bX' : cause - Duplicate ticker id",
            ));
        }
        groups.followers.insert((from, request), group);
        let shown = groups
            .shown
            .get(&group)
            .map_or(NOTHING, String::as_str)
            .to_owned();
        self.tell_group(from, request, shown);
        Ok(())
    }

    pub(super) fn change_group(
        &mut self,
        from: ConnectionId,
        asked: &UpdateDisplayGroupRequest,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let group = self.reference.groups.followers.get(&(from, request)).copied();
        let group = group.ok_or_else(|| not_followed(request))?;
        let info = asked.contract_info.as_deref().unwrap_or(NOTHING);
        let con_id = info.split_once('@').and_then(|(con_id, _)| con_id.parse().ok());
        let known = con_id.is_some_and(|con_id| self.exchange.find(con_id).is_some());
        if !known && info != NOTHING && info != "combo" {
            return Err(Problem::invalid(format_args!("Invalid contract info '{info}'")));
        }
        let groups = &mut self.reference.groups;
        groups.shown.insert(group, info.to_owned());
        let followers: Vec<(ConnectionId, i32)> = groups
            .followers
            .iter()
            .filter(|(_, each)| **each == group)
            .map(|(follower, _)| *follower)
            .collect();
        for (to, request) in followers {
            self.tell_group(to, request, info.to_owned());
        }
        Ok(())
    }

    pub(super) fn unfollow_group(
        &mut self,
        from: ConnectionId,
        asked: &UnsubscribeFromGroupEventsRequest,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let followed = self.reference.groups.followers.remove(&(from, request));
        followed.map(|_| ()).ok_or_else(|| not_followed(request))
    }

    /// A connection is gone, and follows nothing any more.
    pub(in crate::gateway) fn end_reference(&mut self, id: ConnectionId) {
        self.reference.groups.followers.retain(|(from, _), _| *from != id);
    }

    fn tell_group(&mut self, to: ConnectionId, request: i32, info: String) {
        let message = DisplayGroupUpdated {
            req_id: Some(request),
            contract_info: Some(info),
        };
        self.send(to, Class::Other, &message);
    }
}

fn not_followed(request: i32) -> Problem {
    Problem::new(300, format!("Can't find EId with tickerId:{request}"))
}
