//! The flags of the commands under `show`.

use super::of_several_commands as several;
use crate::helm::flags::{Command, Effect, Flag, Needs, Takes};

/// The commands under `show`, by their common name.
pub const SHOW: Command = Command { name: "show", arguments: "CHART", needs: Needs::One, flags: FLAGS };

const FLAGS: &[Flag] = &[
    several::CA_FILE,
    several::CERT_FILE,
    several::DEVEL,
    several::INSECURE_SKIP_TLS_VERIFY,
    several::KEY_FILE,
    several::KEYRING,
    several::PASS_CREDENTIALS,
    several::PASSWORD,
    several::PLAIN_HTTP,
    several::REPO,
    several::USERNAME,
    several::VERIFY,
    several::VERSION,
    Flag {
        name: "jsonpath",
        short: None,
        takes: Takes::Text,
        effect: Effect::Done,
        help: "supply a JSONPath expression to filter the output",
    },
    several::BURST_LIMIT,
    several::COLOR,
    several::COLOUR,
    several::CONTENT_CACHE,
    several::DEBUG,
    several::KUBE_APISERVER,
    several::KUBE_AS_GROUP,
    several::KUBE_AS_USER,
    several::KUBE_CA_FILE,
    several::KUBE_CONTEXT,
    several::KUBE_INSECURE_SKIP_TLS_VERIFY,
    several::KUBE_TLS_SERVER_NAME,
    several::KUBE_TOKEN,
    several::KUBECONFIG,
    several::NAMESPACE,
    several::QPS,
    several::REGISTRY_CONFIG,
    several::REPOSITORY_CACHE,
    several::REPOSITORY_CONFIG,
];
