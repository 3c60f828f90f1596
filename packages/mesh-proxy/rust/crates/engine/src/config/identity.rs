//! Who this proxy is, and who certifies that.

use std::path::PathBuf;
use std::time::Duration;

use mesh_wire::vocabulary::environment as names;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::control::identity_name;
use super::environment::Environment;
use super::{Service, parse};
use crate::tls::{self, Group};

/// Identity settings.
#[derive(Clone, Debug)]
pub struct IdentityConfig {
    /// This proxy's identity and TLS server name.
    pub local_name: Box<str>,
    /// The roots of the mesh; at least one.
    pub trust_anchors: Vec<CertificateDer<'static>>,
    /// The service account token, read before every certification.
    pub token_file: PathBuf,
    pub service: Service,
    pub min_refresh: Duration,
    pub max_refresh: Duration,
    /// The key exchange groups of TLS handshakes, the preferred one first.
    pub tls_groups: Vec<Group>,
}

impl IdentityConfig {
    pub(super) fn read(env: &mut Environment<'_>) -> Self {
        refuse_spire(env);
        let config = Self {
            local_name: local_name(env),
            trust_anchors: env.required(&names::IDENTITY_TRUST_ANCHORS, certificates),
            token_file: env.required(&names::IDENTITY_TOKEN_FILE, |text| Ok(PathBuf::from(text))),
            service: Service::read(env, &names::IDENTITY_SVC_ADDR, &names::IDENTITY_SVC_NAME),
            min_refresh: env.get(&names::IDENTITY_MIN_REFRESH, parse::duration),
            max_refresh: env.get(&names::IDENTITY_MAX_REFRESH, parse::duration),
            tls_groups: env.get(&names::TLS_GROUPS, tls_groups),
        };
        if config.min_refresh > config.max_refresh {
            let value = env.text(&names::IDENTITY_MIN_REFRESH);
            let reason = format!("must be at most {}", names::IDENTITY_MAX_REFRESH.name);
            env.complain(&names::IDENTITY_MIN_REFRESH, value, reason);
        }
        config
    }
}

/// Certificates come from the identity service; running without the one that was asked for
/// would be a silent change of trust.
fn refuse_spire(env: &mut Environment<'_>) {
    for variable in [
        &names::IDENTITY_SPIRE_WORKLOAD_API_ADDRESS,
        &names::IDENTITY_SPIRE_SOCKET,
    ] {
        if let Some(value) = env.text(variable) {
            let reason = "this version takes certificates from the identity service only; \
                          unset it and set LINKERD2_PROXY_IDENTITY_SVC_ADDR";
            env.complain(variable, Some(value), reason.to_owned());
        }
    }
}

fn local_name(env: &mut Environment<'_>) -> Box<str> {
    if env.text(&names::IDENTITY_LOCAL_NAME).is_some() {
        return env.get(&names::IDENTITY_LOCAL_NAME, identity_name);
    }
    if env.text(&names::IDENTITY_SERVER_ID).is_none() {
        env.missing(&names::IDENTITY_LOCAL_NAME, "");
        return Box::default();
    }
    let id = env.get(&names::IDENTITY_SERVER_ID, identity_name);
    let name = env.required(&names::IDENTITY_SERVER_NAME, identity_name);
    if !name.is_empty() && !id.is_empty() && id != name {
        let reason = format!(
            "must equal {}: the identity service certifies one name",
            names::IDENTITY_SERVER_ID.name
        );
        env.complain(
            &names::IDENTITY_SERVER_NAME,
            Some(name.into_string()),
            reason,
        );
    }
    id
}

fn tls_groups(text: &str) -> Result<Vec<Group>, String> {
    let groups = parse::list(text, tls::group)?;
    let again = |(index, group): (usize, &Group)| {
        let earlier = &groups[..index];
        earlier.iter().any(|other| other.name() == group.name())
    };
    if groups.iter().enumerate().any(again) {
        return Err("names a group twice".to_owned());
    }
    Ok(groups)
}

fn certificates(text: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates = CertificateDer::pem_slice_iter(text.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("not PEM: {error}"))?;
    if certificates.is_empty() {
        return Err("holds no certificate; expected PEM blocks of type CERTIFICATE".to_owned());
    }
    for certificate in &certificates {
        webpki::anchor_from_trusted_cert(certificate)
            .map_err(|error| format!("a certificate in it cannot be read: {error}"))?;
    }
    Ok(certificates)
}
