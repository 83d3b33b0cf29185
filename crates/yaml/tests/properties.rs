//! What holds for any value and any text.

use proptest::prelude::*;
use value::Value;
use yaml::Rules;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,40}",
        "[a-z:#'\"\n\t ,\\[\\]{}&*!|>%@`?-]{0,30}",
        "\\PC{0,20}",
        "(y|no|0x1f|1_0|1e3|2020-01-01|~|<<|12:30|\\.inf|null)"
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no others", |number| number.is_finite()).prop_map(|number| {
            // A whole number comes back as an integer, as it does in Go.
            if number.fract() == 0.0 { Value::Int(number as i64) } else { Value::Float(number) }
        }),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..5).prop_map(Value::map_of),
        ]
    })
}

/// Nodes end where their text does, or there is a reason.
fn read_nodes(text: &str) {
    if let Err(error) = yaml::parse_first_node(text) {
        assert!(!error.to_string().is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back(value in any_value()) {
        // A merge key is written without quotes, as go-yaml does, and does not read back as text.
        prop_assume!(!value.to_string().contains("<<"));
        if let Ok(text) = yaml::to_yaml(&value) {
            let read = yaml::parse(&text, Rules::V2);
            prop_assert_eq!(read.as_ref(), Ok(&value), "{}", text);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a-z0-9:#'\"\n\t ,\\[\\]{}&*!|>%@`?<-]{0,80}") {
        for rules in [Rules::V2, Rules::V3] {
            if let Ok(value) = yaml::parse(&text, rules) {
                prop_assert!(yaml::to_yaml(&value).is_ok());
            }
        }
    }

    /// Wherever a text ends within a block scalar, and whichever line breaks it has.
    #[test]
    fn any_block_scalar_is_read_or_refused(
        text in "(a: |- |b: &c ){0,2}[|>][+-]?[0-3]?[+-]?[\t ]{0,2}#?[\n\r\u{85}\u{2028}]([\n\r\u{85}\u{2028}]? {0,3}[a-z#:|\t\n\r -]{0,6}){0,4}"
    ) {
        for rules in [Rules::V2, Rules::V3] {
            if let Ok(value) = yaml::parse(&text, rules) {
                prop_assert!(yaml::to_yaml(&value).is_ok());
            }
        }
        read_nodes(&text);
    }

    #[test]
    fn any_tag_is_read_or_refused(text in "([a-]{0,2}[ :,\\[{}\n]?!{0,2}[a-c<>%:]{0,2}[ ,:'|\\]}]{0,3}){0,8}") {
        for rules in [Rules::V2, Rules::V3] {
            if let Ok(value) = yaml::parse(&text, rules) {
                prop_assert!(yaml::to_yaml(&value).is_ok());
            }
        }
        read_nodes(&text);
    }
}
