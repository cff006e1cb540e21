//! Compiled code, kept between starts. It is native code and runs as such, so an entry is trusted only if its
//! folder is ours alone, its name is derived from the component, wasmtime's version and the engine's
//! settings, and its content has the digest it was written with. Anything else is compiled again.

use std::hash::{Hash, Hasher};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Changes with the layout of an entry.
const LAYOUT: &[u8] = b"moored cwasm 1";
/// Length of a digest.
const DIGEST: usize = 32;

/// The folder of compiled code, if it can be trusted.
#[derive(Debug)]
pub struct Cache {
    dir: Option<PathBuf>,
}

/// Lets the engine hash its settings into a digest.
struct DigestHasher(Sha256);

impl Hasher for DigestHasher {
    fn finish(&self) -> u64 {
        0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}

impl Cache {
    /// The cache in `dir`, made if it is missing. One that others could write to is not used: the daemon
    /// works without it, only slower to start.
    pub fn open(dir: &Path) -> Cache {
        let dir = match prepare(dir) {
            Ok(()) => Some(dir.to_owned()),
            Err(reason) => {
                tracing::warn!(
                    cache_dir = %dir.display(),
                    "compiled plugins are not cached: {reason}; make it a folder of the daemon's user, \
                     mode 0700"
                );
                None
            }
        };
        Cache { dir }
    }

    /// The component in `bytes`, from the cache if it has it, compiled and kept if not.
    pub fn compile(&self, engine: &Engine, bytes: &[u8]) -> wasmtime::Result<Component> {
        let path = self.dir.as_ref().map(|dir| dir.join(entry_name(engine, bytes)));
        if let Some(path) = &path
            && let Some(component) = read(engine, path)
        {
            return Ok(component);
        }
        let component = Component::from_binary(engine, bytes)?;
        if let Some(path) = &path
            && let Err(error) = write(path, &component.serialize()?)
        {
            tracing::warn!(path = %path.display(), "cannot keep compiled plugin: {error}");
        }
        Ok(component)
    }
}

/// Makes the folder ours alone, or says why it is not.
fn prepare(dir: &Path) -> Result<(), String> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|error| format!("cannot make it: {error}"))?;
    let metadata = std::fs::symlink_metadata(dir).map_err(|error| format!("cannot look at it: {error}"))?;
    if !metadata.is_dir() {
        return Err("it is not a folder".to_owned());
    }
    let ours = std::fs::metadata("/proc/self").map_err(|error| format!("cannot tell our user: {error}"))?;
    if metadata.uid() != ours.uid() {
        return Err(format!(
            "it belongs to user {}, not to ours ({})",
            metadata.uid(),
            ours.uid()
        ));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err("others can write to it, so its content cannot be trusted".to_owned());
    }
    if metadata.mode() & 0o077 != 0 {
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(dir, private).map_err(|error| format!("cannot make it private: {error}"))?;
    }
    Ok(())
}

fn entry_name(engine: &Engine, bytes: &[u8]) -> String {
    let mut hasher = DigestHasher(Sha256::new());
    hasher.0.update(LAYOUT);
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.update((bytes.len() as u64).to_le_bytes());
    hasher.0.update(bytes);
    let digest = hasher.0.finalize();
    let mut name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    name.push_str(".cwasm");
    name
}

/// The entry, if there is one and it is whole.
fn read(engine: &Engine, path: &Path) -> Option<Component> {
    let entry = std::fs::read(path).ok()?;
    let refuse = |reason: &str| {
        tracing::warn!(path = %path.display(), "compiled plugin not trusted, compiling again: {reason}");
    };
    let Some((digest, code)) = entry.split_at_checked(DIGEST) else {
        refuse("it is cut off");
        return None;
    };
    if Sha256::digest(code).as_slice() != digest {
        refuse("its digest does not fit its content");
        return None;
    }
    // SAFETY: the folder is ours alone with mode 0700, and the content is what this daemon's user wrote there
    // under a name derived from this very component, wasmtime version and settings.
    match unsafe { Component::deserialize(engine, code) } {
        Ok(component) => Some(component),
        Err(error) => {
            refuse(&error.to_string());
            None
        }
    }
}

/// Writes an entry aside and moves it into place, so that none is ever half there.
fn write(path: &Path, code: &[u8]) -> std::io::Result<()> {
    static WRITES: AtomicU32 = AtomicU32::new(0);
    let write = WRITES.fetch_add(1, Ordering::Relaxed);
    let aside = path.with_extension(format!("{}.{write}.tmp", std::process::id()));
    let mut file = std::fs::File::create(&aside)?;
    file.write_all(&Sha256::digest(code))?;
    file.write_all(code)?;
    drop(file);
    std::fs::rename(&aside, path)
}
