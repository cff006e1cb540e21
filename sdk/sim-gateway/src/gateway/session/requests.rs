//! Which handler a request goes to, and the small requests that need no file of their own.

use crate::gateway::{Class, ConnectionId, Gateway, Problem, Session, Stage};
use crate::wire::ids::request;
use crate::wire::messages::session;
use crate::wire::{Body, Request};

/// Reads a request's body.
pub(in crate::gateway) fn decode<M: Request>(body: &Body) -> Result<M, Problem> {
    body.read()
        .map_err(|error| Problem::new(320, format!("Error reading request. {error}")))
}

impl Gateway {
    /// Answers one request of a negotiated connection.
    pub(in crate::gateway) fn request(&mut self, from: ConnectionId, id: u32, body: &Body) {
        let ready = self.sessions.get(&from).and_then(Session::client);
        let result = match (ready, id) {
            (None, request::START_API) => self.start_api(from, body),
            (Some(client), _) => self.dispatch(from, client, id, body),
            (None, _) => Err(Problem::new(
                320,
                "Error reading request. The API has not been started",
            )),
        };
        if let Err(problem) = result {
            let about = body.request_id(id).filter(|about| *about != 0);
            self.error(from, about.unwrap_or(-1), &problem);
        }
    }

    fn dispatch(&mut self, from: ConnectionId, client: i32, id: u32, body: &Body) -> Result<(), Problem> {
        if self.conduct_request(from, client, id, body)?.is_some() {
            return Ok(());
        }
        let answered = self.data_request(from, id, body)?.is_some()
            || self.order_request(from, client, id, body)?.is_some()
            || self.account_request(from, id, body)?.is_some()
            || self.reference_request(from, id, body)?.is_some()
            || self.history_request(from, id, body)?.is_some();
        if answered {
            return Ok(());
        }
        self.session_request(from, client, id, body)
    }

    fn session_request(
        &mut self,
        from: ConnectionId,
        client: i32,
        id: u32,
        body: &Body,
    ) -> Result<(), Problem> {
        match id {
            request::START_API => {
                return Err(Problem::new(
                    320,
                    "Error reading request. The API is already started",
                ));
            }
            request::IDS => self.send_next_valid_id(from, client),
            request::MANAGED_ACCOUNTS => self.send_managed_accounts(from),
            request::CURRENT_TIME => {
                let now = i64::try_from(self.unix_millis() / 1000).ok();
                self.send(from, Class::Other, &session::CurrentTime { current_time: now });
            }
            request::CURRENT_TIME_IN_MILLIS => {
                let now = i64::try_from(self.unix_millis()).ok();
                let message = session::CurrentTimeInMillis {
                    current_time_in_millis: now,
                };
                self.send(from, Class::Other, &message);
            }
            request::USER_INFO => {
                let req_id = decode::<session::UserInfoRequest>(body)?.req_id;
                let message = session::UserInfo {
                    req_id,
                    white_branding_id: Some(String::new()),
                };
                self.send(from, Class::Other, &message);
            }
            request::FAMILY_CODES => self.send_family_codes(from),
            // It has no answer: the log is nobody's here.
            request::SET_SERVER_LOG_LEVEL => {}
            _ => {
                return Err(Problem::invalid(format_args!(
                    "Message {id} is not supported by the simulated gateway"
                )));
            }
        }
        Ok(())
    }

    fn start_api(&mut self, from: ConnectionId, body: &Body) -> Result<(), Problem> {
        let client = decode::<session::StartApiRequest>(body)?.client_id.unwrap_or(0);
        if self.connection_of(client).is_some() || self.is_held(client) {
            self.refuse_id(from);
            return Ok(());
        }
        self.with_session(from, |session| session.stage = Stage::Ready(client))?;
        self.send_managed_accounts(from);
        self.send_next_valid_id(from, client);
        if self.tells_of_lost_link(from) {
            return Ok(());
        }
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
    pub(in crate::gateway) fn with_session<T>(
        &mut self,
        id: ConnectionId,
        action: impl FnOnce(&mut Session) -> T,
    ) -> Result<T, Problem> {
        let session = self.sessions.get_mut(&id);
        session
            .map(action)
            .ok_or_else(|| Problem::new(320, "Error reading request. No session"))
    }

    fn send_next_valid_id(&mut self, to: ConnectionId, client: i32) {
        let next = self
            .orders
            .last_ids
            .get(&client)
            .copied()
            .unwrap_or(0)
            .saturating_add(1);
        self.send(to, Class::Other, &session::NextValidId { order_id: Some(next) });
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
        self.send(to, Class::Other, &message);
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
        self.send(to, Class::Other, &message);
    }
}

/// The client id in a body that starts the API.
pub(crate) fn client_id(body: &Body) -> i32 {
    decode::<session::StartApiRequest>(body)
        .ok()
        .and_then(|start| start.client_id)
        .unwrap_or(0)
}
