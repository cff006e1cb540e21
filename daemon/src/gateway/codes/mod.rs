//! What IB's error and notice codes mean: a table that is compiled in, what the operator changed of it, and the few
//! texts that decide where a number does not.
//!
//! Owns: `table.tsv`, its reading (`table`), its words (`action`), the operator's rows (`overrides`), the texts
//! (`texts`), the answer for one message (`policy`), and what is done about every message wherever it comes
//! (`hearing`: counts, log, alarms).
//!
//! The rule behind it: a code never ends a live order; it tells what to believe until a status says more, and asks for
//! one where even that is unsafe. So it is for every code nobody listed.
//!
//! Never: a decision about a code outside the table, a label in a metric that a gateway could invent.

mod action;
mod hearing;
mod overrides;
mod policy;
mod table;
#[cfg(test)]
mod tests;
mod texts;

pub use action::{About, Action, RequestOutcome};
pub use hearing::Hearing;
pub use overrides::Overrides;
pub use policy::{Policy, PolicyError, Ruling};
pub use texts::{MARGIN_URGENT, farm_name, farms_connected};
