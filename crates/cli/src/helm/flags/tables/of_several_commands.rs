//! Flags that several commands have with the same meaning.

use crate::helm::flags::{Effect, Flag, Takes};

pub(super) const BURST_LIMIT: Flag = Flag {
    name: "burst-limit",
    short: None,
    takes: Takes::Integer,
    effect: Effect::NotForRendering,
    help: "a limit of requests to Kubernetes",
};

pub(super) const CA_FILE: Flag = Flag {
    name: "ca-file",
    short: None,
    takes: Takes::Text,
    effect: Effect::Refused("charts and values are not downloaded; name a chart on disk"),
    help: "a CA bundle for the download",
};

pub(super) const CERT_FILE: Flag = Flag {
    name: "cert-file",
    short: None,
    takes: Takes::Text,
    effect: Effect::Refused("charts and values are not downloaded; name a chart on disk"),
    help: "a client certificate for the download",
};

pub(super) const COLOR: Flag = Flag {
    name: "color",
    short: None,
    takes: Takes::Color,
    effect: Effect::NotForRendering,
    help: "colours of the output",
};

pub(super) const COLOUR: Flag = Flag {
    name: "colour",
    short: None,
    takes: Takes::Color,
    effect: Effect::NotForRendering,
    help: "colours of the output",
};

pub(super) const CONTENT_CACHE: Flag = Flag {
    name: "content-cache",
    short: None,
    takes: Takes::Text,
    effect: Effect::Refused("charts and values are not downloaded; name a chart on disk"),
    help: "a folder of downloads",
};

pub(super) const DEBUG: Flag = Flag {
    name: "debug",
    short: None,
    takes: Takes::Switch,
    effect: Effect::Done,
    help: "print what was rendered also where it is not YAML",
};

pub(super) const DEVEL: Flag = Flag {
    name: "devel",
    short: None,
    takes: Takes::Switch,
    effect: Effect::NotForRendering,
    help: "take development versions too",
};

pub(super) const INSECURE_SKIP_TLS_VERIFY: Flag = Flag {
    name: "insecure-skip-tls-verify",
    short: None,
    takes: Takes::Switch,
    effect: Effect::Refused("charts and values are not downloaded; name a chart on disk"),
    help: "do not verify certificates of the download",
};

pub(super) const KEY_FILE: Flag = Flag {
    name: "key-file",
    short: None,
    takes: Takes::Text,
    effect: Effect::Refused("charts and values are not downloaded; name a chart on disk"),
    help: "the key of the client certificate",
};

pub(super) const KEYRING: Flag = Flag {
    name: "keyring",
    short: None,
    takes: Takes::Text,
    effect: Effect::Done,
    help: "the public keys for --verify",
};

pub(super) const KUBE_APISERVER: Flag = Flag {
    name: "kube-apiserver",
    short: None,
    takes: Takes::Text,
    effect: Effect::Refused("rendering asks no cluster"),
    help: "the address of the API server",
};

pub(super) const KUBE_AS_GROUP: Flag = Flag {
    name: "kube-as-group",
    short: None,
    takes: Takes::Texts,
    effect: Effect::Refused("rendering asks no cluster"),
    help: "a group to impersonate",
};

pub(super) const KUBE_AS_USER: Flag = Flag {
    name: "kube-as-user",
    short: None,
    takes: Takes::Text,
    effect: Effect::Refused("rendering asks no cluster"),
    help: "a user to impersonate",
};

pub(super) const KUBE_CA_FILE: Flag = Flag {
    name: "kube-ca-file",
    short: None,
    takes: Takes::Text,
    effect: Effect::Refused("rendering asks no cluster"),
    help: "the CA of the API server",
};

pub(super) const KUBE_CONTEXT: Flag = Flag {
    name: "kube-context",
    short: None,
    takes: Takes::Text,
    effect: Effect::Done,
    help: "the context of the kubeconfig whose namespace is taken",
};

pub(super) const KUBE_INSECURE_SKIP_TLS_VERIFY: Flag = Flag {
    name: "kube-insecure-skip-tls-verify",
    short: None,
    takes: Takes::Switch,
    effect: Effect::Refused("rendering asks no cluster"),
    help: "do not verify the API server",
};

pub(super) const KUBE_TLS_SERVER_NAME: Flag = Flag {
    name: "kube-tls-server-name",
    short: None,
    takes: Takes::Text,
    effect: Effect::Refused("rendering asks no cluster"),
    help: "the name of the API server",
};

pub(super) const KUBE_TOKEN: Flag = Flag {
    name: "kube-token",
    short: None,
    takes: Takes::Text,
    effect: Effect::Refused("rendering asks no cluster"),
    help: "a token for the API server",
};

