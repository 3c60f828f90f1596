//! `/control.json`: how the control plane's services and streams are.

use std::fmt::Write;
use std::time::Duration;

use mesh_wire::vocabulary::limits;

use super::json::{push_optional, push_string};
use crate::control::{ServiceStatus, Status, StreamStatus};

/// Services and streams as a JSON object; the streams of the service, call or target that the
/// query names (`?Watch&10.0.0.1:80`: all of them), or all.
pub(super) fn to_json(query: Option<&str>, status: &Status) -> String {
    let mut json = String::from("{\"services\":[");
    for (index, service) in status.services().iter().enumerate() {
        separate(&mut json, index);
        push_service(&mut json, service);
    }
    json.push_str("],\"streams\":[");
    let words: Vec<_> = query.unwrap_or_default().split('&').collect();
    let all = status.streams();
    let wanted: Vec<_> = all.iter().filter(|one| is_wanted(one, &words)).collect();
    let shown = wanted.iter().take(limits::CONTROL_STREAMS_SHOWN.size());
    for (index, stream) in shown.enumerate() {
        separate(&mut json, index);
        push_stream(&mut json, stream);
    }
    // Writing to a String cannot fail.
    let _ = write!(json, "],\"streams_total\":{}}}", wanted.len());
    json
}

fn is_wanted(stream: &StreamStatus, words: &[&str]) -> bool {
    let own = [stream.service, stream.call, &stream.target];
    words
        .iter()
        .all(|word| word.is_empty() || own.contains(word))
}

fn separate(json: &mut String, index: usize) {
    if index > 0 {
        json.push(',');
    }
}

fn push_service(json: &mut String, service: &ServiceStatus) {
    let state = service.reachability();
    json.push_str("{\"service\":");
    push_string(json, service.name);
    json.push_str(",\"address\":");
    push_string(json, &service.address);
    let _ = write!(
        json,
        ",\"connected\":{},\"connections\":{},\"seconds\":{},\"problem\":",
        state.problem.is_none(),
        state.connections,
        seconds(state.since.elapsed()),
    );
    push_optional(json, state.problem.as_deref());
    json.push('}');
}

fn push_stream(json: &mut String, stream: &StreamStatus) {
    let report = stream.report();
    for (name, value) in [
        ("{\"service\":", stream.service),
        (",\"call\":", stream.call),
        (",\"target\":", &stream.target),
    ] {
        json.push_str(name);
        push_string(json, value);
    }
    let _ = write!(
        json,
        ",\"connected\":{},\"opened\":{},\"revision\":{},\"seconds_since_answer\":",
        report.connected, report.opened, report.revision,
    );
    let silent = report.silent_for.map(seconds);
    json.push_str(&silent.unwrap_or_else(|| "null".to_owned()));
    json.push_str(",\"problem\":");
    push_optional(json, report.problem.as_deref());
    json.push('}');
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}
