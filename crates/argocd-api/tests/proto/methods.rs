//! Methods and how REST calls them.

use std::collections::BTreeSet;

use crate::descriptors;

/// Methods of the described services that have no description yet, and why.
const NOT_DESCRIBED: [(&str, &str); 1] = [(
    "/application.ApplicationService/GetManifestsWithFiles",
    "it takes a stream of files, and is not served",
)];

/// The services and how many methods upstream's have.
const SERVICES: [(&str, usize); 6] = [
    ("account.AccountService", 6),
    ("application.ApplicationService", 31),
    ("cluster.SettingsService", 2),
    ("project.ProjectService", 12),
    ("session.SessionService", 3),
    ("version.VersionService", 1),
];

#[test]
fn all_methods_of_the_services_are_described_or_listed() {
    for (service, count) in SERVICES {
        let described = descriptors().methods().iter().filter(|method| method.service() == service).count();
        let listed =
            NOT_DESCRIBED.iter().filter(|(path, _)| path.starts_with(&format!("/{service}/"))).count();
        assert_eq!(described + listed, count, "{service}");
    }
    let services: BTreeSet<&str> = descriptors().methods().iter().map(|method| method.service()).collect();
    assert_eq!(services, SERVICES.iter().map(|(service, _)| *service).collect());
    for (path, _) in NOT_DESCRIBED {
        assert!(descriptors().method(path).is_none(), "{path} is described");
    }
}

#[test]
fn each_binding_leads_to_its_method() {
    for method in descriptors().methods() {
        let path = format!("/{}/{}", method.service(), method.name());
        assert!(std::ptr::eq(descriptors().method(&path).expect(&path), method));
        assert!(!method.bindings().is_empty(), "{path} has no binding");
        for binding in method.bindings() {
            let found = descriptors().rest(binding.verb(), binding.template()).expect(&path);
            assert!(std::ptr::eq(found, method), "{path}: {} {}", binding.verb(), binding.template());
        }
    }
}
