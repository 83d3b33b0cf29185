//! Whether an answer is the message that its method answers by gRPC: nothing of it is lost on the wire, and nothing
//! comes on top.

use crate::compare::Answer;
use crate::exchange::Exchange;

/// What comes back from the wire, where it is something else.
pub(crate) fn difference(exchange: &Exchange, answer: &Answer) -> Option<String> {
    let descriptors = argocd_api::proto::descriptors().expect("descriptors");
    let (path, query) = exchange.text("path").split_once('?').unwrap_or((exchange.text("path"), ""));
    let method = descriptors.rest(exchange.text("method"), path)?;
    // `fields` takes fields out of the JSON, and a file is none.
    let is_file = answer.content_type == "application/octet-stream";
    if answer.status != 200 || query.contains("fields=") || is_file {
        return None;
    }
    let message = descriptors.of(method.output());
    let events = answer.body.lines().map(|line| line.strip_prefix("data: ").unwrap_or(line));
    let texts: Vec<&str> = if method.server_streams() { events.collect() } else { vec![&answer.body] };
    texts.into_iter().filter(|text| !text.trim().is_empty()).find_map(|text| {
        let json = value::from_json(text.as_bytes()).expect("JSON");
        let json = if method.server_streams() { json.get("result")?.clone() } else { json };
        let wire = match descriptors.to_wire(message, &json) {
            Ok(wire) => wire,
            Err(error) => return Some(format!("{error}: {json}")),
        };
        let back = descriptors.to_json(message, &wire).expect("what was written can be read");
        (back != json).then(|| format!("\n  {back}\nand not\n  {json}"))
    })
}
