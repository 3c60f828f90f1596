//! Gets the certificate and renews it, for as long as the process lives.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mesh_wire::identity::identity_client::IdentityClient;
use mesh_wire::identity::{CertifyRequest, CertifyResponse};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tracing::{info, warn};

use super::Identity;
use super::request::SigningRequest;
use super::schedule::renew_after;
use crate::config::IdentityConfig;
use crate::control::{Client, Credential, FullJitter, Resolver, Status};
use crate::metrics::{Classification, Counter, CounterFamily, Gauge, GaugeFamily, Registry};
use crate::tls::{Credentials, TlsEpoch};

/// How long the service may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// How often a sleeping renewal looks at the wall clock, which a suspended machine's monotonic
/// clock falls behind.
const LOOK: Duration = Duration::from_secs(60);

/// Asks the identity service for certificates.
pub struct Certifier {
    identity: Arc<Identity>,
    config: IdentityConfig,
    resolver: Arc<Resolver>,
    status: Arc<Status>,
    metrics: Arc<Registry>,
    succeeded: Arc<Counter>,
    failed: Arc<Counter>,
    expires: Arc<Gauge>,
    renewed: Arc<Gauge>,
}

impl Certifier {
    /// A certifier that installs what it gets in `identity`.
    pub fn new(
        identity: Arc<Identity>,
        config: IdentityConfig,
        resolver: Arc<Resolver>,
        status: Arc<Status>,
        metrics: Arc<Registry>,
    ) -> Self {
        let refreshes = |result| {
            metrics.counter(
                CounterFamily::IdentityRefreshes,
                &format!("result=\"{result}\""),
            )
        };
        Self {
            identity,
            config,
            resolver,
            status,
            succeeded: refreshes("ok"),
            failed: refreshes("error"),
            expires: metrics.gauge(GaugeFamily::IdentityExpiration, ""),
            renewed: metrics.gauge(GaugeFamily::IdentityRefresh, ""),
            metrics,
        }
    }

    /// Certifies now and again at 70 % of each certificate's life.
    pub async fn run(self) {
        loop {
            let epoch = self.until_certified().await;
            let now = SystemTime::now();
            let after = renew_after(
                now,
                epoch.valid_until,
                self.config.min_refresh,
                self.config.max_refresh,
            );
            info!(
                identity = self.identity.local_name(),
                certificate = epoch.number,
                valid_until = seconds(epoch.valid_until),
                renewal_in_s = after.as_secs(),
                "certified"
            );
            sleep_until(now + after, Instant::now() + after).await;
        }
    }

    /// Tries until there is a new certificate. The connection lives as long as this takes: it is
    /// needed once a day, and the service has as many clients as the mesh has pods.
    async fn until_certified(&self) -> Arc<TlsEpoch> {
        let client = Client::start(
            "identity",
            &self.config.service,
            Credential::None,
            &self.identity,
            &self.resolver,
            &self.status,
            &self.metrics,
        );
        let mut backoff = if self.identity.is_ready() {
            FullJitter::new(Duration::from_secs(1), Duration::from_secs(10))
        } else {
            FullJitter::control()
        };
        loop {
            match self.certify(&client).await {
                Ok(epoch) => {
                    self.succeeded.increment();
                    self.expires.set(seconds(epoch.valid_until));
                    self.renewed.set(seconds(SystemTime::now()));
                    return epoch;
                }
                Err(reason) => {
                    self.failed.increment();
                    let identity = self.identity.local_name();
                    warn!(identity, reason, "not certified; trying again");
                }
            }
            backoff.pause().await;
        }
    }

    async fn certify(&self, client: &Client) -> Result<Arc<TlsEpoch>, String> {
        let channel = client.channel().await;
        let request = SigningRequest::new(self.identity.local_name())
            .map_err(|error| format!("cannot make a certificate request: {error}"))?;
        let message = CertifyRequest {
            identity: self.identity.local_name().to_owned(),
            token: self.token()?,
            certificate_signing_request: request.der,
        };
        let (metrics, begun) = (channel.clone(), Instant::now());
        metrics.metrics().request();
        let mut service = IdentityClient::with_origin(channel.clone(), channel.origin());
        let answer = match tokio::time::timeout(ANSWER, service.certify(message)).await {
            Ok(answer) => answer,
            Err(_) => Err(tonic::Status::deadline_exceeded(format!(
                "no answer within {ANSWER:?}"
            ))),
        };
        let code = answer
            .as_ref()
            .map_or_else(tonic::Status::code, |_| tonic::Code::Ok);
        let class = match code {
            tonic::Code::Ok => Classification::Success,
            _ => Classification::Failure,
        };
        let grpc_status = u16::try_from(code as i32).ok();
        metrics
            .metrics()
            .response(200, class, grpc_status, begun.elapsed());
        let answer = answer.map_err(|status| {
            let service = &self.config.service.address;
            format!("{service} says {:?}: {}", status.code(), status.message())
        })?;
        let credentials = credentials(answer.into_inner(), request.key)?;
        self.identity
            .install(credentials)
            .map_err(|error| error.to_string())
    }

    /// The token, which its owner replaces before it expires.
    fn token(&self) -> Result<Vec<u8>, String> {
        let path = self.config.token_file.display();
        let token = std::fs::read(&self.config.token_file)
            .map_err(|error| format!("cannot read the token {path}: {error}"))?;
        let token = token.trim_ascii();
        if token.is_empty() {
            return Err(format!("the token {path} is empty"));
        }
        Ok(token.to_vec())
    }
}

fn credentials(
    answer: CertifyResponse,
    key: PrivateKeyDer<'static>,
) -> Result<Credentials, String> {
    let valid_until = answer
        .valid_until
        .and_then(|time| SystemTime::try_from(time).ok())
        .ok_or("the answer does not say until when the certificate is valid")?;
    let leaf = CertificateDer::from(answer.leaf_certificate);
    let intermediates = answer.intermediate_certificates.into_iter();
    Ok(Credentials {
        chain: std::iter::once(leaf)
            .chain(intermediates.map(CertificateDer::from))
            .collect(),
        key,
        valid_until,
    })
}

/// Sleeps until either clock says so.
async fn sleep_until(wall: SystemTime, monotonic: Instant) {
    loop {
        let left = monotonic.saturating_duration_since(Instant::now());
        let left = left.min(wall.duration_since(SystemTime::now()).unwrap_or_default());
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(LOOK)).await;
    }
}

fn seconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .unwrap_or_default()
}
