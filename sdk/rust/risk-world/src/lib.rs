//! Generated bindings of the world `risk`, a package of its own only because two worlds that export the same
//! interface cannot be generated in one. Write risk plugins against `moored-plugin`, never against this.
#![cfg(target_arch = "wasm32")]
#![allow(missing_docs, reason = "generated; the documentation is in wit/moored.wit")]

wit_bindgen::generate!({
    path: "../../../wit",
    world: "risk",
    pub_export_macro: true,
    default_bindings_module: "moored_plugin_risk_world",
});
