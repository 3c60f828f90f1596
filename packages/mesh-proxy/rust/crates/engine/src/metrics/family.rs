//! The families that are one number (or one histogram) per label set.

use mesh_wire::vocabulary::metrics::{self, Metric};

use super::histogram::{Buckets, Unit};

/// Declares an enum whose values stand for rows of the table of metrics.
macro_rules! families {
    ($(#[$meta:meta])* $enum:ident { $($variant:ident = $row:ident;)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $enum {
            $($variant,)*
        }

        impl $enum {
            pub(super) const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The family's row in the table.
            pub(super) fn metric(self) -> &'static Metric {
                match self {
                    $(Self::$variant => &metrics::$row,)*
                }
            }
        }
    };
}

families! {
    /// Families of counters.
    CounterFamily {
        InboundTcpErrors = INBOUND_TCP_ERRORS_TOTAL;
        OutboundTcpErrors = OUTBOUND_TCP_ERRORS_TOTAL;
        InboundHttpErrors = INBOUND_HTTP_ERRORS_TOTAL;
        OutboundHttpErrors = OUTBOUND_HTTP_ERRORS_TOTAL;
        InboundHttpResends = INBOUND_HTTP_RESENDS_TOTAL;
        OutboundHttpResends = OUTBOUND_HTTP_RESENDS_TOTAL;
        InboundHttpAuthzAllow = INBOUND_HTTP_AUTHZ_ALLOW_TOTAL;
        InboundHttpAuthzDeny = INBOUND_HTTP_AUTHZ_DENY_TOTAL;
        InboundHttpRouteNotFound = INBOUND_HTTP_ROUTE_NOT_FOUND_TOTAL;
        InboundHttpLocalRatelimit = INBOUND_HTTP_LOCAL_RATELIMIT_TOTAL;
        InboundTcpAuthzAllow = INBOUND_TCP_AUTHZ_ALLOW_TOTAL;
        InboundTcpAuthzDeny = INBOUND_TCP_AUTHZ_DENY_TOTAL;
        InboundTcpAuthzTerminate = INBOUND_TCP_AUTHZ_TERMINATE_TOTAL;
        InboundTcpDetectHttpResults = INBOUND_TCP_DETECT_HTTP_RESULTS_TOTAL;
        OutboundTcpDetectHttpResults = OUTBOUND_TCP_DETECT_HTTP_RESULTS_TOTAL;
        InboundTcpDetectDecisions = INBOUND_TCP_DETECT_DECISIONS_TOTAL;
        OutboundTcpDetectDecisions = OUTBOUND_TCP_DETECT_DECISIONS_TOTAL;
        OutboundTlsServerNames = OUTBOUND_TLS_SERVER_NAMES_TOTAL;
        OutboundTcpProtocolConnections = OUTBOUND_TCP_PROTOCOL_CONNECTIONS_TOTAL;
        InboundTcpTransportHeaderConnections = INBOUND_TCP_TRANSPORT_HEADER_CONNECTIONS_TOTAL;
        ControlDnsResolutions = CONTROL_DNS_RESOLUTIONS_TOTAL;
        ControlConnects = CONTROL_CONNECTS_TOTAL;
        ControlStreams = CONTROL_STREAMS_TOTAL;
        ControlRevisionRejected = CONTROL_REVISION_REJECTED_TOTAL;
        ControlMessageRejected = CONTROL_MESSAGE_REJECTED_TOTAL;
        IdentityRefreshes = CONTROL_IDENTITY_CERT_REFRESHES_TOTAL;
        ConnectionPanics = PROXY_CONNECTION_PANICS_TOTAL;
    }
}

families! {
    /// Families of gauges.
    GaugeFamily {
        ControlConnected = CONTROL_CONNECTED;
        ControlStale = CONTROL_DISCOVERY_STALE;
        ControlStreamConnected = CONTROL_STREAM_CONNECTED;
        ControlStreamAnswered = CONTROL_STREAM_LAST_ANSWER_TIMESTAMP_SECONDS;
        ControlStreamRevision = CONTROL_STREAM_REVISION;
        IdentityExpiration = CONTROL_IDENTITY_CERT_EXPIRATION_TIMESTAMP_SECONDS;
        IdentityRefresh = CONTROL_IDENTITY_CERT_REFRESH_TIMESTAMP_SECONDS;
    }
}

families! {
    /// Families of histograms.
    HistogramFamily {
        InboundTcpDetectHttpDuration = INBOUND_TCP_DETECT_HTTP_DURATION_SECONDS;
        OutboundTcpDetectHttpDuration = OUTBOUND_TCP_DETECT_HTTP_DURATION_SECONDS;
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
