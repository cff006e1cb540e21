//! Which handler a request goes to, and the small requests that need no file of their own.

use prost::Message;

use super::{Class, ConnectionId, Gateway, Problem, Stage};
use crate::wire::ids::{request, response};
use crate::wire::session_messages as session;

/// The first field of almost every request.
#[derive(Clone, PartialEq, Message)]
struct AnyRequest {
    #[prost(int32, optional, tag = "1")]
    req_id: Option<i32>,
}

/// Reads a request's body.
pub(super) fn decode<M: Message + Default>(body: &[u8]) -> Result<M, Problem> {
    M::decode(body).map_err(|error| Problem::new(320, format!("Error reading request. {error}")))
}

impl Gateway {
    /// Answers one request of a negotiated connection.
    pub(super) fn request(&mut self, from: ConnectionId, id: u32, body: &[u8]) {
        let ready = self.sessions.get(&from).and_then(super::Session::client);
        let result = match (ready, id) {
            (None, request::START_API) => self.start_api(from, body),
            (Some(client), _) => self.dispatch(from, client, id, body),
            (None, _) => Err(Problem::new(
                320,
                "Error reading request. The API has not been started",
            )),
        };
        if let Err(problem) = result {
            let about = AnyRequest::decode(body).ok().and_then(|any| any.req_id);
            self.error(from, about.filter(|about| *about != 0).unwrap_or(-1), &problem);
        }
    }

    fn dispatch(&mut self, from: ConnectionId, client: i32, id: u32, body: &[u8]) -> Result<(), Problem> {
        match id {
            request::MARKET_DATA => self.start_market_data(from, decode(body)?),
            request::CANCEL_MARKET_DATA => self.stop_market_data(from, &decode(body)?),
            request::MARKET_DATA_TYPE => self.market_data_type(&decode(body)?),
            request::PLACE_ORDER => self.place_order(from, client, decode(body)?),
            request::CANCEL_ORDER => self.cancel_order(from, client, &decode(body)?),
            request::GLOBAL_CANCEL => {
                self.exchange.cancel_all();
                Ok(())
            }
            request::OPEN_ORDERS => self.open_orders(from, Some(client)),
            request::ALL_OPEN_ORDERS => self.open_orders(from, None),
            request::AUTO_OPEN_ORDERS => self.auto_open_orders(from, client, &decode(body)?),
            request::COMPLETED_ORDERS => self.completed_orders(from),
            request::EXECUTIONS => self.list_executions(from, decode(body)?),
            request::CONTRACT_DATA => self.contract_data(from, decode(body)?),
            request::MATCHING_SYMBOLS => self.matching_symbols(from, decode(body)?),
            request::MARKET_RULE => self.market_rule(from, &decode(body)?),
            request::START_API => Err(Problem::new(
                320,
                "Error reading request. The API is already started",
            )),
            _ => self.dispatch_account(from, client, id, body),
        }
    }

    fn dispatch_account(
        &mut self,
        from: ConnectionId,
        client: i32,
        id: u32,
        body: &[u8],
    ) -> Result<(), Problem> {
        match id {
            request::POSITIONS => self.start_positions(from),
            request::CANCEL_POSITIONS => self.with_session(from, |session| session.positions = false),
            request::POSITIONS_MULTI => self.start_positions_multi(from, decode(body)?),
            request::CANCEL_POSITIONS_MULTI => self.stop_positions_multi(from, &decode(body)?),
            request::ACCOUNT_SUMMARY => self.start_summary(from, &decode(body)?),
            request::CANCEL_ACCOUNT_SUMMARY => self.stop_summary(from, &decode(body)?),
            request::ACCOUNT_DATA => self.account_data(from, decode(body)?),
            request::ACCOUNT_UPDATES_MULTI => self.start_updates_multi(from, decode(body)?),
            request::CANCEL_ACCOUNT_UPDATES_MULTI => self.stop_updates_multi(from, &decode(body)?),
            request::PNL => self.start_pnl(from, decode(body)?),
            request::CANCEL_PNL => self.stop_pnl(
                from,
                decode::<crate::wire::account_messages::CancelPnl>(body)?.req_id,
            ),
            request::PNL_SINGLE => self.start_pnl_single(from, decode(body)?),
            request::CANCEL_PNL_SINGLE => self.stop_pnl(
                from,
                decode::<crate::wire::account_messages::CancelPnlSingle>(body)?.req_id,
            ),
            _ => self.dispatch_session(from, client, id, body),
        }
    }

