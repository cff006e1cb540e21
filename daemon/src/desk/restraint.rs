//! What recovery tells the desk: orders that add risk wait, a step was taken, the operator is called.

use super::Desk;
use super::effect::Effect;
use super::event::RecoveryEvent;
use super::record::Record;

impl Desk {
    pub(super) fn recovery(&mut self, event: RecoveryEvent, effects: &mut Vec<Effect>) {
        match event {
            RecoveryEvent::Restrained { reasons } => {
                self.conditions.restrained = !reasons.is_empty();
                self.restraints = reasons;
            }
            RecoveryEvent::Step {
                requester,
                detail,
                outcome,
            } => effects.push(Effect::Record(Record::Admin {
                requester,
                action: "recovery",
                detail,
                outcome,
            })),
            RecoveryEvent::Alarm { name, text } => effects.push(Effect::Alarm { name, text }),
        }
    }
}