pub(super) const KUBE_VERSION: Flag = Flag {
    name: "kube-version",
    short: None,
    takes: Takes::Text,
    effect: Effect::Done,
    help: "the version that .Capabilities.KubeVersion has",
};

pub(super) const KUBECONFIG: Flag = Flag {
    name: "kubeconfig",
    short: None,
    takes: Takes::Text,
    effect: Effect::Done,
    help: "the kubeconfig whose namespace is taken",
};

pub(super) const NAMESPACE: Flag = Flag {
    name: "namespace",
    short: Some('n'),
    takes: Takes::Text,
    effect: Effect::Done,
    help: "the namespace of the release",
};

pub(super) const PASS_CREDENTIALS: Flag = Flag {
    name: "pass-credentials",
    short: None,
    takes: Takes::Switch,
    effect: Effect::Refused("charts and values are not downloaded; name a chart on disk"),
    help: "send credentials to every host",
};

pub(super) const PASSWORD: Flag = Flag {
    name: "password",
    short: None,
    takes: Takes::Text,
    effect: Effect::Refused("charts and values are not downloaded; name a chart on disk"),
    help: "the password of the repository",
};

pub(super) const PLAIN_HTTP: Flag = Flag {
    name: "plain-http",
    short: None,
    takes: Takes::Switch,
    effect: Effect::Refused("charts and values are not downloaded; name a chart on disk"),
    help: "download over HTTP",
};

pub(super) const QPS: Flag = Flag {
    name: "qps",
    short: None,
    takes: Takes::Number,
    effect: Effect::NotForRendering,
    help: "a limit of requests to Kubernetes",
};

pub(super) const REGISTRY_CONFIG: Flag = Flag {
    name: "registry-config",
    short: None,
    takes: Takes::Text,
    effect: Effect::Refused("charts and values are not downloaded; name a chart on disk"),
    help: "credentials of registries",
};

pub(super) const REPO: Flag = Flag {
    name: "repo",
    short: None,
    takes: Takes::Text,
    effect: Effect::Refused("charts and values are not downloaded; name a chart on disk"),
    help: "the URL of the repository",
};

pub(super) const REPOSITORY_CACHE: Flag = Flag {
    name: "repository-cache",
    short: None,
    takes: Takes::Text,
    effect: Effect::Refused("charts and values are not downloaded; name a chart on disk"),
    help: "a folder of repository indexes",
};

pub(super) const REPOSITORY_CONFIG: Flag = Flag {
    name: "repository-config",
    short: None,
    takes: Takes::Text,
    effect: Effect::Refused("charts and values are not downloaded; name a chart on disk"),
    help: "the known repositories",
};

pub(super) const SET: Flag = Flag {
    name: "set",
    short: None,
    takes: Takes::Texts,
    effect: Effect::Done,
    help: "set values: a=1,b.c=2",
};

pub(super) const SET_FILE: Flag = Flag {
    name: "set-file",
    short: None,
    takes: Takes::Texts,
    effect: Effect::Done,
    help: "set values to the content of files: a=path",
};

pub(super) const SET_JSON: Flag = Flag {
    name: "set-json",
    short: None,
    takes: Takes::Texts,
    effect: Effect::Done,
    help: "set values to JSON: a={\"b\":1}",
};

pub(super) const SET_LITERAL: Flag = Flag {
    name: "set-literal",
    short: None,
    takes: Takes::Texts,
    effect: Effect::Done,
    help: "set a value to a text that is taken as it is",
};

pub(super) const SET_STRING: Flag = Flag {
    name: "set-string",
    short: None,
    takes: Takes::Texts,
    effect: Effect::Done,
    help: "set values to texts: a=1",
};

pub(super) const SKIP_SCHEMA_VALIDATION: Flag = Flag {
    name: "skip-schema-validation",
    short: None,
    takes: Takes::Switch,
    effect: Effect::Done,
    help: "do not validate values against values.schema.json",
};

pub(super) const USERNAME: Flag = Flag {
    name: "username",
    short: None,
    takes: Takes::Text,
    effect: Effect::Refused("charts and values are not downloaded; name a chart on disk"),
    help: "the user of the repository",
};

pub(super) const VALUES: Flag = Flag {
    name: "values",
    short: Some('f'),
    takes: Takes::List,
    effect: Effect::Done,
    help: "files of values",
};

pub(super) const VERIFY: Flag = Flag {
    name: "verify",
    short: None,
    takes: Takes::Switch,
    effect: Effect::Done,
    help: "verify the signature of the archive",
};

pub(super) const VERSION: Flag = Flag {
    name: "version",
    short: None,
    takes: Takes::Text,
    effect: Effect::NotForRendering,
    help: "the version of a chart in a repository; a chart on disk has only one",
};