    fn dispatch_session(
        &mut self,
        from: ConnectionId,
        client: i32,
        id: u32,
        body: &[u8],
    ) -> Result<(), Problem> {
        match id {
            request::IDS => self.send_next_valid_id(from, client),
            request::MANAGED_ACCOUNTS => self.send_managed_accounts(from),
            request::CURRENT_TIME => {
                let now = i64::try_from(self.unix_millis() / 1000).ok();
                self.send(
                    from,
                    Class::Other,
                    response::CURRENT_TIME,
                    &session::CurrentTime { current_time: now },
                );
            }
            request::CURRENT_TIME_IN_MILLIS => {
                let now = i64::try_from(self.unix_millis()).ok();
                let message = session::CurrentTimeInMillis {
                    current_time_in_millis: now,
                };
                self.send(from, Class::Other, response::CURRENT_TIME_IN_MILLIS, &message);
            }
            request::USER_INFO => {
                let req_id = decode::<session::UserInfoRequest>(body)?.req_id;
                let message = session::UserInfo {
                    req_id,
                    white_branding_id: Some(String::new()),
                };
                self.send(from, Class::Other, response::USER_INFO, &message);
            }
            request::FAMILY_CODES => self.send_family_codes(from),
            // These two have no answer: the log is nobody's here, and contract details are never still
            // running.
            request::SET_SERVER_LOG_LEVEL | request::CANCEL_CONTRACT_DATA => {}
            _ => {
                return Err(Problem::invalid(format_args!(
                    "Message {id} is not supported by the simulated gateway"
                )));
            }
        }
        Ok(())
    }

    fn start_api(&mut self, from: ConnectionId, body: &[u8]) -> Result<(), Problem> {
        let client = decode::<session::StartApiRequest>(body)?.client_id.unwrap_or(0);
        if self.connection_of(client).is_some() {
            let text = "Unable to connect as the client id is already in use. Retry with a unique client id.";
            self.error(from, -1, &Problem::new(326, text));
            self.output.push(super::Output::Close(from));
            return Ok(());
        }
        self.with_session(from, |session| session.stage = Stage::Ready(client))?;
        self.send_managed_accounts(from);
        self.send_next_valid_id(from, client);
        for (code, text) in [
            (2104, "Market data farm connection is OK:usfarm.nj"),
            (2104, "Market data farm connection is OK:cashfarm"),
            (2104, "Market data farm connection is OK:usfarm"),
            (2106, "HMDS data farm connection is OK:ushmds"),
            (2158, "Sec-def data farm connection is OK:secdefil"),
        ] {
            self.error(from, -1, &Problem::new(code, text));
        }
        Ok(())
    }

    /// Does something to a session; it exists for as long as its requests are handled.
    pub(super) fn with_session<T>(
        &mut self,
        id: ConnectionId,
        action: impl FnOnce(&mut super::Session) -> T,
    ) -> Result<T, Problem> {
        let session = self.sessions.get_mut(&id);
        session
            .map(action)
            .ok_or_else(|| Problem::new(320, "Error reading request. No session"))
    }

    fn send_next_valid_id(&mut self, to: ConnectionId, client: i32) {
        let next = self
            .last_order_ids
            .get(&client)
            .copied()
            .unwrap_or(0)
            .saturating_add(1);
        self.send(
            to,
            Class::Other,
            response::NEXT_VALID_ID,
            &session::NextValidId { order_id: Some(next) },
        );
    }

    fn send_managed_accounts(&mut self, to: ConnectionId) {
        let names: Vec<&str> = self
            .exchange
            .accounts()
            .iter()
            .map(|account| account.name.as_str())
            .collect();
        let message = session::ManagedAccounts {
            accounts_list: Some(names.join(",")),
        };
        self.send(to, Class::Other, response::MANAGED_ACCOUNTS, &message);
    }

    fn send_family_codes(&mut self, to: ConnectionId) {
        let accounts = self.exchange.accounts().iter();
        let code = |name: &String| session::FamilyCode {
            account_id: Some(name.clone()),
            family_code: Some(String::new()),
        };
        let message = session::FamilyCodes {
            family_codes: accounts.map(|account| code(&account.name)).collect(),
        };
        self.send(to, Class::Other, response::FAMILY_CODES, &message);
    }
}

/// The client id in a body that starts the API.
pub(crate) fn client_id(body: &[u8]) -> i32 {
    decode::<session::StartApiRequest>(body)
        .ok()
        .and_then(|start| start.client_id)
        .unwrap_or(0)
}
