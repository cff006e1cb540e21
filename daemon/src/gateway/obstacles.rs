//! What stands between us and a session, told to whoever recovers it: attempts that fail, silences, client id conflicts,
//! another login of the same user.

use super::Shared;
use super::connect::Trouble;
use crate::clock;
use crate::domain::session::{Competing, Failing, Obstacle};

/// IB's word for market data that another login of the same user has.
const COMPETING_SESSION: i32 = 10197;
/// IB's word for history that was not given; one of its reasons is a login from a different address.
const HISTORY_REFUSED: i32 = 162;
/// Ticks this long after the last word of a competing login say that it has gone.
const COMPETING_GONE_AFTER: std::time::Duration = std::time::Duration::from_secs(5);

/// Whether a notice says that the same user is logged in elsewhere.
pub fn is_competing(code: i32, text: &str) -> bool {
    let elsewhere = || text.to_ascii_lowercase().contains("different ip");
    code == COMPETING_SESSION || (code == HISTORY_REFUSED && elsewhere())
}

impl Shared {
    /// An attempt failed, or a session ended by itself.
    pub(super) fn obstructed(&self, trouble: &Trouble) {
        let obstacle = trouble.cause;
        let now = clock::now();
        if obstacle == Obstacle::ClientIdInUse {
            self.metrics.client_id_conflicts.inc();
        }
        self.status.update(|status| {
            status.last_error.clone_from(&trouble.reason);
            if obstacle == Obstacle::Silent {
                status.silences += 1;
            }
            match &mut status.failing {
                Some(failing) if failing.obstacle == obstacle => failing.count += 1,
                failing => {
                    *failing = Some(Failing {
                        obstacle,
                        since: now,
                        count: 1,
                    });
                }
            }
        });
    }

    /// There is a session: it says of itself what is wrong.
    pub(super) fn unobstructed(&self) {
        self.status.update(|status| {
            status.failing = None;
            status.farms_down.clear();
            status.competing = None;
        });
    }

    /// Looks whether a notice speaks of another login of the same user. Bursts of it are one trouble.
    pub(super) fn watch_for_competing(&self, code: i32, text: &str) {
        if !is_competing(code, text) {
            return;
        }
        let now = clock::now();
        self.status.competed(now);
        self.status.update(|status| {
            status.competing.get_or_insert_with(|| Competing {
                since: now,
                text: format!("{code} {text}"),
            });
        });
    }

    /// Once a second: data that flows again proves that the other login has gone.
    pub(super) fn review_competing(&self) {
        if self.status.ticked_after_competing(COMPETING_GONE_AFTER) {
            self.status.update(|status| status.competing = None);
        }
    }
}
