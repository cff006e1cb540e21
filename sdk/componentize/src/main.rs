//! `componentize IN.wasm OUT.wasm`: makes a component of a core module that was built with `moored-plugin`,
//! checks it, and says what it imports. It never changes what the module does.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use wit_component::{ComponentEncoder, DecodedWasm};
use wit_parser::{Resolve, WorldId, WorldItem};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [input, output] = arguments.as_slice() else {
        eprintln!("usage: componentize IN.wasm OUT.wasm");
        return ExitCode::from(2);
    };
    match run(Path::new(input), Path::new(output)) {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("componentize: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(input: &Path, output: &Path) -> Result<String> {
    let module = std::fs::read(input).with_context(|| format!("cannot read {}", input.display()))?;
    let component = encode(&module).with_context(|| format!("cannot encode {}", input.display()))?;
    let imports = inspect(&component).with_context(|| format!("cannot use {}", input.display()))?;
    write_whole(output, &component)?;
    let kib = component.len().div_ceil(1024);
    let imports = if imports.is_empty() {
        "nothing".to_owned()
    } else {
        imports.join(" ")
    };
    Ok(format!("{}: {kib} KiB, imports {imports}", output.display()))
}

fn encode(module: &[u8]) -> Result<Vec<u8>> {
    ensure!(module.starts_with(b"\0asm"), "it is not a WebAssembly file");
    ensure!(
        module.get(4..8) == Some(&[1, 0, 0, 0]),
        "it is not a core module; is it a component already?"
    );
    ComponentEncoder::default()
        .module(module)
        .context("what it says about its world cannot be read")?
        .validate(true)
        .encode()
        .context("the module does not fit its world")
}

/// What the component imports, once it is sure that it exports something and needs nothing the daemon never
/// offers.
fn inspect(component: &[u8]) -> Result<Vec<String>> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else {
        bail!("the encoder made a package instead of a component");
    };
    ensure!(
        !resolve.worlds[world].exports.is_empty(),
        "it exports nothing; does the plugin call export_strategy! or export_risk!?"
    );
    let imports = functional_imports(&resolve, world);
    if let Some(wasi) = imports.iter().find(|name| name.starts_with("wasi:")) {
        bail!("it imports {wasi}, which the daemon never offers; build it for wasm32-unknown-unknown");
    }
    Ok(imports)
}

/// The interfaces with functions that it imports; those that only lend their types need no grant.
fn functional_imports(resolve: &Resolve, world: WorldId) -> Vec<String> {
    let world = &resolve.worlds[world];
    let named = world.imports.iter().filter_map(|(key, item)| {
        let functions = match item {
            WorldItem::Interface { id, .. } => resolve.interfaces[*id]
                .functions
                .keys()
                .map(String::as_str)
                .collect::<Vec<_>>(),
            WorldItem::Function(_) => Vec::new(),
            WorldItem::Type { .. } => return None,
        };
        let is_types_only = matches!(item, WorldItem::Interface { .. }) && functions.is_empty();
        (!is_types_only).then(|| format!("{}{{{}}}", resolve.name_world_key(key), functions.join(",")))
    });
    named.collect()
}

/// Through a neighbour and a rename: a reader sees the old component or the new one, never a part.
fn write_whole(output: &Path, component: &[u8]) -> Result<()> {
    let part = output.with_extension("part");
    std::fs::write(&part, component).with_context(|| format!("cannot write {}", part.display()))?;
    std::fs::rename(&part, output).with_context(|| format!("cannot replace {}", output.display()))
}
