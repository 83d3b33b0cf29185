//! Kinds that Kubernetes deprecated.

use crate::capabilities::KubeVersion;

/// One line for each kind; `-` where there is none.
const TABLE: &str = include_str!("deprecated.txt");

/// What Kubernetes says about an object of a deprecated kind.
pub(super) fn warning(api_version: &str, kind: &str, kube_version: &KubeVersion) -> Option<String> {
    let current = (kube_version.major.parse::<u32>().ok()?, kube_version.minor.parse::<u32>().ok()?);
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.splitn(5, ' ');
        if fields.next() != Some(api_version) || fields.next() != Some(kind) {
            continue;
        }
        let (deprecated, removed, replacement) = (fields.next()?, fields.next()?, fields.next()?);
        let (major, minor) = deprecated.split_once('.')?;
        if (major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?) > current {
            return None;
        }
        let mut text = format!("{api_version} {kind} is deprecated in v{deprecated}+");
        if removed != "-" {
            text.push_str(&format!(", unavailable in v{removed}+"));
        }
        if replacement != "-" {
            text.push_str(&format!("; use {replacement}"));
        }
        return Some(text);
    }
    None
}
