//! The bytes of a few messages, by hand; mesh-proto's `tests/test_wire_bytes.py` has the same.

use mesh_wire::transport_header::session_protocol::{Http2, Kind};
use mesh_wire::transport_header::{Header, SessionProtocol};
use mesh_wire::vocabulary::{environment, ports};
use mesh_wire::{destination, net};
use prost::Message;

fn check<M: Message + Default + PartialEq + std::fmt::Debug>(message: &M, encoded: &[u8]) {
    assert_eq!(message.encode_to_vec(), encoded);
    assert_eq!(&M::decode(encoded).expect("decodes"), message);
}

#[test]
fn transport_header() {
    let header = Header {
        port: 8080,
        name: String::new(),
        session_protocol: Some(SessionProtocol {
            kind: Some(Kind::Http2(Http2 {})),
        }),
        ..Header::default()
    };
    check(&header, b"\x08\x90\x3f\x1a\x02\x12\x00");
}

#[test]
fn transport_header_of_a_gateway() {
    let header = Header {
        port: 80,
        name: "web.shop".to_owned(),
        session_protocol: None,
        ..Header::default()
    };
    check(&header, b"\x08\x50\x12\x08web.shop");
}

#[test]
fn address() {
    let address = net::TcpAddress {
        ip: Some(net::IpAddress {
            ip: Some(net::ip_address::Ip::Ipv4(0x0a4d_0002)),
        }),
        port: 4143,
    };
    check(&address, b"\x0a\x05\x0d\x02\x00\x4d\x0a\x10\xaf\x20");
}

#[test]
fn revision() {
    let update = destination::Update {
        update: Some(destination::update::Update::NoEndpoints(
            destination::NoEndpoints { exists: true },
        )),
        mesh_revision: 7,
    };
    check(&update, b"\x1a\x02\x08\x01\xc0\xa9\x07\x07");
}

#[test]
fn defaults_of_the_listeners_use_the_ports_of_the_table() {
    for (variable, port) in [
        (environment::OUTBOUND_LISTEN_ADDR, ports::PROXY_OUTBOUND),
        (environment::INBOUND_LISTEN_ADDR, ports::PROXY_INBOUND),
        (environment::CONTROL_LISTEN_ADDR, ports::PROXY_CONTROL),
        (environment::ADMIN_LISTEN_ADDR, ports::PROXY_ADMIN),
    ] {
        let default = variable.default.expect("listeners have a default");
        assert!(default.ends_with(&format!(":{port}")), "{}", variable.name);
    }
}
