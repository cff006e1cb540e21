//! The Rust face of `wit/moored.wit`. Both worlds are bound as one, so that a type both use is one type here;
//! which exports a plugin must have depends on its kind and is decided when it is loaded.

wasmtime::component::bindgen!({
    path: "../wit",
    inline: "
        package moored:host;

        world everything {
            include moored:plugin/strategy@0.1.0;
            include moored:plugin/risk@0.1.0;
        }
    ",
    world: "moored:host/everything",
    imports: { default: trappable },
});
