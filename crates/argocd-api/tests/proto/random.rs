//! Bytes that nobody wrote, and what another implementation makes of ours.

use argocd_api::proto::Message;
use proptest::collection::vec;
use proptest::prelude::*;
use prost_reflect::{DynamicMessage, prost::Message as _};

use crate::upstream::written;
use crate::{descriptors, sources};

/// What is read is the same when it has been written and read again.
fn check(message: &Message, bytes: &[u8]) {
    let Ok(read) = descriptors().to_json(message, bytes) else { return };
    let written = descriptors().to_wire(message, &read);
    let written = written.unwrap_or_else(|error| panic!("{}: {read}: {error}", message.name()));
    let again = descriptors().to_json(message, &written).expect("what was written can be read");
    assert_eq!(read, again, "{}", message.name());
}

/// prost finds nothing in our bytes that it does not know, and what it writes reads as before.
#[test]
fn another_implementation_reads_what_is_written() {
    let pool = sources::pool();
    for (message, bytes) in written() {
        let json = descriptors().to_json(message, &bytes).expect("upstream's bytes");
        let ours = descriptors().to_wire(message, &json).expect("its JSON");
        let descriptor = pool.get_message_by_name(message.name()).expect("the same message");
        let theirs = DynamicMessage::decode(descriptor, &*ours).expect("it is read");
        assert_eq!(theirs.unknown_fields().count(), 0, "{}", message.name());
        let read = descriptors().to_json(message, &theirs.encode_to_vec()).expect("it is read");
        assert_eq!(read, json, "{}", message.name());
    }
}

/// A message of two bytes for each item, of which JSON shows a dozen fields.
#[test]
fn empty_messages_have_a_budget() {
    let list = descriptors().message(&format!("{}.ApplicationList", crate::V1ALPHA1)).expect("a list");
    let error = descriptors().to_json(list, &[0x12, 0x00].repeat(100_000)).expect_err("it says too much");
    let (path, text) =
        error.to_string().split_once(": ").map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a path");
    assert!(path.starts_with("items["), "{path}");
    assert_eq!(text, "the message says far more than its 200000 bytes hold");
    let few = descriptors().to_json(list, &[0x12, 0x00].repeat(10)).expect("a short list");
    assert_eq!(few.get("items").and_then(value::Value::as_list).map(<[_]>::len), Some(10));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(index in any::<prop::sample::Index>(), bytes in vec(any::<u8>(), 0..64)) {
        let messages: Vec<&Message> = descriptors().messages().collect();
        check(messages[index.index(messages.len())], &bytes);
    }

    #[test]
    fn damaged_messages_are_read_or_refused(
        index in any::<prop::sample::Index>(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let messages = written();
        let (message, mut bytes) = messages[index.index(messages.len())].clone();
        for (at, byte) in damage {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        if is_cut && !bytes.is_empty() {
            bytes.truncate(cut.index(bytes.len()));
        }
        check(message, &bytes);
    }
}
