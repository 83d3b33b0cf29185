//! Bytes that claim to be an object end as an object or as an error.

use apimachinery::protobuf;
use proptest::prelude::*;

fn envelope(kind: &str, raw: &[u8]) -> Vec<u8> {
    let field = |number: u8, bytes: &[u8]| {
        let mut field = vec![number << 3 | 2];
        let mut length = bytes.len();
        while length >= 0x80 {
            field.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        field.push(length as u8);
        field.extend_from_slice(bytes);
        field
    };
    let type_meta = [field(1, b"apps/v1"), field(2, kind.as_bytes())].concat();
    [b"k8s\0".to_vec(), field(1, &type_meta), field(2, raw)].concat()
}

/// Fields with likely numbers and lengths, so that the bytes are believed for a while.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let field =
        (1_u8..12, 0_u8..6, prop::collection::vec(any::<u8>(), 0..12)).prop_map(|(number, wire, bytes)| {
            let length = if wire == 2 { vec![bytes.len() as u8] } else { Vec::new() };
            [vec![number << 3 | wire], length, bytes].concat()
        });
    prop::collection::vec(field, 0..12).prop_map(|fields| fields.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        drop(protobuf::decode(&[b"k8s\0", &bytes[..]].concat()));
    }

    #[test]
    fn any_fields_of_a_deployment(raw in message()) {
        if let Ok(object) = protobuf::decode(&envelope("Deployment", &raw)) {
            prop_assert_eq!(object.str_at(&["kind"]), Some("Deployment"));
        }
    }
}
