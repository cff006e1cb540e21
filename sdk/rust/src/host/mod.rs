//! What stands behind a context: the daemon in a component, a recorder in a native test.
//!
//! Both have the same functions, chosen when compiling and called directly: a trait object would keep every
//! import alive, and a component is to import only what it uses.

#[cfg(target_arch = "wasm32")]
mod imports;
#[cfg(target_arch = "wasm32")]
pub use imports::Host;

#[cfg(not(target_arch = "wasm32"))]
mod recorder;
#[cfg(not(target_arch = "wasm32"))]
pub use recorder::{Host, Request};
