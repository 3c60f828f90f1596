//! A network namespace for one test: nothing of the machine's own is touched, nothing is left.

use std::process::{Command, Stdio};

/// Runs `test` on a thread of its own in a new network namespace with the given nft rules and
/// addresses on its loopback device. Threads that it starts are in the namespace too.
///
/// Without root the test does nothing but say so.
pub fn in_namespace(addresses: &[&str], rules: &str, test: impl FnOnce() + Send + 'static) {
    // SAFETY: geteuid has no preconditions.
    if unsafe { libc::geteuid() } != 0 {
        eprintln!("skipped: a network namespace needs root");
        return;
    }
    let addresses: Vec<_> = addresses
        .iter()
        .map(|&address| address.to_owned())
        .collect();
    let rules = rules.to_owned();
    let body = move || {
        // SAFETY: only this thread moves; its sockets do not exist yet.
        let moved = unsafe { libc::unshare(libc::CLONE_NEWNET) };
        assert_eq!(moved, 0, "{}", std::io::Error::last_os_error());
        command("ip", &["link", "set", "lo", "up"]);
        for address in &addresses {
            command("ip", &["address", "add", address, "dev", "lo", "nodad"]);
        }
        command("nft", &[&rules]);
        test();
    };
    let thread = std::thread::spawn(body);
    if let Err(cause) = thread.join() {
        std::panic::resume_unwind(cause);
    }
}

fn command(program: &str, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {text}");
}
