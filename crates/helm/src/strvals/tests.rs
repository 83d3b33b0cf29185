//! What helm makes of texts of the command line.

use super::*;

fn read(text: &str, how: fn(&str, &mut Value) -> Result<(), StrvalsError>, over: &str) -> String {
    let mut values = value::from_json(over.as_bytes()).unwrap();
    match how(text, &mut values) {
        Ok(()) => values.to_string(),
        Err(error) => format!("error: {error}"),
    }
}

#[test]
fn values_are_typed() {
    let over = read;
    let read = |text| read(text, parse, "{}");
    assert_eq!(
        read("a=1,b=true,c=null,d=x,e=01,f=0,g=1.5,h="),
        r#"{"a":1,"b":true,"c":null,"d":"x","e":"01","f":0,"g":"1.5","h":""}"#
    );
    assert_eq!(read(r"a=b\,c,d\.e=f"), r#"{"a":"b,c","d.e":"f"}"#);
    assert_eq!(read("a={1,b,},b.c[1].d=2"), r#"{"a":[1,"b",""],"b":{"c":[null,{"d":2}]}}"#);
    assert_eq!(read("a[0][1]=x"), r#"{"a":[[null,"x"]]}"#);
    assert_eq!(over("a[0].b=", parse, r#"{"a":[1]}"#), r#"{"a":[{"b":""}]}"#);
    assert_eq!(read("a[0"), "{}");
    assert_eq!(read("=x"), "{}");
}

#[test]
fn errors_are_helm_s() {
    let set = |text| read(text, parse, "{}");
    assert_eq!(set("a"), "error: key \"a\" has no value");
    assert_eq!(set("a,b=1"), "error: key \"a\" has no value (cannot end with ,)");
    assert_eq!(set("a[-1]=1"), "error: negative -1 index not allowed");
    assert_eq!(set("a[99999]=1"), "error: index of 99999 is greater than maximum supported index of 65536");
    assert_eq!(set("a[x]=1"), "error: error parsing index: strconv.Atoi: parsing \"x\": invalid syntax");
    assert_eq!(set("a={1"), "error: list must terminate with '}'");
    assert_eq!(set("a[0]b=1"), "error: unexpected data at end of array index: ['b']");
    assert_eq!(
        set(&"a.".repeat(40)),
        "error: value name nested level is greater than maximum supported nested level of 30"
    );
    assert_eq!(
        read("a.b=1", parse, r#"{"a":1.5}"#),
        "error: unable to parse key: interface conversion: interface {} is float64, not map[string]interface {}"
    );
}

#[test]
fn json_values_are_json() {
    assert_eq!(
        read(r#"a={"b": [1, null]} ,c= ,d="x""#, parse_json, "{}"),
        r#"{"a":{"b":[1,null]},"c":null,"d":"x"}"#
    );
}

#[test]
fn a_literal_is_taken_as_it_is() {
    assert_eq!(read(r"a.b=1,c=\x,", parse_literal, "{}"), r#"{"a":{"b":"1,c=\\x,"}}"#);
    assert_eq!(read("a[1]=x", parse_literal, "{}"), r#"{"a":[null,"x"]}"#);
}
