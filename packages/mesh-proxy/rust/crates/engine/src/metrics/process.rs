//! The process itself: what it uses, and what was built.

use std::time::{SystemTime, UNIX_EPOCH};

use mesh_wire::vocabulary::metrics;

use super::LabelSet;
use super::text::Text;

pub(super) fn render(text: &mut Text, started: SystemTime) {
    let start = started
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64());
    text.single(&metrics::PROCESS_START_TIME_SECONDS, start);
    if let Some(usage) = Usage::read() {
        text.single(&metrics::PROCESS_CPU_SECONDS_TOTAL, usage.cpu_seconds);
        text.single(&metrics::PROCESS_RESIDENT_MEMORY_BYTES, usage.resident);
        text.single(&metrics::PROCESS_VIRTUAL_MEMORY_BYTES, usage.virtual_bytes);
        text.single(&metrics::PROCESS_THREADS, usage.threads);
    }
    if let Ok(directory) = std::fs::read_dir("/proc/self/fd") {
        text.single(&metrics::PROCESS_OPEN_FDS, directory.count());
    }
    if let Some(limit) = file_limit() {
        text.single(&metrics::PROCESS_MAX_FDS, limit);
    }
    build(text);
}

fn build(text: &mut Text) {
    let version = LabelSet::new()
        .with("version", env!("CARGO_PKG_VERSION"))
        .with("vendor", "mesh");
    text.family(&metrics::PROXY_BUILD_INFO);
    text.sample(&metrics::PROXY_BUILD_INFO, version.as_str(), 1);
    let (suites, groups) = crate::tls::names();
    let tls = LabelSet::new()
        .with("tls_suites", suites)
        .with("tls_kx_groups", groups)
        .with("tls_rand", "aws-lc-rs")
        .with("tls_key_provider", "aws-lc-rs")
        .with("tls_fips", "false");
    text.family(&metrics::RUSTLS_INFO);
    text.sample(&metrics::RUSTLS_INFO, tls.as_str(), 1);
    text.single(
        &metrics::PROXY_LOG_LINES_DROPPED_TOTAL,
        crate::log::dropped(),
    );
}

#[derive(Debug, PartialEq)]
struct Usage {
    cpu_seconds: f64,
    threads: u64,
    virtual_bytes: u64,
    resident: u64,
}

impl Usage {
    fn read() -> Option<Self> {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        Self::parse(
            &stat,
            system(libc::_SC_CLK_TCK)?,
            system(libc::_SC_PAGESIZE)?,
        )
    }

    /// Reads the line of proc(5) `/proc/pid/stat`; the name in parentheses may hold anything.
    #[allow(clippy::cast_precision_loss)]
    fn parse(stat: &str, ticks_per_second: u64, page: u64) -> Option<Self> {
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        // Field 3 of the manual page is the first one here.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            cpu_seconds: (field(14)? + field(15)?) as f64 / ticks_per_second as f64,
            threads: field(20)?,
            virtual_bytes: field(23)?,
            resident: field(24)? * page,
        })
    }
}

fn system(name: libc::c_int) -> Option<u64> {
    // SAFETY: sysconf reads no memory of ours.
    let value = unsafe { libc::sysconf(name) };
    u64::try_from(value).ok().filter(|value| *value > 0)
}

fn file_limit() -> Option<u64> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` is a valid place for the answer.
    let result = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    (result == 0).then_some(limit.rlim_cur)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_name_with_parentheses_and_spaces_is_skipped() {
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 3 0 99 4096 12 0";
        assert_eq!(
            Usage::parse(stat, 100, 4096),
            Some(Usage {
                cpu_seconds: 2.0,
                threads: 3,
                virtual_bytes: 4096,
                resident: 12 * 4096,
            })
        );
    }
}
