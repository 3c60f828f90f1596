//! The control plane: where it is and who it must be.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use mesh_wire::vocabulary::environment::{self as names, Variable};

use super::environment::Environment;
use super::parse;

/// `HOST:PORT`; the host is an address or a DNS name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    Ip(SocketAddr),
    Name(Box<str>, u16),
}

impl Authority {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str = "expected HOST:PORT, such as policy.linkerd.svc.cluster.local.:8090";
        if let Ok(address) = text.parse::<SocketAddr>() {
            return match address.port() {
                0 => Err("the port must not be 0".to_owned()),
                _ => Ok(Self::Ip(address)),
            };
        }
        let (host, port) = text.rsplit_once(':').ok_or(FORM.to_owned())?;
        let port = match parse::integer(port) {
            Ok(0) | Err(_) => return Err(FORM.to_owned()),
            Ok(port) => port,
        };
        // A name whose last label is all digits is a mistyped address (RFC 3696 §2).
        let name = host.strip_suffix('.').unwrap_or(host);
        let numeric = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
        if !parse::is_dns_name(name) || name.rsplit('.').next().is_some_and(numeric) {
            return Err(FORM.to_owned());
        }
        Ok(Self::Name(host.to_ascii_lowercase().into(), port))
    }

    /// Whether the service runs in this pod: a loopback address or the name `localhost`.
    ///
    /// Such a service is spoken to in plaintext.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Ip(address) => address.ip().to_canonical().is_loopback(),
            Self::Name(name, _) => matches!(&**name, "localhost" | "localhost."),
        }
    }

    /// As it stands in requests: the dot that ends an absolute DNS name is for resolvers only.
    pub fn without_root_dot(&self) -> String {
        match self {
            Self::Ip(address) => address.to_string(),
            Self::Name(name, port) => {
                format!("{}:{port}", name.strip_suffix('.').unwrap_or(name))
            }
        }
    }

    /// The port.
    pub fn port(&self) -> u16 {
        match self {
            Self::Ip(address) => address.port(),
            Self::Name(_, port) => *port,
        }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => write!(f, "{address}"),
            Self::Name(name, port) => write!(f, "{name}:{port}"),
        }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::Ip(SocketAddr::from((IpAddr::from([127, 0, 0, 1]), 0)))
    }
}

/// A control-plane service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    pub address: Authority,
    /// The identity that it must prove; None (plaintext) only where it is in this pod.
    pub identity: Option<Box<str>>,
}

impl Service {
    pub(super) fn read(env: &mut Environment<'_>, address: &Variable, name: &Variable) -> Self {
        let before = env.text(address).is_some();
        let authority: Authority = env.required(address, Authority::parse);
        let identity = env.optional(name, identity_name);
        if authority.is_loopback() {
            return Self {
                address: authority,
                identity: None,
            };
        }
        if before && env.text(name).is_none() {
            env.missing(name, &format!("because {} is not loopback", address.name));
        }
        Self {
            address: authority,
            identity,
        }
    }
}

/// A DNS-like identity.
pub(super) fn identity_name(text: &str) -> Result<Box<str>, String> {
    if parse::is_dns_name(text) {
        Ok(text.to_ascii_lowercase().into())
    } else {
        Err(
            "expected an identity, such as web.shop.serviceaccount.identity.linkerd.cluster.local"
                .to_owned(),
        )
    }
}

/// How long control streams are trusted; None means without end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamLimits {
    pub initial: Option<Duration>,
    pub idle: Option<Duration>,
    pub lifetime: Option<Duration>,
}

/// Discovery and policy.
#[derive(Clone, Debug)]
pub struct Control {
    pub destination: Service,
    /// Sent with every look-up.
    pub destination_context: String,
    pub policy: Service,
    /// This workload, as the policy controller knows it.
    pub policy_workload: String,
    pub limits: StreamLimits,
    pub dns_min_ttl: Option<Duration>,
    pub dns_max_ttl: Option<Duration>,
}

impl Control {
    pub(super) fn read(env: &mut Environment<'_>) -> Self {
        let text = |text: &str| Ok::<_, String>(text.to_owned());
        let limit = |value: Duration| (!value.is_zero()).then_some(value);
        Self {
            destination: Service::read(
                env,
                &names::DESTINATION_SVC_ADDR,
                &names::DESTINATION_SVC_NAME,
            ),
            destination_context: env.get(&names::DESTINATION_CONTEXT, text),
            policy: Service::read(env, &names::POLICY_SVC_ADDR, &names::POLICY_SVC_NAME),
            policy_workload: env.required(&names::POLICY_WORKLOAD, text),
            limits: StreamLimits {
                initial: env
                    .optional(&names::CONTROL_STREAM_INITIAL_TIMEOUT, parse::duration)
                    .and_then(limit),
                idle: env
                    .optional(&names::CONTROL_STREAM_IDLE_TIMEOUT, parse::duration)
                    .and_then(limit),
                lifetime: env
                    .optional(&names::CONTROL_STREAM_LIFETIME, parse::duration)
                    .and_then(limit),
            },
            dns_min_ttl: env.optional(&names::DNS_MIN_TTL, parse::duration),
            dns_max_ttl: env.optional(&names::DNS_MAX_TTL, parse::duration),
        }
    }
}
