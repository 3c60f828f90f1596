//! Workers behind a real redirect, in a network namespace of the test's own thread.

mod namespace;
mod workers;

use std::net::{SocketAddr, TcpStream};

use mesh_engine::net::original_destination;
use namespace::in_namespace;
use tokio::net::TcpListener;

/// Pods' and Services' addresses in these tests.
const ADDRESSES: [&str; 4] = ["10.44.0.1/32", "10.44.0.9/32", "fd44::1/128", "fd44::9/128"];

/// What is meant for the Services goes to the outbound port.
const RULES: &str = "table inet test {
    chain output {
        type nat hook output priority -100;
        ip daddr 10.44.0.9 tcp dport 80 redirect to :4140
        ip6 daddr fd44::9 tcp dport 80 redirect to :4140
    }
}";

#[test]
fn fault_11_the_original_destination_is_found_whatever_family_the_listener_has() {
    in_namespace(&ADDRESSES, RULES, || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        for (listen, service) in [
            ("127.0.0.1:4140", "10.44.0.9:80"),
            ("0.0.0.0:4140", "10.44.0.9:80"),
            ("[::]:4140", "10.44.0.9:80"),
            ("[::]:4140", "[fd44::9]:80"),
            ("[::1]:4140", "[fd44::9]:80"),
        ] {
            let service: SocketAddr = service.parse().unwrap();
            let found = runtime.block_on(async {
                let listener = TcpListener::bind(listen).await.unwrap();
                let _client = TcpStream::connect(service).unwrap();
                let (tcp, _) = listener.accept().await.unwrap();
                original_destination(&tcp).unwrap()
            });
            assert_eq!(found, service, "on {listen}");
        }
    });
}

#[test]
fn a_connection_that_was_not_redirected_has_the_address_it_was_made_to() {
    in_namespace(&ADDRESSES, RULES, || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("[::]:4143")).unwrap();
        for own in ["10.44.0.1:4143", "[fd44::1]:4143"] {
            let own: SocketAddr = own.parse().unwrap();
            let found = runtime.block_on(async {
                let _client = TcpStream::connect(own).unwrap();
                let (tcp, _) = listener.accept().await.unwrap();
                original_destination(&tcp).unwrap()
            });
            assert_eq!(found, own);
        }
    });
}
