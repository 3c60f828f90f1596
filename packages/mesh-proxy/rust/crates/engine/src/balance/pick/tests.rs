use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::*;
use crate::balance::Queue;
use crate::config::{Backoff, QueueLimits};
use crate::snapshot::{ResourceRef, Snapshot};

const CAPACITY: usize = 2;
const FAILFAST: Duration = Duration::from_secs(3);
const BACKOFF: Backoff = Backoff {
    min: Duration::from_millis(100),
    max: Duration::from_secs(60),
    jitter: 0.0,
};

fn endpoint(last: u8) -> Arc<Endpoint> {
    Arc::new(Endpoint::plain(([10, 0, 0, last], 80).into(), "test"))
}

fn balanced(endpoints: Snapshot<Endpoints>) -> Backend {
    Backend {
        meta: ResourceRef::Default("test".into()),
        kind: BackendKind::Balance {
            path: "web:80".into(),
            endpoints,
            default_rtt: Duration::from_millis(30),
            decay: Duration::from_secs(10),
        },
        queue: Queue::new(QueueLimits {
            capacity: CAPACITY,
            failfast: FAILFAST,
        }),
    }
}

fn known(endpoints: &[Arc<Endpoint>]) -> Endpoints {
    Endpoints::Known(endpoints.into())
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn soon() -> Instant {
    Instant::now() + FAILFAST
}

#[tokio::test(start_paused = true)]
async fn waits_for_the_first_answer_of_the_control_plane() {
    let (writer, reader) = Snapshot::new(Endpoints::Pending);
    let backend = balanced(reader);
    let deadline = soon();
    let (picked, ()) = tokio::join!(pick(&backend, deadline), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        writer.store(known(&[endpoint(1)]));
    });
    assert_eq!(picked.unwrap().addr, endpoint(1).addr);
    assert_eq!(deadline - Instant::now(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn waits_no_longer_than_the_deadline() {
    let (_writer, reader) = Snapshot::new(Endpoints::Pending);
    let (backend, started) = (balanced(reader), Instant::now());
    assert_eq!(
        pick(&backend, soon()).await.unwrap_err(),
        Unavailable::Undiscovered
    );
    assert_eq!(started.elapsed(), FAILFAST);
}

#[tokio::test(start_paused = true)]
async fn no_more_wait_than_may_and_who_leaves_makes_room() {
    let (writer, reader) = Snapshot::new(Endpoints::Pending);
    let backend = balanced(reader);
    let (deadline, started) = (soon(), Instant::now());
    let mut waiting: Vec<_> = (0..CAPACITY)
        .map(|_| Box::pin(pick(&backend, deadline)))
        .collect();
    for one in &mut waiting {
        assert!(poll_once(one.as_mut()).is_pending());
    }
    let full = pick(&backend, deadline).await.unwrap_err();
    assert_eq!(full, Unavailable::Overloaded);
    assert_eq!(started.elapsed(), Duration::ZERO);
    drop(waiting.pop());
    let mut last = Box::pin(pick(&backend, deadline));
    assert!(poll_once(last.as_mut()).is_pending());
    writer.store(known(&[endpoint(1)]));
    assert!(last.await.is_ok());
    // Who does not have to wait is nobody's burden.
    assert!(pick(&backend, deadline).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn nothing_to_wait_for_is_said_at_once() {
    let started = Instant::now();
    for (endpoints, expected) in [
        (Endpoints::Unknown, Unavailable::Unknown),
        (known(&[]), Unavailable::Empty),
    ] {
        let backend = balanced(Snapshot::fixed(endpoints));
        assert_eq!(pick(&backend, soon()).await.unwrap_err(), expected);
    }
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_failing_endpoint_is_left_alone_and_then_tried_by_one() {
    let (good, bad) = (endpoint(1), endpoint(2));
    let backend = balanced(Snapshot::fixed(known(&[good.clone(), bad.clone()])));
    bad.load
        .connect_failed(Instant::now(), Instant::now(), &BACKOFF);
    for _ in 0..100 {
        assert_eq!(pick(&backend, soon()).await.unwrap().id, good.id);
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut picks = 0;
    for _ in 0..100 {
        picks += u32::from(pick(&backend, soon()).await.unwrap().id == bad.id);
    }
    assert_eq!(picks, 1);
}

#[tokio::test(start_paused = true)]
async fn fault_10_an_endpoint_that_leads_back_is_never_picked_again() {
    let (good, back) = (endpoint(1), endpoint(2));
    let both = balanced(Snapshot::fixed(known(&[good.clone(), back.clone()])));
    back.load.leads_back();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    for _ in 0..100 {
        assert_eq!(pick(&both, soon()).await.unwrap().id, good.id);
    }
    let started = Instant::now();
    let alone = balanced(Snapshot::fixed(known(&[back])));
    assert_eq!(pick(&alone, soon()).await.unwrap_err(), Unavailable::Loop);
    assert_eq!(started.elapsed(), Duration::ZERO);
    // Another one that fails for a while is waited for as usual.
    let now = Instant::now();
    good.load.connect_failed(now, now, &BACKOFF);
    assert_eq!(pick(&both, soon()).await.unwrap().id, good.id);
    assert_eq!(started.elapsed(), BACKOFF.min);
}

#[tokio::test(start_paused = true)]
async fn when_all_fail_callers_wait_for_a_pause_to_end_and_later_fail_fast() {
    let bad = endpoint(1);
    let backend = balanced(Snapshot::fixed(known(std::slice::from_ref(&bad))));
    let started = Instant::now();
    let deadline = soon();
    loop {
        match pick(&backend, deadline).await {
            Ok(endpoint) => {
                let now = Instant::now();
                endpoint.load.connect_failed(now, now, &BACKOFF);
            }
            Err(why) => {
                assert_eq!(why, Unavailable::Failfast);
                break;
            }
        }
    }
    assert!(started.elapsed() >= FAILFAST);
    // The next caller does not wait at all: nothing has changed.
    let again = Instant::now();
    assert_eq!(
        pick(&backend, soon()).await.unwrap_err(),
        Unavailable::Failfast
    );
    assert_eq!(again.elapsed(), Duration::ZERO);
    bad.load.connected();
    assert_eq!(pick(&backend, soon()).await.unwrap().id, bad.id);
}

#[tokio::test]
async fn the_loaded_endpoint_gets_less() {
    let (idle, busy) = (endpoint(1), endpoint(2));
    let backend = balanced(Snapshot::fixed(known(&[idle.clone(), busy.clone()])));
    let _work: Vec<_> = (0..10)
        .map(|_| super::super::Pending::connection(busy.clone()))
        .collect();
    for _ in 0..50 {
        assert_eq!(pick(&backend, soon()).await.unwrap().id, idle.id);
    }
}

#[test]
fn a_backend_is_drawn_by_weight_and_never_with_weight_0() {
    let some = |name: &str| {
        let mut backend = balanced(Snapshot::fixed(known(&[])));
        backend.meta = ResourceRef::Default(name.into());
        Arc::new(backend)
    };
    let (one, none, three) = (some("one"), some("none"), some("three"));
    let backends = [(one.clone(), 1), (none, 0), (three.clone(), 3)];
    let drawn: Vec<_> = (0..4)
        .map(|ticket| {
            by_weight(&backends, |total| {
                assert_eq!(total, 4);
                ticket
            })
            .unwrap()
        })
        .collect();
    assert!(Arc::ptr_eq(drawn[0], &one));
    assert!(
        drawn[1..]
            .iter()
            .all(|backend| Arc::ptr_eq(backend, &three))
    );
    assert!(by_weight(&[(one, 0)], |_| 0).is_none());
}

#[test]
fn the_first_backend_that_has_endpoints_is_taken() {
    let empty = Arc::new(balanced(Snapshot::fixed(known(&[]))));
    let full = Arc::new(balanced(Snapshot::fixed(known(&[endpoint(1)]))));
    let both = Distribution::FirstAvailable(vec![empty.clone(), full.clone()]);
    assert!(Arc::ptr_eq(backend(&both).unwrap(), &full));
    let neither = Distribution::FirstAvailable(vec![empty.clone(), empty.clone()]);
    assert!(Arc::ptr_eq(backend(&neither).unwrap(), &empty));
    assert!(backend(&Distribution::Empty).is_none());
}
