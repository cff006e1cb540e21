//! What is wrong with the session, judged from what its keeper publishes. Pure: the moment is handed in.

use std::collections::VecDeque;
use std::time::Duration;

use crate::domain::proof::ProofKind;
use crate::domain::recovery::Rung;
use crate::domain::session::{Obstacle, SessionPhase, SessionStatus};
use crate::domain::time::Timestamp;

/// One kind of trouble. The later ones are looked at first: they explain the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// No subscription ticks that should. One mute stream is the feed's to heal; it justifies no other socket.
    StaleStreams,
    /// Data farms are broken, by the gateway's word.
    FarmsDown,
    /// The API answers, but nothing that needs IB does.
    UpstreamMute,
    /// The gateway lost IB, by its own word.
    UpstreamLost,
    /// Nobody listens, or everybody is hung up on.
    Absent,
    /// The port is open and the API is dead.
    Hung,
    /// Another connection holds our client id.
    ClientIdHeld,
    /// The same user is logged in elsewhere and took the market data.
    Competing,
    /// The gateway waits for the second factor.
    LoginPending,
    /// A wrong account or version: only a person can change that.
    Misconfigured,
}

use Rung::{Page, ReconnectAccount, ReconnectData, Reopen, Rerequest, Restart, RestartUnit};

impl Trouble {
    /// Every trouble.
    pub const ALL: [Trouble; 10] = [
        Trouble::StaleStreams,
        Trouble::FarmsDown,
        Trouble::UpstreamMute,
        Trouble::UpstreamLost,
        Trouble::Absent,
        Trouble::Hung,
        Trouble::ClientIdHeld,
        Trouble::Competing,
        Trouble::LoginPending,
        Trouble::Misconfigured,
    ];

    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Trouble::StaleStreams => "stale_streams",
            Trouble::FarmsDown => "farms_down",
            Trouble::UpstreamMute => "upstream_mute",
            Trouble::UpstreamLost => "upstream_lost",
            Trouble::Absent => "absent",
            Trouble::Hung => "hung",
            Trouble::ClientIdHeld => "client_id_held",
            Trouble::Competing => "competing_session",
            Trouble::LoginPending => "login_pending",
            Trouble::Misconfigured => "misconfigured",
        }
    }

    /// What may help, in the order in which it is tried. The operator is always the last of it.
    ///
    /// Only a dead or mute API justifies another socket; a lost upstream or farm never does. `RECONNECTDATA` and
    /// `RECONNECTACCOUNT` need a gateway that works; `RESTART` needs a process that still listens to IBC. A person at
    /// another screen, at a dialog or with another client on our id is not fought.
    pub const fn route(self) -> &'static [Rung] {
        match self {
            Trouble::StaleStreams => &[Rerequest, Reopen, ReconnectData, Restart, RestartUnit, Page],
            Trouble::FarmsDown => &[ReconnectData, Restart, RestartUnit, Page],
            Trouble::UpstreamMute => &[Reopen, ReconnectAccount, Restart, RestartUnit, Page],
            Trouble::UpstreamLost => &[ReconnectAccount, Restart, RestartUnit, Page],
            Trouble::Hung => &[Restart, RestartUnit, Page],
            Trouble::Absent => &[RestartUnit, Page],
            Trouble::ClientIdHeld | Trouble::Competing | Trouble::LoginPending | Trouble::Misconfigured => {
                &[Page]
            }
        }
    }

    /// Whether waiting longer before the operator is called would change nothing.
    pub const fn pages_at_once(self) -> bool {
        matches!(
            self,
            Trouble::Competing | Trouble::LoginPending | Trouble::Misconfigured
        )
    }
}

/// A trouble and how long it has lasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lasting {
    /// Which.
    pub trouble: Trouble,
    /// Since when.
    pub since: Timestamp,
    /// Since when outside maintenance windows: what happens within one is expected.
    pub since_outside: Timestamp,
}

/// Silences within this long are one trouble.
const SILENCES_WITHIN: Duration = Duration::from_secs(600);
/// Silences remembered; more make no difference.
const SILENCES_MAX: usize = 64;

/// Remembers since when each trouble has lasted.
#[derive(Debug, Default)]
pub struct Watch {
    since: [Option<(Timestamp, Timestamp)>; Trouble::ALL.len()],
    silences: VecDeque<Timestamp>,
    counted: u64,
}

