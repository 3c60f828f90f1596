//! One endpoint, from the wire.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;

use mesh_decide::http2::MAX_WINDOW;
use mesh_decide::http2::frame::{MAX_SIZE, MIN_MAX_SIZE};
use mesh_wire::destination::tls_identity::Strategy;
use mesh_wire::destination::{Http2ClientParams, TlsIdentity, WeightedAddr, protocol_hint};
use rustls::pki_types::ServerName;

use crate::control::wire::{self, Malformed};
use crate::http2::{self, Http2Params, KeepAlive};
use crate::metrics::LabelSet;
use crate::snapshot::{Endpoint, Hint, Labels, PeerId, PeerTls};

/// Labels of an endpoint or a set.
pub(super) type WireLabels = HashMap<String, String>;

/// Why an endpoint without an identity is spoken to in plaintext.
pub(super) const NOT_MESHED: &str = "not_provided_by_service_discovery";

/// The endpoint that `addr` describes: `known` itself if nothing has changed, so that its load
/// estimate and connections live on.
///
/// # Errors
/// When the address or the identity cannot be understood. An identity that is not understood must
/// not become plaintext, so there is no endpoint then.
pub(super) fn endpoint(
    addr: &WeightedAddr,
    set: &WireLabels,
    known: Option<&Arc<Endpoint>>,
) -> Result<Arc<Endpoint>, Malformed> {
    let fresh = fresh(addr, set)?;
    match known {
        Some(known) if same(known, &fresh) => Ok(known.clone()),
        _ => Ok(Arc::new(fresh)),
    }
}

fn fresh(addr: &WeightedAddr, set: &WireLabels) -> Result<Endpoint, Malformed> {
    let address = wire::socket_address(addr.addr)?;
    let tls = addr.tls_identity.as_ref().map(peer_tls).transpose()?;
    let hint = addr.protocol_hint.unwrap_or_default();
    let transport_port = hint
        .opaque_transport
        .map(|transport| wire::port(transport.inbound_port))
        .transpose()?;
    Ok(Endpoint {
        weight: addr.weight,
        no_tls_reason: if tls.is_some() { "" } else { NOT_MESHED },
        hint: match hint.protocol {
            Some(protocol_hint::Protocol::H2(_)) => Hint::Http2,
            Some(protocol_hint::Protocol::Opaque(_)) => Hint::Opaque,
            None => Hint::Unknown,
        },
        // A transport header is an extension of TLS: without it there is nobody to read one.
        transport_port: tls.as_ref().and(transport_port),
        tls,
        authority_override: addr
            .authority_override
            .as_ref()
            .map(|authority| authority.authority_override.as_str().into()),
        http2: addr.http2.as_ref().map(http2).unwrap_or_default(),
        labels: labels(set, &addr.metric_labels),
        ..Endpoint::plain(address, NOT_MESHED)
    })
}

/// Values that HTTP/2 does not allow count as absent: the endpoint is as good without them.
fn http2(wire: &Http2ClientParams) -> Http2Params {
    const WINDOWS: RangeInclusive<u32> = 1..=MAX_WINDOW;
    const FRAMES: RangeInclusive<u32> = MIN_MAX_SIZE..=MAX_SIZE;
    let flow = wire.flow_control.unwrap_or_default();
    let internals = wire.internals.unwrap_or_default();
    let within = |value: u32, range: RangeInclusive<u32>| range.contains(&value).then_some(value);
    let pings = wire.keep_alive.as_ref();
    Http2Params {
        stream_window: within(flow.initial_stream_window_size, WINDOWS),
        connection_window: within(flow.initial_connection_window_size, WINDOWS),
        adaptive: flow.adaptive_flow_control,
        max_frame_size: within(internals.max_frame_size, FRAMES),
        max_send_buffer: within(internals.max_send_buf_size, WINDOWS).map(|size| size as usize),
        keep_alive: pings.and_then(|pings| {
            let interval = wire::duration(pings.interval);
            let pause = http2::keep_alive(interval, wire::duration(pings.timeout))?;
            Some(KeepAlive {
                while_idle: pings.while_idle,
                ..pause
            })
        }),
    }
}

fn peer_tls(identity: &TlsIdentity) -> Result<PeerTls, Malformed> {
    let named = identity.server_name.as_ref().map(|name| name.name.as_str());
    let (identity, name) = match &identity.strategy {
        Some(Strategy::DnsLikeIdentity(id)) => (
            PeerId::Dns(id.name.as_str().into()),
            named.unwrap_or(&id.name),
        ),
        Some(Strategy::UriLikeIdentity(id)) => (
            PeerId::Uri(id.uri.as_str().into()),
            named.ok_or_else(|| Malformed(format!("{} has no server name", id.uri)))?,
        ),
        None => return Err(Malformed::new("an identity has no strategy")),
    };
    let server_name = ServerName::try_from(name.to_owned())
        .map_err(|_| Malformed(format!("{name:?} is not a server name")))?;
    Ok(PeerTls {
        identity,
        server_name,
    })
}

/// The labels of set and endpoint, each prefixed `dst_`, sorted; the endpoint's win.
fn labels(set: &WireLabels, own: &WireLabels) -> Labels {
    let merged: BTreeMap<_, _> = set.iter().chain(own).collect();
    let mut labels = LabelSet::new();
    for (name, value) in merged {
        if is_label_name(name) {
            labels.push(&format!("dst_{name}"), value);
        }
    }
    labels.finish()
}

/// A wrong name would make the whole scrape unreadable.
fn is_label_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn same(known: &Endpoint, fresh: &Endpoint) -> bool {
    known.addr == fresh.addr
        && known.weight == fresh.weight
        && known.tls == fresh.tls
        && known.hint == fresh.hint
        && known.transport_port == fresh.transport_port
        && known.authority_override == fresh.authority_override
        && known.http2 == fresh.http2
        && known.labels == fresh.labels
}
