//! A sound component that knows nothing of plugins: it exports a function that adds.
#![cfg(target_arch = "wasm32")]
#![allow(missing_docs, reason = "generated")]

wit_bindgen::generate!({
    inline: "package elsewhere:sums@1.0.0; world sums { export add: func(a: u32, b: u32) -> u32; }",
});

struct Sums;

impl Guest for Sums {
    fn add(a: u32, b: u32) -> u32 {
        a.saturating_add(b)
    }
}

export!(Sums);
