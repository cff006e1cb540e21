//! A log line for people: instant, level, message, fields, and where it came from, always on one line. What others wrote
//! into a field cannot break it or colour it.

use std::fmt::{self, Write};

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use crate::clock;

/// The format of lines on a terminal or in a file. The layer's own colours must be off: it would put them into fields,
/// where they could not be told from what others wrote.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// Whether levels are coloured.
    pub colours: bool,
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        let mut text = String::new();
        context.format_fields(Writer::new(&mut text), event)?;
        if let Some(scope) = context.event_scope() {
            for span in scope.from_root() {
                write!(text, " {}", span.name())?;
                if let Some(fields) = span.extensions().get::<FormattedFields<N>>()
                    && !fields.is_empty()
                {
                    write!(text, "{{{fields}}}")?;
                }
            }
        }
        let (on, off) = if self.colours {
            (colour(*metadata.level()), "\x1b[0m")
        } else {
            ("", "")
        };
        write!(writer, "{} {on}{:>5}{off} ", instant(), metadata.level())?;
        write_escaped(&mut writer, &text)?;
        writeln!(writer, " [{}]", metadata.target())
    }
}

/// Always as long, so that lines stay aligned.
const INSTANT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

fn instant() -> String {
    let nanos = i128::from(clock::now().nanos());
    let formatted = OffsetDateTime::from_unix_timestamp_nanos(nanos).map(|instant| instant.format(INSTANT));
    match formatted {
        Ok(Ok(text)) => text,
        _ => format!("{nanos}ns"),
    }
}

const fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\x1b[31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[32m",
        Level::DEBUG => "\x1b[34m",
        Level::TRACE => "\x1b[35m",
    }
}

/// Writes text with its control characters as Rust writes them (`\n`, `\u{1b}`), so that one event stays one line.
pub fn write_escaped(writer: &mut impl Write, text: &str) -> fmt::Result {
    for character in text.chars() {
        if character.is_control() {
            write!(writer, "{}", character.escape_default())?;
        } else {
            writer.write_char(character)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(log: impl FnOnce()) -> String {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .event_format(Line { colours: false })
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, log);
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_line_has_its_instant_level_message_fields_and_origin() {
        let line = logged(|| tracing::warn!(order_id = 7, "order rejected"));
        assert!(
            line.contains("Z  WARN order rejected order_id=7 [moored::telemetry::line"),
            "{line}"
        );
    }

    #[test]
    fn what_others_wrote_stays_on_one_line() {
        let text = "a\nFAKE ERROR line\r\u{1b}[31mred";
        let line = logged(|| tracing::info!(reason = text, shown = %text, "{text}"));
        assert_eq!(line.matches('\n').count(), 1, "{line:?}");
        assert!(!line.contains('\u{1b}') && !line.contains('\r'), "{line:?}");
    }
}
