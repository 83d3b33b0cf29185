//! `flamingo kustomize diff`: how the objects of two kustomizations differ.

use std::collections::BTreeMap;
use std::process::ExitCode;

use cli::arguments::kustomize::Diff;
use kustomize::{Built, Options};
use value::Value;

use super::build::{built, restriction};
use super::disk::Disk;
use super::remotes::Network;
use super::{charts, print};

pub(super) fn diff(arguments: &Diff) -> anyhow::Result<ExitCode> {
    let network = Network::new()?;
    let objects = |directory: &str| -> anyhow::Result<BTreeMap<String, String>> {
        let disk = Disk::default();
        let restriction = restriction(arguments.load_restrictor);
        let helm = charts::of(&arguments.helm);
        let options = Options { restriction, helm, remotes: Some(&network), ..Options::default() };
        by_id(&built(&disk, directory, options)?)
    };
    let (from, to) = (objects(&arguments.from)?, objects(&arguments.to)?);
    let mut text = String::new();
    let mut ids: Vec<&String> = from.keys().chain(to.keys()).collect();
    ids.sort();
    ids.dedup();
    for id in ids {
        let of = |objects: &BTreeMap<String, String>| objects.get(id).cloned().unwrap_or_default();
        let (old, new) = (of(&from), of(&to));
        if old != new {
            let name = |directory: &str, text: &str| {
                if text.is_empty() { "/dev/null".to_owned() } else { format!("{directory}: {id}") }
            };
            let difference = similar::TextDiff::from_lines(&old, &new);
            let (old_name, new_name) = (name(&arguments.from, &old), name(&arguments.to, &new));
            text += &difference.unified_diff().header(&old_name, &new_name).to_string();
        }
    }
    print(&text)?;
    Ok(if text.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn by_id(built: &Built) -> anyhow::Result<BTreeMap<String, String>> {
    let id = |object: &Value| {
        let text = |path: &[&str]| object.str_at(path).unwrap_or_default().to_owned();
        let namespace = text(&["metadata", "namespace"]);
        let place = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
        let api_version = text(&["apiVersion"]);
        format!("{} ({api_version}) {place}{}", text(&["kind"]), text(&["metadata", "name"]))
    };
    built.objects.iter().map(|object| Ok((id(object), yaml::to_yaml(object)?))).collect()
}
