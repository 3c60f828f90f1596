//! Logs on standard error, plain or JSON, with a filter that can be changed while running.
//!
//! A thread of its own writes them: a reader that does not drain the pipe must never hold up the
//! data path. What does not fit in its queue is dropped and counted.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use mesh_wire::vocabulary::limits;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Registry, reload};

use crate::config::LogFormat;

/// Lines that may wait to be written.
const QUEUE: usize = limits::LOG_QUEUE_LINES.size();

/// How long [`flush`] waits for a reader that does not read.
const FLUSH: Duration = Duration::from_millis(200);

/// The name under which the reference proxy's users know the engine's log targets.
const ENGINE_TARGET: &str = "linkerd";

static INSTALLED: OnceLock<Handle> = OnceLock::new();
static DROPPED: AtomicU64 = AtomicU64::new(0);

/// Changes the filter of a running process.
struct Handle {
    reload: reload::Handle<Targets, Registry>,
    filter: Mutex<String>,
    lines: SyncSender<Message>,
}

enum Message {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

/// Reads a comma-separated list of `LEVEL` or `TARGET=LEVEL`; the target `linkerd` means the engine.
///
/// # Errors
/// Says which item is not understood.
pub fn parse_filter(text: &str) -> Result<Targets, String> {
    let mut directives = Vec::new();
    for item in text
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
    {
        let directive = match item.split_once('=') {
            Some((target, level)) => format!("{}={level}", rename(target)),
            None => item.to_owned(),
        };
        // A lone word that is no level would be taken for a target, of which everything is logged.
        let level = item.rsplit('=').next().unwrap_or_default();
        if level.parse::<LevelFilter>().is_err() || directive.parse::<Targets>().is_err() {
            return Err(format!(
                "{item:?} is not LEVEL or TARGET=LEVEL, such as linkerd=debug"
            ));
        }
        directives.push(directive);
    }
    if directives.is_empty() {
        return Err(
            "is empty; expected LEVEL or TARGET=LEVEL, such as warn,linkerd=info".to_owned(),
        );
    }
    directives
        .join(",")
        .parse()
        .map_err(|error| format!("not a filter: {error}"))
}

fn rename(target: &str) -> &str {
    if target.starts_with(ENGINE_TARGET) {
        "mesh_engine"
    } else {
        target
    }
}

/// Starts logging; a second call changes the filter only, because a process has one log.
///
/// # Errors
/// When `filter` is not a filter.
pub fn install(filter: &str, format: LogFormat) -> Result<(), String> {
    let targets = parse_filter(filter)?;
    if INSTALLED.get().is_some() {
        return set_filter(filter);
    }
    let (lines, queue) = sync_channel(QUEUE);
    std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || write_lines(&queue))
        .map_err(|error| format!("cannot start the log thread: {error}"))?;
    let (targets, reload) = reload::Layer::new(targets);
    let registry = tracing_subscriber::registry().with(targets);
    let writer = Lines(lines.clone());
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(writer);
    let installed = match format {
        LogFormat::Plain => registry.with(layer).try_init(),
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init(),
    };
    // A test process may have a subscriber already; its own then stays.
    if installed.is_ok() {
        let handle = Handle {
            reload,
            filter: Mutex::new(filter.to_owned()),
            lines,
        };
        // Two threads that install at the same moment: the other one's handle is as good.
        let _ = INSTALLED.set(handle);
    }
    Ok(())
}

/// Replaces the filter.
///
/// # Errors
/// When `filter` is not a filter, or nothing is being logged.
pub fn set_filter(filter: &str) -> Result<(), String> {
    let targets = parse_filter(filter)?;
    let handle = INSTALLED
        .get()
        .ok_or_else(|| "logging has not been started".to_owned())?;
    handle
        .reload
        .reload(targets)
        .map_err(|error| error.to_string())?;
    filter.clone_into(&mut *handle.filter.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(())
}

/// The filter as it was last set; empty before logging has been started.
pub fn filter() -> String {
    INSTALLED.get().map_or_else(String::new, |handle| {
        handle
            .filter
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    })
}

/// Lines that were dropped because nobody read the log fast enough.
pub fn dropped() -> u64 {
    DROPPED.load(Ordering::Relaxed)
}

/// Waits until what was logged so far is written, but not for long.
pub fn flush() {
    if let Some(handle) = INSTALLED.get() {
        let (done, written) = sync_channel(1);
        if handle.lines.try_send(Message::Flush(done)).is_ok() {
            // Nobody reads the log: what is in the queue is lost with the process.
            let _ = written.recv_timeout(FLUSH);
        }
    }
}

fn write_lines(queue: &Receiver<Message>) {
    let mut stderr = io::stderr();
    while let Ok(message) = queue.recv() {
        match message {
            // A closed standard error leaves nowhere to complain to.
            Message::Line(line) => drop(stderr.write_all(&line)),
            Message::Flush(done) => drop(done.send(())),
        }
    }
}

struct Lines(SyncSender<Message>);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line {
            text: Vec::with_capacity(128),
            lines: &self.0,
        }
    }
}

/// One line, sent as a whole when it is dropped.
struct Line<'a> {
    text: Vec<u8>,
    lines: &'a SyncSender<Message>,
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        let text = std::mem::take(&mut self.text);
        if !text.is_empty() && self.lines.try_send(Message::Line(text)).is_err() {
            DROPPED.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn the_reference_proxys_default_filter_is_understood() {
        let filter = parse_filter("warn,linkerd=info,hickory=error").unwrap();
        assert!(filter.would_enable("mesh_engine::identity", &Level::INFO));
        assert!(!filter.would_enable("mesh_engine::identity", &Level::DEBUG));
        assert!(filter.would_enable("h2", &Level::WARN));
        assert!(!filter.would_enable("hickory_resolver", &Level::WARN));
    }

    #[test]
    fn a_wrong_item_is_named() {
        for text in ["linkerd=loud", "warn,linkerd=inf o"] {
            assert!(
                parse_filter(text).unwrap_err().contains("linkerd="),
                "{text}"
            );
        }
        assert!(parse_filter("loud").unwrap_err().contains("\"loud\""));
        assert!(parse_filter(" , ").unwrap_err().contains("empty"));
    }
}
