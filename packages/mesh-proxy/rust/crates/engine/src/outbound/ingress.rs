//! Ingress mode: the application chooses the destination of each request by `l5d-dst-override`.
//!
//! Without the field a request goes where its connection went, as in every other mode. `Host` does
//! not choose: an ingress passes it on from outside, and whoever wrote it could then reach every
//! name that this pod can.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use http::header::HeaderName;
use mesh_decide::fields::Fields;
use mesh_decide::target::Target;
use mesh_wire::vocabulary::{headers, reasons};

use crate::context::Context;
use crate::discovery::is_forbidden;
use crate::http::refusal::Refusal;
use crate::snapshot::{Routing, Snapshot};

const DST_OVERRIDE: HeaderName = HeaderName::from_static(headers::DST_OVERRIDE.name);

/// Takes the field off a request. Two readers could obey different ones of several.
fn take(fields: &mut Fields) -> Result<Option<Bytes>, Refusal> {
    if fields.get_all(&DST_OVERRIDE).count() > 1 {
        let name = DST_OVERRIDE;
        return Err(invalid(format_args!("{name} stands there more than once")));
    }
    Ok(fields.take(&DST_OVERRIDE))
}

/// The routing that was chosen last on a connection: most of its requests choose the same.
#[derive(Default)]
pub(super) struct Chosen(RefCell<Option<(Bytes, Snapshot<Routing>)>>);

impl Chosen {
    /// Takes the field off a request of the pod's own application, and finds the routing that it
    /// asks for. Who calls from elsewhere has it stripped.
    ///
    /// # Errors
    /// When the field is there twice or names nothing, nobody may go there, or nothing is known of
    /// it in time.
    pub(super) async fn take(
        &self,
        fields: &mut Fields,
        context: &Context,
    ) -> Result<Option<Arc<Routing>>, Refusal> {
        match take(fields)? {
            Some(value) => self.routing(value, context).await.map(Some),
            None => Ok(None),
        }
    }

    async fn routing(&self, value: Bytes, context: &Context) -> Result<Arc<Routing>, Refusal> {
        if let Some((known, routing)) = &*self.0.borrow()
            && *known == value
        {
            return Ok(routing.load());
        }
        let target = parse(&value)?;
        if let Target::Address(address) = target
            && is_forbidden(&context.config, address)
        {
            return Err(Refusal::new(
                &reasons::FORBIDDEN_DESTINATION,
                format_args!("{DST_OVERRIDE} must not lead to {address}"),
            ));
        }
        let found = context.discovery.outbound(target).await;
        let routing = found.map_err(|why| Refusal::new(&reasons::DISCOVERY_TIMEOUT, why))?;
        let answer = routing.load();
        *self.0.borrow_mut() = Some((value, routing));
        Ok(answer)
    }
}

fn parse(value: &[u8]) -> Result<Target, Refusal> {
    Target::parse(value).map_err(|why| {
        let shown = String::from_utf8_lossy(value);
        invalid(format_args!("{DST_OVERRIDE}: {shown:?}: {why}"))
    })
}

fn invalid(detail: impl std::fmt::Display) -> Refusal {
    Refusal::new(&reasons::INVALID_OVERRIDE, detail)
}