impl Watch {
    /// Looks at the session; returns the trouble that explains most. `silent_after` silences make a hung gateway.
    pub fn look(
        &mut self,
        at: Timestamp,
        session: &SessionStatus,
        login_pending: bool,
        in_window: bool,
        silent_after: u32,
    ) -> Option<Lasting> {
        self.count_silences(at, session.silences);
        let hung = self.silences.len() >= silent_after as usize;
        let mut worst = None;
        for (trouble, slot) in Trouble::ALL.into_iter().zip(&mut self.since) {
            if !is_so(trouble, session, login_pending, hung) {
                *slot = None;
                continue;
            }
            let (since, outside) = slot.get_or_insert((at, at));
            if in_window {
                *outside = at;
            }
            worst = Some(Lasting {
                trouble,
                since: *since,
                since_outside: *outside,
            });
        }
        worst
    }

    fn count_silences(&mut self, at: Timestamp, total: u64) {
        let new = total.saturating_sub(self.counted).min(SILENCES_MAX as u64);
        self.counted = total;
        self.silences.extend((0..new).map(|_| at));
        while self.silences.len() > SILENCES_MAX
            || self
                .silences
                .front()
                .is_some_and(|silence| at.since(*silence) > SILENCES_WITHIN)
        {
            self.silences.pop_front();
        }
    }

    /// What was done about a hung gateway starts a new count.
    pub fn forgive_silences(&mut self) {
        self.silences.clear();
    }
}

fn is_so(trouble: Trouble, session: &SessionStatus, login_pending: bool, hung: bool) -> bool {
    let connected = matches!(session.phase, SessionPhase::Proving | SessionPhase::Up);
    let failing = session
        .failing
        .filter(|_| !connected)
        .map(|failing| failing.obstacle);
    let upstream_held = session
        .proofs
        .iter()
        .any(|proof| proof.kind == ProofKind::Upstream && proof.held);
    match trouble {
        Trouble::StaleStreams => connected && session.upstream && all_silent(session),
        Trouble::FarmsDown => connected && session.upstream && broken_farms(session).next().is_some(),
        Trouble::UpstreamMute => connected && session.upstream && !upstream_held,
        Trouble::UpstreamLost => connected && !session.upstream,
        Trouble::Absent => matches!(
            failing,
            Some(Obstacle::Refused | Obstacle::Unreachable | Obstacle::Rejected | Obstacle::Other)
        ),
        // A session that stands between two silences is no cure.
        Trouble::Hung => hung && (!connected || session.phase == SessionPhase::Proving),
        Trouble::ClientIdHeld => failing == Some(Obstacle::ClientIdInUse),
        Trouble::Competing => connected && session.competing.is_some(),
        Trouble::LoginPending => login_pending,
        Trouble::Misconfigured => matches!(failing, Some(Obstacle::VersionTooLow | Obstacle::WrongAccount)),
    }
}

/// Farms that sleep until they are needed are healthy.
fn broken_farms(session: &SessionStatus) -> impl Iterator<Item = &str> {
    let broken = session.farms.iter().filter(|farm| !farm.state.is_healthy());
    broken.map(|farm| farm.name.as_str())
}

fn all_silent(session: &SessionStatus) -> bool {
    session.streams_silent > 0 && session.streams_silent >= session.subscriptions.len()
}

/// The trouble in words, for the log, the operator and the audit.
pub fn describe(trouble: Trouble, session: &SessionStatus) -> String {
    let error = &session.last_error;
    match trouble {
        Trouble::StaleStreams => {
            let count = session.streams_silent;
            format!("all {count} streams are silent though their markets are open")
        }
        Trouble::FarmsDown => {
            let broken: Vec<&str> = broken_farms(session).collect();
            format!("data farms are broken: {}", broken.join(", "))
        }
        Trouble::UpstreamMute => "the gateway answers, and nothing that needs IB does".to_owned(),
        Trouble::UpstreamLost => {
            "the gateway has lost IB; the same user may be logged in elsewhere (Client Portal, mobile)"
                .to_owned()
        }
        Trouble::Absent => format!("the gateway's port does not serve: {error}"),
        Trouble::Hung => format!("the gateway's port is open and its API is dead: {error}"),
        Trouble::ClientIdHeld => {
            let id = session.client_id;
            format!("client id {id} is held by another connection: find the program that uses it")
        }
        Trouble::Competing => {
            "a competing session has the market data (10197): the same user is logged in elsewhere; log out \
             there, or give the gateway a user of its own"
                .to_owned()
        }
        Trouble::LoginPending => "the gateway waits for the second factor: approve it".to_owned(),
        Trouble::Misconfigured => error.clone(),
    }
}
