//! Who may ask for what. Pure.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, header};

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It came from outside the pod.
    NotLocal,
    /// Its Host is a name: a page in a browser whose name was pointed at this address.
    Host,
    /// It was sent by a page of another site.
    Origin,
}

impl Refused {
    pub(super) fn explain(self) -> &'static str {
        match self {
            Self::NotLocal => "only from this pod: use 127.0.0.1, for example by port-forward\n",
            Self::Host => "the Host must be an IP address or localhost\n",
            Self::Origin => "not from a page of another site\n",
        }
    }
}

/// Whether `client` may use what is for the pod itself only.
///
/// # Errors
/// The reason why not.
pub(super) fn local_only(client: SocketAddr, headers: &HeaderMap) -> Result<(), Refused> {
    if !client.ip().to_canonical().is_loopback() {
        return Err(Refused::NotLocal);
    }
    if headers.contains_key(header::ORIGIN) {
        return Err(Refused::Origin);
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => Ok(()),
        (Some(host), None) if host.to_str().is_ok_and(is_address) => Ok(()),
        _ => Err(Refused::Host),
    }
}

/// Whether `host` cannot be a name that somebody else's DNS answers for.
fn is_address(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    name.eq_ignore_ascii_case("localhost") || bare.unwrap_or(name).parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(client: &str, headers: &[(header::HeaderName, &str)]) -> Result<(), Refused> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect();
        local_only(client.parse().unwrap(), &headers)
    }

    #[test]
    fn fault_66_only_the_pod_itself_gets_in() {
        assert_eq!(ask("127.0.0.1:5", &[]), Ok(()));
        assert_eq!(ask("[::1]:5", &[(header::HOST, "[::1]:4191")]), Ok(()));
        assert_eq!(
            ask("127.0.0.1:5", &[(header::HOST, "localhost:4191")]),
            Ok(())
        );
        assert_eq!(ask("127.0.0.1:5", &[(header::HOST, "10.0.0.1")]), Ok(()));
        assert_eq!(ask("10.0.0.9:5", &[]), Err(Refused::NotLocal));
    }

    #[test]
    fn fault_66_a_rebound_name_and_another_sites_page_do_not() {
        for host in [
            "evil.example:4191",
            "127.0.0.1.evil.example",
            "localhost.evil",
            "",
        ] {
            assert_eq!(
                ask("127.0.0.1:5", &[(header::HOST, host)]),
                Err(Refused::Host)
            );
        }
        let twice = [(header::HOST, "127.0.0.1"), (header::HOST, "evil")];
        let headers = [(header::ORIGIN, "http://evil.example")];
        assert_eq!(ask("127.0.0.1:5", &headers), Err(Refused::Origin));
        let mut map = HeaderMap::new();
        for (name, value) in twice {
            map.append(name, value.parse().unwrap());
        }
        let client = "127.0.0.1:5".parse().unwrap();
        assert_eq!(local_only(client, &map), Err(Refused::Host));
    }
}
