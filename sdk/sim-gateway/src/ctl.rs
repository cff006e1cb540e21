//! The operator's end of the control socket: says one command and prints the answer.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// Sends `words` as one command; returns the exit code, which is 1 when the gateway answers with an error.
///
/// # Errors
/// When the gateway cannot be reached or goes away before it has answered.
pub(crate) fn run(control: &Path, words: &[String]) -> io::Result<i32> {
    let explain = |error: io::Error| {
        let text = format!(
            "cannot speak to a gateway at {}: {error}. Is one running with --control {}?",
            control.display(),
            control.display()
        );
        io::Error::new(error.kind(), text)
    };
    let mut stream = UnixStream::connect(control).map_err(explain)?;
    stream
        .write_all(format!("{}\n", words.join(" ")).as_bytes())
        .map_err(explain)?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).map_err(explain)?;
    let answer: serde_json::Value = serde_json::from_str(&line).map_err(|_| {
        io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the gateway went away before it had answered",
        )
    })?;
    writeln!(io::stdout(), "{answer:#}")?;
    Ok(i32::from(answer.get("error").is_some()))
}
