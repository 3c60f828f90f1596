//! The families that are one number (or one histogram) per label set.

use super::histogram::{Buckets, Unit};

/// Declares an enum whose values carry the family's name and help.
macro_rules! families {
    ($(#[$meta:meta])* $enum:ident { $($variant:ident = $name:literal, $help:literal;)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $enum {
            $(#[doc = $help] $variant,)*
        }

        impl $enum {
            pub(super) const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The family's name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            pub(super) fn help(self) -> &'static str {
                match self {
                    $(Self::$variant => $help,)*
                }
            }
        }
    };
}

families! {
    /// Families of counters.
    CounterFamily {
        InboundTcpErrors = "inbound_tcp_errors_total", "Inbound connections that failed, by error.";
        OutboundTcpErrors = "outbound_tcp_errors_total", "Outbound connections that failed, by error.";
        InboundHttpErrors = "inbound_http_errors_total", "Inbound requests that the proxy failed, by error.";
        OutboundHttpErrors = "outbound_http_errors_total", "Outbound requests that the proxy failed, by error.";
        InboundHttpResends = "inbound_http_resends_total", "Inbound requests sent once more, because the connection ended before any byte of the response.";
        OutboundHttpResends = "outbound_http_resends_total", "Outbound requests sent once more, because the connection ended before any byte of the response.";
        InboundHttpAuthzAllow = "inbound_http_authz_allow_total", "Requests that an authorization let in.";
        InboundHttpAuthzDeny = "inbound_http_authz_deny_total", "Requests that no authorization let in.";
        InboundHttpRouteNotFound = "inbound_http_route_not_found_total", "Requests that matched no route.";
        InboundHttpLocalRatelimit = "inbound_http_local_ratelimit_total", "Requests refused by the local rate limit.";
        InboundTcpAuthzAllow = "inbound_tcp_authz_allow_total", "Connections that an authorization let in.";
        InboundTcpAuthzDeny = "inbound_tcp_authz_deny_total", "Connections that no authorization let in.";
        InboundTcpAuthzTerminate = "inbound_tcp_authz_terminate_total", "Connections ended because a policy changed.";
        InboundTcpDetectHttpResults = "inbound_tcp_detect_http_results_total", "Inbound protocol detections, by result.";
        OutboundTcpDetectHttpResults = "outbound_tcp_detect_http_results_total", "Outbound protocol detections, by result.";
        InboundTcpDetectDecisions = "inbound_tcp_detect_decisions_total", "Inbound connections, by the protocol that they are taken for and the reason.";
        OutboundTcpDetectDecisions = "outbound_tcp_detect_decisions_total", "Outbound connections, by the protocol that they are taken for and the reason.";
        OutboundTlsServerNames = "outbound_tls_server_names_total", "TLS connections of the application, by the server name that they ask for.";
        OutboundTcpProtocolConnections = "outbound_tcp_protocol_connections_total", "Outbound connections, by protocol.";
        InboundTcpTransportHeaderConnections = "inbound_tcp_transport_header_connections_total", "Connections that began with a transport header.";
        ControlDnsResolutions = "control_dns_resolutions_total", "DNS look-ups, by client, record type and result.";
        ControlConnects = "control_connects_total", "Attempts to connect to a control-plane service, by result.";
        ControlStreams = "control_streams_total", "Control streams that ended, by service, call and reason.";
        ControlRevisionRejected = "control_revision_rejected_total", "Control messages dropped because their revision did not increase.";
        ControlMessageRejected = "control_message_rejected_total", "Control messages dropped because they could not be understood.";
        IdentityRefreshes = "control_identity_cert_refreshes_total", "Certifications, by result.";
        ConnectionPanics = "proxy_connection_panics_total", "Connections that ended because of a defect in the proxy.";
    }
}

families! {
    /// Families of gauges.
    GaugeFamily {
        ControlConnected = "control_connected", "Whether the control-plane service is connected (1) or not (0).";
        ControlStreamConnected = "control_stream_connected", "Whether the control stream about the target is open.";
        ControlStreamAnswered = "control_stream_last_answer_timestamp_seconds", "When the control stream's last answer came, in seconds since 1970.";
        ControlStreamRevision = "control_stream_revision", "The revision of the control stream's last answer.";
        ControlStale = "control_discovery_stale", "Destinations served from memory because the control plane does not answer.";
        IdentityExpiration = "control_identity_cert_expiration_timestamp_seconds", "When the certificate expires, in seconds since 1970.";
        IdentityRefresh = "control_identity_cert_refresh_timestamp_seconds", "When the certificate was last renewed, in seconds since 1970.";
    }
}

families! {
    /// Families of histograms.
    HistogramFamily {
        InboundTcpDetectHttpDuration = "inbound_tcp_detect_http_duration_seconds", "How long inbound protocol detection took.";
        OutboundTcpDetectHttpDuration = "outbound_tcp_detect_http_duration_seconds", "How long outbound protocol detection took.";
    }
}

impl HistogramFamily {
    pub(super) fn buckets(self) -> Buckets {
        match self {
            Self::InboundTcpDetectHttpDuration | Self::OutboundTcpDetectHttpDuration => Buckets {
                unit: Unit::Seconds,
                bounds: &[1_000, 100_000],
            },
        }
    }
}
