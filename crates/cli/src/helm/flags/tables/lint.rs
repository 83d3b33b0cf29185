//! The flags of `lint`.

use super::of_several_commands as several;
use crate::helm::flags::{Command, Effect, Flag, Needs, Takes};

/// The command `lint`.
pub const LINT: Command = Command { name: "lint", arguments: "PATH", needs: Needs::Some, flags: FLAGS };

const FLAGS: &[Flag] = &[
    several::KUBE_VERSION,
    several::SET,
    several::SET_FILE,
    several::SET_JSON,
    several::SET_LITERAL,
    several::SET_STRING,
    several::SKIP_SCHEMA_VALIDATION,
    several::VALUES,
    Flag {
        name: "quiet",
        short: None,
        takes: Takes::Switch,
        effect: Effect::Done,
        help: "print only warnings and errors",
    },
    Flag {
        name: "strict",
        short: None,
        takes: Takes::Switch,
        effect: Effect::Done,
        help: "fail on warnings",
    },
    Flag {
        name: "with-subcharts",
        short: None,
        takes: Takes::Switch,
        effect: Effect::Done,
        help: "lint the charts under charts/ too",
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
