//! The sources against the descriptors that are part of the program.

use std::collections::BTreeSet;
use std::path::PathBuf;

use prost_reflect::DescriptorPool;
use protox::Compiler;

use crate::descriptors;

pub(crate) fn pool() -> DescriptorPool {
    let set = argocd_api::proto::file_descriptor_set().expect("a set");
    DescriptorPool::decode(&*set).expect("the set is complete")
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/proto"))
}

#[test]
fn the_descriptors_are_those_of_the_sources() {
    let entries = std::fs::read_dir(folder().join("services")).expect("sources");
    let mut services: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    services.sort();
    let mut compiler = Compiler::new([folder()]).expect("a compiler");
    compiler.include_imports(true).open_files(services).expect("the sources are right");
    let packed = argocd_api::proto::file_descriptor_set().expect("a set");
    assert!(
        compiler.encode_file_descriptor_set() == packed,
        "the descriptors are not those of the sources; run `cargo xtask codegen`"
    );
}

/// Another implementation reads the same descriptors and finds the same in them.
#[test]
fn all_that_is_described_is_read() {
    let pool = pool();
    let own = |name: &str| !name.starts_with("google.") && !name.starts_with("flamingo.");
    let described = pool.all_messages().filter(|message| own(message.full_name()));
    let described: BTreeSet<String> = described.map(|message| message.full_name().to_owned()).collect();
    let read: BTreeSet<String> =
        descriptors().messages().map(|message| message.name().to_owned()).filter(|name| own(name)).collect();
    assert_eq!(described, read, "what no method needs is not described");
    for message in descriptors().messages() {
        let known = pool.get_message_by_name(message.name()).expect("the same message");
        let fields = |of: &prost_reflect::MessageDescriptor| -> Vec<String> {
            let mut fields: Vec<_> = of.fields().collect();
            fields.sort_by_key(prost_reflect::FieldDescriptor::number);
            fields.iter().map(|field| format!("{} {}", field.name(), field.json_name())).collect()
        };
        let own: Vec<String> =
            message.fields().iter().map(|field| format!("{} {}", field.name(), field.json_name())).collect();
        assert_eq!(own, fields(&known), "{}", message.name());
    }
    let methods = pool.services().map(|service| service.methods().len()).sum::<usize>();
    assert_eq!(descriptors().methods().len(), methods);
}
