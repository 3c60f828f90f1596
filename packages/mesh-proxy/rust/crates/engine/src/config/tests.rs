use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::testing::Authority as Ca;

fn pem() -> String {
    use std::fmt::Write;
    let root = Ca::new().root();
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in base64(&root).as_bytes().chunks(64) {
        let line = std::str::from_utf8(line).unwrap();
        writeln!(text, "{line}").unwrap();
    }
    text + "-----END CERTIFICATE-----\n"
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0_u8; 3];
        group[..chunk.len()].copy_from_slice(chunk);
        let number = u32::from_be_bytes([0, group[0], group[1], group[2]]);
        for index in 0..4 {
            let symbol = ALPHABET[(number >> (18 - 6 * index) & 63) as usize];
            text.push(if index > chunk.len() {
                '='
            } else {
                symbol.into()
            });
        }
    }
    text
}

fn environment() -> HashMap<String, String> {
    let id = "web.shop.serviceaccount.identity.linkerd.cluster.local";
    [
        (
            "DESTINATION_SVC_ADDR",
            "dst.linkerd.svc.cluster.local.:8086",
        ),
        ("DESTINATION_SVC_NAME", "dst.example"),
        ("POLICY_SVC_ADDR", "policy.linkerd.svc.cluster.local.:8090"),
        ("POLICY_SVC_NAME", "policy.example"),
        ("POLICY_WORKLOAD", "{\"ns\":\"shop\",\"pod\":\"web-1\"}"),
        ("IDENTITY_SVC_ADDR", "127.0.0.1:8080"),
        ("IDENTITY_LOCAL_NAME", id),
        ("IDENTITY_TOKEN_FILE", "/token"),
        ("IDENTITY_TRUST_ANCHORS", &pem()),
    ]
    .into_iter()
    .map(|(name, value)| (format!("LINKERD2_PROXY_{name}"), value.to_owned()))
    .collect()
}

fn read(environment: &HashMap<String, String>) -> Result<Config, Vec<Invalid>> {
    Config::from_env(|name| environment.get(name).cloned())
}

/// A valid environment with changes.
pub(crate) fn with(changes: &[(&str, &str)]) -> Result<Config, Vec<Invalid>> {
    let mut environment = environment();
    for (name, value) in changes {
        environment.insert(format!("LINKERD2_PROXY_{name}"), (*value).to_owned());
    }
    read(&environment)
}

/// The one complaint that a change causes.
fn complaint(name: &str, value: &str) -> String {
    let invalid = with(&[(name, value)]).unwrap_err();
    assert_eq!(invalid.len(), 1, "{invalid:?}");
    invalid[0].to_string()
}

#[test]
fn what_is_not_set_has_the_documented_defaults() {
    let config = read(&environment()).unwrap();
    assert_eq!(config.inbound.listen, "0.0.0.0:4143".parse().unwrap());
    assert_eq!(config.outbound.listen, ["127.0.0.1:4140".parse().unwrap()]);
    assert_eq!(config.outbound.detect_timeout, Duration::from_secs(10));
    assert_eq!(config.outbound.connect_timeout, Duration::from_secs(1));
    assert_eq!(config.inbound.accept, SocketOptions::default());
    assert_eq!(
        config.inbound.default_policy,
        DefaultPolicy::AllUnauthenticated
    );
    assert_eq!(config.shutdown_grace, Duration::from_secs(120));
    assert_eq!(config.http2_client.connection, 1 << 20);
    assert_eq!(config.process.workers, 1);
    assert!(!config.outbound.disable_informational_headers);
    assert!(config.identity.service.identity.is_none());
}

#[test]
fn nothing_set_names_every_variable_that_has_to_be() {
    let invalid = read(&HashMap::new()).unwrap_err();
    let names: Vec<_> = invalid.iter().map(|invalid| invalid.name).collect();
    assert_eq!(
        names,
        [
            "LINKERD2_PROXY_DESTINATION_SVC_ADDR",
            "LINKERD2_PROXY_POLICY_SVC_ADDR",
            "LINKERD2_PROXY_POLICY_WORKLOAD",
            "LINKERD2_PROXY_IDENTITY_LOCAL_NAME",
            "LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS",
            "LINKERD2_PROXY_IDENTITY_TOKEN_FILE",
            "LINKERD2_PROXY_IDENTITY_SVC_ADDR",
        ]
    );
}

