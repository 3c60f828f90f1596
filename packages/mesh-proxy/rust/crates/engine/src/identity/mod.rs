//! This proxy's certificate: got at the start, renewed at 70 % of its life, swapped in at once.

mod certify;
mod request;
mod schedule;

pub use certify::Certifier;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::watch;

use crate::tls::{Credentials, InvalidCredentials, TlsEpoch, TrustAnchors};

/// Who this proxy is, and the TLS configs that prove it.
#[derive(Debug)]
pub struct Identity {
    local_name: Box<str>,
    anchors: TrustAnchors,
    epoch: ArcSwapOption<TlsEpoch>,
    ready: watch::Sender<bool>,
}

impl Identity {
    /// An identity that is not certified yet.
    pub fn new(local_name: &str, anchors: TrustAnchors) -> Self {
        Self {
            local_name: local_name.into(),
            anchors,
            epoch: ArcSwapOption::empty(),
            ready: watch::Sender::new(false),
        }
    }

    /// The identity, which is also the TLS server name.
    pub fn local_name(&self) -> &str {
        &self.local_name
    }

    /// The roots that peers are verified with.
    pub fn anchors(&self) -> &TrustAnchors {
        &self.anchors
    }

    /// Resolves once there is a certificate.
    pub async fn ready(&self) {
        // The sender is ours, so waiting cannot fail.
        let _ = self.ready.subscribe().wait_for(|ready| *ready).await;
    }

    /// Whether there is a certificate.
    pub fn is_ready(&self) -> bool {
        *self.ready.borrow()
    }

    /// The newest configs; None until the first certificate is there.
    pub fn tls(&self) -> Option<Arc<TlsEpoch>> {
        self.epoch.load_full()
    }

    /// The configs, waiting at most `limit` for the first certificate.
    pub async fn tls_within(&self, limit: Duration) -> Option<Arc<TlsEpoch>> {
        if !self.is_ready() {
            // Either way the answer is below.
            let _ = tokio::time::timeout(limit, self.ready()).await;
        }
        self.tls()
    }

    /// Swaps a new certificate in; open connections stay as they are.
    ///
    /// # Errors
    /// When peers would not believe the certificate; the previous one then stays.
    pub fn install(&self, credentials: Credentials) -> Result<Arc<TlsEpoch>, InvalidCredentials> {
        let number = self.tls().map_or(0, |epoch| epoch.number) + 1;
        let epoch = TlsEpoch::new(number, &self.local_name, credentials, self.anchors.clone())?;
        let epoch = Arc::new(epoch);
        self.epoch.store(Some(epoch.clone()));
        self.ready.send_replace(true);
        Ok(epoch)
    }
}
