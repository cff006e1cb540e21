//! A panic anywhere but in a guest's call ends the process at once: a dead task must not leave a living daemon. The service
//! manager starts it again, and start is recovery.

use crate::plugin_host;

/// Installs the rule. The message goes to standard error first, where journald keeps it.
pub fn end_the_process() {
    let standard = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        standard(panic);
        if !plugin_host::is_in_guest_call() {
            std::process::abort();
        }
    }));
}