#[test]
fn a_wrong_value_is_named_with_what_would_be_right() {
    for (name, value, says) in [
        ("OUTBOUND_LISTEN_ADDR", "4140", "IP:PORT"),
        (
            "OUTBOUND_LISTEN_ADDRS",
            "127.0.0.1:1,127.0.0.2:1",
            "one IPv4 and one IPv6",
        ),
        ("INBOUND_PORTS", "80,90-85", "counts backwards"),
        ("INBOUND_PORTS", "80,", "empty item"),
        ("INBOUND_PORTS", "0", "not a port"),
        ("INBOUND_PORTS", "65536", "not a port"),
        (
            "INBOUND_IPS",
            "10.0.0.1, web",
            "\"web\" is not an IP address",
        ),
        (
            "INBOUND_DETECT_TIMEOUT",
            "10",
            "an integer with ms, s, m, h or d",
        ),
        (
            "INBOUND_DETECT_TIMEOUT",
            "-1s",
            "an integer with ms, s, m, h or d",
        ),
        (
            "SHUTDOWN_GRACE_PERIOD",
            "99999999999999999999s",
            "an integer",
        ),
        ("SHUTDOWN_GRACE_PERIOD", "999999d", "ten years"),
        (
            "INBOUND_CONNECT_EXP_BACKOFF_MIN",
            "11s",
            "CONNECT_EXP_BACKOFF_MAX",
        ),
        ("INBOUND_CONNECT_EXP_BACKOFF_JITTER", "2", "from 0 to 1"),
        ("CORES", "0", "at least 1"),
        ("CORES_MAX_RATIO", "0", "above 0"),
        ("INGRESS_MODE", "yes", "true or false"),
        ("INBOUND_DEFAULT_POLICY", "open", "all-unauthenticated"),
        ("POLICY_CLUSTER_NETWORKS", "10.0.0.0/33", "at most 32"),
        ("POLICY_SVC_ADDR", "policy", "HOST:PORT"),
        ("POLICY_SVC_ADDR", "10.0.0:8090", "HOST:PORT"),
        ("IDENTITY_DISABLED", "1", "identity is mandatory"),
        ("IDENTITY_TRUST_ANCHORS", "hello", "no certificate"),
        (
            "TLS_GROUPS",
            "X25519, P-256",
            "expected some of X25519MLKEM768",
        ),
        ("TLS_GROUPS", "x25519,X25519", "twice"),
        ("IDENTITY_MIN_REFRESH", "25h", "IDENTITY_MAX_REFRESH"),
        ("LOG", "linkerd=loud", "LEVEL or TARGET=LEVEL"),
        (
            "HTTP2_INITIAL_STREAM_WINDOW_SIZE",
            "2147483648",
            "at most 2147483647",
        ),
        ("INBOUND_SERVER_HTTP2_MAX_FRAME_SIZE", "100", "16384"),
    ] {
        let line = complaint(name, value);
        assert!(
            line.starts_with(&format!("LINKERD2_PROXY_{name}=")),
            "{line}"
        );
        assert!(line.contains(says), "{line}");
        assert!(!line.contains('\n'), "{line}");
    }
}

#[test]
fn key_exchange_groups_are_those_named_in_that_order() {
    let groups = |config: Config| -> Vec<_> {
        let groups = config.identity.tls_groups.iter();
        groups.map(|group| format!("{:?}", group.name())).collect()
    };
    assert_eq!(groups(with(&[]).unwrap())[0], "X25519MLKEM768");
    let chosen = with(&[("TLS_GROUPS", "SECP256R1, x25519")]).unwrap();
    assert_eq!(groups(chosen), ["secp256r1", "X25519"]);
}

