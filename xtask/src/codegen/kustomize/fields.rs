//! The fields of a kustomization file, and of everything in it, from the Go types that kustomize reads it into.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// The type that a kustomization file is read into.
const ROOT: &str = "Kustomization";

/// A field of a struct: its name in files, empty where its fields are those of the struct, and its type.
type Field = (String, String);

/// One line for each field: the type and the name.
pub(super) fn fields(api: &Path, kyaml: &Path) -> Result<String> {
    let mut structs = BTreeMap::new();
    for folder in [api.join("types"), kyaml.join("resid")] {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.ends_with(".go") && !name.ends_with("_test.go") {
                collect(&fs::read_to_string(&path)?, &mut structs);
            }
        }
    }
    let mut lines = BTreeSet::new();
    let (mut queue, mut seen) = (vec![ROOT.to_owned()], BTreeSet::new());
    while let Some(name) = queue.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        for (field, of) in all_of(&name, &structs, 0) {
            lines.insert(format!("{name} {field}\n"));
            if structs.contains_key(&of) {
                queue.push(of);
            }
        }
    }
    Ok(lines.into_iter().collect())
}

/// The fields of a struct with those of the structs in it.
fn all_of(name: &str, structs: &BTreeMap<String, Vec<Field>>, depth: usize) -> Vec<Field> {
    let mut all = Vec::new();
    for (field, of) in structs.get(name).into_iter().flatten().filter(|_| depth < 8) {
        if field.is_empty() {
            all.extend(all_of(of, structs, depth + 1));
        } else {
            all.push((field.clone(), of.clone()));
        }
    }
    all
}

/// The structs of a Go file, with the fields that have a name in JSON.
fn collect(source: &str, structs: &mut BTreeMap<String, Vec<Field>>) {
    let mut open: Option<String> = None;
    for line in source.lines() {
        match &open {
            None => {
                let name = line.strip_prefix("type ").and_then(|rest| rest.strip_suffix(" struct {"));
                open = name.map(str::to_owned);
            }
            Some(_) if line == "}" => open = None,
            Some(name) => {
                if let Some(field) = field(line) {
                    structs.entry(name.clone()).or_default().push(field);
                }
            }
        }
    }
}

/// `Name Type `json:"name,omitempty" …``
fn field(line: &str) -> Option<Field> {
    let (declaration, tags) = line.trim().split_once('`')?;
    let name = tags.split_once("json:\"")?.1.split(['"', ',']).next()?;
    let of = declaration.split_whitespace().next_back()?;
    let of = of.rsplit([']', '*', '.']).next().unwrap_or(of);
    (name != "-").then(|| (name.to_owned(), of.to_owned()))
}
