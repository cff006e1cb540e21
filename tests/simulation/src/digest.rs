//! A digest of everything the desk asked for, made without keeping it: two runs that agree in it asked for the same,
//! byte for byte.

use std::fmt::{self, Write};

/// FNV-1a with 64 bits, and the number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    hash: u64,
    bytes: u64,
}

impl Default for Digest {
    fn default() -> Self {
        Digest {
            hash: 0xcbf2_9ce4_8422_2325,
            bytes: 0,
        }
    }
}

impl Digest {
    /// Takes in one more thing, as it shows itself.
    pub fn take(&mut self, thing: &impl fmt::Debug) {
        // Writing into a digest cannot fail.
        let _ = write!(self, "{thing:?}\n");
    }

    /// Takes in another digest.
    pub fn join(&mut self, other: Digest) {
        self.take(&other);
    }
}

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        self.bytes += text.len() as u64;
        Ok(())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{}", self.hash, self.bytes)
    }
}
