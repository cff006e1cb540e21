//! What stands between us and a session, told to whoever recovers it: attempts that fail, silences, client id conflicts.

use super::Shared;
use super::connect::Trouble;
use crate::clock;
use crate::domain::session::{Failing, Obstacle};

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
        self.status.update(|status| status.failing = None);
    }
}
