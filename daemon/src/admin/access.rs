//! Who may do what. The kernel says who is at the other end of the socket (SO_PEERCRED); the configuration says what that
//! user may do. There is no password and no token to lose.

use std::collections::BTreeSet;
use std::fmt;

use nix::unistd::{Uid, User as SystemUser};
use serde::{Deserialize, Serialize};

/// A user as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum User {
    /// By numeric id.
    Uid(u32),
    /// By name, looked up once at start.
    Name(String),
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            User::Uid(uid) => write!(f, "{uid}"),
            User::Name(name) => f.write_str(name),
        }
    }
}

/// A configured name that the system does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} names the user {name:?}, whom this system does not know: create the user or correct {key}")]
pub struct UnknownUser {
    key: &'static str,
    name: String,
}

/// What a connection may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Operator,
    /// Reads.
    Observer,
    /// Nothing.
    Stranger,
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Unix user id, from the kernel.
    pub uid: u32,
    /// What it may do.
    pub role: Role,
}

/// The rules, resolved to user ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    operators: BTreeSet<u32>,
    observers: BTreeSet<u32>,
}

impl Access {
    /// The rules of a configuration for a daemon that runs as `own_uid`. Root and the daemon's own user can do
    /// everything already (they could replace the daemon), so they are operators whether named or not.
    pub fn resolve(own_uid: u32, operators: &[User], observers: &[User]) -> Result<Self, UnknownUser> {
        let mut access = Access {
            operators: BTreeSet::from([0, own_uid]),
            observers: BTreeSet::new(),
        };
        for user in operators {
            access.operators.insert(uid_of(user, "admin.operators")?);
        }
        for user in observers {
            access.observers.insert(uid_of(user, "admin.observers")?);
        }
        Ok(access)
    }

    /// Rules that nobody stands above, so that a test can be refused whoever runs it.
    #[cfg(test)]
    pub(super) fn for_tests(operators: &[User], observers: &[User]) -> Self {
        let uids = |users: &[User]| {
            let uids = users.iter().map(|user| uid_of(user, "admin"));
            uids.collect::<Result<_, _>>()
                .expect("tests name users that exist")
        };
        Access {
            operators: uids(operators),
            observers: uids(observers),
        }
    }

    /// What a user may do.
    pub fn role(&self, uid: u32) -> Role {
        if self.operators.contains(&uid) {
            Role::Operator
        } else if self.observers.contains(&uid) {
            Role::Observer
        } else {
            Role::Stranger
        }
    }
}

/// A no to one user, and which key of the configuration would make it a yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which, for people.
    pub message: String,
    /// What to do.
    pub fix: String,
}

/// Whether `peer` may do something that only reads, or something that commands.
pub fn authorize(peer: Peer, reads_only: bool) -> Result<(), Refusal> {
    let (verb, key) = match (peer.role, reads_only) {
        (Role::Operator, _) | (Role::Observer, true) => return Ok(()),
        (Role::Observer, false) => ("command the daemon, only read", "admin.operators"),
        (Role::Stranger, true) => ("read from the daemon", "admin.observers"),
        (Role::Stranger, false) => ("command the daemon", "admin.operators"),
    };
    let (uid, name) = (peer.uid, name_of(peer.uid));
    Err(Refusal {
        message: format!("user {name} (uid {uid}) may not {verb}"),
        fix: format!(
            "add {uid} or its name to {key} in the configuration and restart moored, or run this as root"
        ),
    })
}

/// A user's name, or its number where the system has no name for it.
pub fn name_of(uid: u32) -> String {
    match SystemUser::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) => user.name,
        Ok(None) | Err(_) => uid.to_string(),
    }
}

fn uid_of(user: &User, key: &'static str) -> Result<u32, UnknownUser> {
    let name = match user {
        User::Uid(uid) => return Ok(*uid),
        User::Name(name) => name,
    };
    match SystemUser::from_name(name) {
        Ok(Some(user)) => Ok(user.uid.as_raw()),
        Ok(None) | Err(_) => Err(UnknownUser {
            key,
            name: name.clone(),
        }),
    }
}