#[test]
fn a_service_outside_the_pod_must_say_who_it_is() {
    let mut environment = environment();
    environment.remove("LINKERD2_PROXY_POLICY_SVC_NAME");
    let invalid = read(&environment).unwrap_err();
    assert_eq!(invalid[0].name, "LINKERD2_PROXY_POLICY_SVC_NAME");
    let loopback = [("POLICY_SVC_ADDR", "localhost.:8090")];
    let config = with(&loopback).unwrap();
    assert!(config.control.policy.identity.is_none());
}

#[test]
fn the_root_dot_is_for_resolvers_only() {
    let name = Authority::parse("Dst.linkerd.svc.:8086").unwrap();
    assert_eq!(name.to_string(), "dst.linkerd.svc.:8086");
    assert_eq!(name.without_root_dot(), "dst.linkerd.svc:8086");
    let ip = Authority::parse("[fd00::1]:8086").unwrap();
    assert_eq!(ip.without_root_dot(), "[fd00::1]:8086");
}

#[test]
fn workers_follow_the_machine_and_the_limits() {
    let workers = super::process::workers;
    assert_eq!(workers(8, None, None, 1, None), 1);
    assert_eq!(workers(8, Some(4), Some(0.1), 1, None), 4);
    assert_eq!(workers(8, Some(99), None, 1, None), 8);
    assert_eq!(workers(8, None, Some(0.5), 1, None), 4);
    assert_eq!(workers(8, None, Some(0.01), 2, None), 2);
    assert_eq!(workers(8, None, Some(1.0), 1, Some(3)), 3);
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in ".*") {
        let _ = parse::duration(&text);
        let _ = parse::address(&text);
        let _ = parse::networks(&text);
        let _ = parse::suffixes(&text);
        let _ = parse::ips(&text);
        let _ = PortSet::parse(&text);
        let _ = Authority::parse(&text);
        let _ = crate::log::parse_filter(&text);
    }

    #[test]
    fn durations_keep_their_value(number in 0_u32..100_000, unit in 0_usize..4) {
        let (name, milliseconds) = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)][unit];
        let expected = Duration::from_millis(u64::from(number) * milliseconds);
        prop_assume!(expected <= Duration::from_secs(10 * 365 * 24 * 3600));
        prop_assert_eq!(parse::duration(&format!("{number}{name}")), Ok(expected));
    }

    #[test]
    fn a_port_set_holds_what_was_listed(
        ranges in prop::collection::vec((1_u16.., 0_u16..2000), 1..8),
        probe in 1_u16..,
    ) {
        let ranges: Vec<_> = ranges
            .into_iter()
            .map(|(first, more)| (first, first.saturating_add(more)))
            .collect();
        let text = ranges
            .iter()
            .map(|(first, last)| format!("{first}-{last}"))
            .collect::<Vec<_>>()
            .join(", ");
        let set = PortSet::parse(&text).unwrap();
        let listed = |port: u16| ranges.iter().any(|(first, last)| (*first..=*last).contains(&port));
        prop_assert_eq!(set.contains(probe), listed(probe));
        prop_assert!(ranges.iter().all(|(first, last)| set.contains(*first) && set.contains(*last)));
        prop_assert_eq!(set.iter().count(), set.len());
        prop_assert!(set.iter().all(listed));
        prop_assert_eq!(PortSet::parse(&set.to_string()), Ok(set));
    }

    #[test]
    fn addresses_and_networks_survive_being_written(address: std::net::SocketAddr, prefix in 0_u8..=32) {
        prop_assume!(address.port() != 0);
        // The scope and flow of an IPv6 address are no part of the configuration.
        let address = std::net::SocketAddr::new(address.ip(), address.port());
        prop_assert_eq!(parse::address(&address.to_string()), Ok(address));
        prop_assert_eq!(Authority::parse(&address.to_string()), Ok(Authority::Ip(address)));
        let networks = parse::networks(&format!("{}/{prefix}", address.ip())).unwrap();
        prop_assert_eq!(networks[0].prefix, prefix);
        prop_assert!(networks[0].contains(address.ip()) || address.ip().to_canonical() != address.ip());
    }
}
