//! A process of its own, because the limit on open files is the process's.

use std::cell::Cell;
use std::fs::File;
use std::time::Duration;

use mesh_engine::net;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const LIMIT: u64 = 128;
const CLIENTS: usize = 5;

#[tokio::test]
async fn fault_12_connections_wait_while_there_is_no_descriptor_and_are_taken_afterwards() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(TcpStream::connect(address).await.unwrap());
    }
    limit_open_files();
    let mut files: Vec<_> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    assert!(
        File::open("/dev/null").is_err(),
        "all descriptors are used up"
    );

    let accepted = Cell::new(Vec::new());
    let take = |tcp, _| {
        let mut all = accepted.take();
        all.push(tcp);
        accepted.set(all);
    };
    let loops = net::accept(&listener, take);
    tokio::pin!(loops);
    // Several rounds of the loop, which must not end and not spin.
    assert!(
        timeout(Duration::from_millis(100), &mut loops)
            .await
            .is_err()
    );
    assert_eq!(count(&accepted), 0);

    files.truncate(files.len() - CLIENTS);
    for _ in 0..500 {
        let waited = timeout(Duration::from_millis(10), &mut loops).await;
        assert!(waited.is_err(), "accepting never ends");
        if count(&accepted) == CLIENTS {
            return;
        }
    }
    panic!("{} of {CLIENTS} were accepted", count(&accepted));
}

fn count(accepted: &Cell<Vec<TcpStream>>) -> usize {
    let all = accepted.take();
    let count = all.len();
    accepted.set(all);
    count
}

fn limit_open_files() {
    let limit = libc::rlimit {
        rlim_cur: LIMIT,
        rlim_max: LIMIT,
    };
    // SAFETY: the pointer is to a live structure.
    let result = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) };
    assert_eq!(result, 0, "{}", std::io::Error::last_os_error());
}
