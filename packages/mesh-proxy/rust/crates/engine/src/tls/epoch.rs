//! One certificate's TLS configs.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::{NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, Error, ServerConfig, version};

use super::identity::is_named;
use super::{TrustAnchors, peer_identity, provider};
use crate::snapshot::PeerId;

/// The ALPN id of connections that begin with a transport header.
pub const TRANSPORT_ALPN: &[u8] = b"transport.l5d.io/v1";

/// Configs kept per epoch; peers come and go, so the cache starts again when it is full.
const CACHED_CLIENTS: usize = 4096;

/// What a client offers in its ClientHello.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Alpn {
    /// `transport.l5d.io/v1`: a transport header follows the handshake.
    Transport,
    None,
}

/// A certificate chain, its key, and how long it is good for.
#[derive(Debug)]
pub struct Credentials {
    /// The leaf first, then the intermediates.
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
    /// When the leaf expires.
    pub valid_until: SystemTime,
}

/// Why a certificate from the identity service is refused.
#[derive(Debug)]
pub enum InvalidCredentials {
    /// It names somebody else.
    Name {
        expected: Box<str>,
        found: Option<String>,
    },
    /// It does not chain to the trust anchors, is not valid now, or is not for this key.
    Tls(Error),
}

impl fmt::Display for InvalidCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { expected, found } => write!(
                f,
                "the certificate is for {}, not for {expected}",
                found.as_deref().unwrap_or("nobody")
            ),
            Self::Tls(error) => write!(f, "the certificate is not usable: {error}"),
        }
    }
}

impl std::error::Error for InvalidCredentials {}

impl From<Error> for InvalidCredentials {
    fn from(error: Error) -> Self {
        Self::Tls(error)
    }
}

/// All TLS configs that use one certificate; connections made with them outlive it.
pub struct TlsEpoch {
    /// Counts certificates from 1.
    pub number: u64,
    /// When the certificate expires.
    pub valid_until: SystemTime,
    /// A client certificate is optional, and verified to the anchors if there is one.
    pub server: Arc<ServerConfig>,
    certified: Arc<SingleCertAndKey>,
    anchors: TrustAnchors,
    clients: Mutex<HashMap<(PeerId, Alpn), Arc<ClientConfig>>>,
}

impl fmt::Debug for TlsEpoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsEpoch")
            .field("number", &self.number)
            .field("valid_until", &self.valid_until)
            .finish_non_exhaustive()
    }
}

impl TlsEpoch {
    /// Checks the credentials as a peer would, and builds the configs.
    ///
    /// # Errors
    /// When a peer with the same anchors would not believe that this is `local_name`.
    pub fn new(
        number: u64,
        local_name: &str,
        credentials: Credentials,
        anchors: TrustAnchors,
    ) -> Result<Self, InvalidCredentials> {
        let (leaf, intermediates) = credentials
            .chain
            .split_first()
            .ok_or_else(|| Error::General("the certificate chain is empty".to_owned()))?;
        anchors.verify(leaf, intermediates, UnixTime::now())?;
        if !is_named(leaf, local_name) {
            return Err(InvalidCredentials::Name {
                expected: local_name.into(),
                found: peer_identity(&credentials.chain),
            });
        }
        let signing = provider().key_provider.load_private_key(credentials.key)?;
        let certified = CertifiedKey::new(credentials.chain, signing);
        certified.keys_match()?;
        let certified = Arc::new(SingleCertAndKey::from(certified));
        Ok(Self {
            number,
            valid_until: credentials.valid_until,
            server: Arc::new(server(certified.clone(), &anchors)?),
            certified,
            anchors,
            clients: Mutex::default(),
        })
    }

    /// The config of a client that expects `expected` at the other end.
    pub fn client(&self, expected: &PeerId, alpn: Alpn) -> Arc<ClientConfig> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (expected.clone(), alpn);
        if let Some(config) = clients.get(&key) {
            return config.clone();
        }
        if clients.len() >= CACHED_CLIENTS {
            clients.clear();
        }
        let config = Arc::new(self.client_config(expected.clone(), alpn));
        clients.insert(key, config.clone());
        config
    }

    fn client_config(&self, expected: PeerId, alpn: Alpn) -> ClientConfig {
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&version::TLS13])
            .expect("the provider's suites are those of TLS 1.3")
            .dangerous()
            .with_custom_certificate_verifier(self.anchors.server_verifier(expected))
            .with_client_cert_resolver(self.certified.clone());
        // A resumed session would not run the verifier again: a name that is no longer
        // certified would live on.
        config.resumption = Resumption::disabled();
        config.alpn_protocols = match alpn {
            Alpn::Transport => vec![TRANSPORT_ALPN.to_vec()],
            Alpn::None => Vec::new(),
        };
        config
    }
}

fn server(
    certified: Arc<dyn ResolvesServerCert>,
    anchors: &TrustAnchors,
) -> Result<ServerConfig, Error> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&version::TLS13])?
        .with_client_cert_verifier(anchors.client_verifier()?)
        .with_cert_resolver(certified);
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.alpn_protocols = vec![TRANSPORT_ALPN.to_vec()];
    Ok(config)
}
