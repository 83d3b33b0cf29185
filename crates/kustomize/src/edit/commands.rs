//! The edits: set, add and remove.

use apimachinery::filepath;
use value::{Map, Value};

use super::{Edit, EditError};
use crate::kustomization::{Image, Patch, Replica, Selector};
use crate::transform::images;

/// Which texts all objects get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metadata {
    /// Labels.
    Label,
    /// Annotations.
    Annotation,
}

impl Metadata {
    fn name(self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::Annotation => "annotation",
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::Label => "commonLabels",
            Self::Annotation => "commonAnnotations",
        }
    }
}

/// What a generator makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generated {
    /// ConfigMaps.
    ConfigMap,
    /// Secrets.
    Secret,
}

impl Generated {
    fn field(self) -> &'static str {
        match self {
            Self::ConfigMap => "configMapGenerator",
            Self::Secret => "secretGenerator",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::ConfigMap => "configmap",
            Self::Secret => "secret",
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }
}

/// What is added to a generator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// The namespace; empty for the default one.
    pub namespace: String,
    /// `key=value`
    pub literals: Vec<String>,
    /// `path` or `key=path`
    pub files: Vec<String>,
    /// A file with a pair in each line; empty for none.
    pub env_file: String,
    /// `create`, `merge` or `replace`; empty for what is there.
    pub behavior: String,
    /// The type of a Secret.
    pub secret_type: String,
    /// Whether the name stays without hash.
    pub disable_name_suffix_hash: bool,
}

/// Keeps what is there.
const KEEP: &str = "*";

/// Reads `name=new:tag@digest` and its shorter forms.
///
/// # Errors
/// The text is none of them.
pub fn parse_image(text: &str) -> Result<Image, EditError> {
    let (key, image) = match text.split_once('=') {
        Some((key, image)) => (key, image),
        None => ("", text),
    };
    let (name, tag, digest) = images::split(image);
    if name == text {
        return Err(EditError::Argument(
            "invalid format of image, use one of the following options:\n- <image>=<newimage>:<newtag>\n- \
             <image>=<newimage>@<digest>\n- <image>=<newimage>:<newtag>@<digest>\n- <image>=<newimage>\n- \
             <image>:<newtag>\n- <image>:<newtag>@<digest>\n- <image>@<digest>"
                .to_owned(),
        ));
    }
    let image = Image { new_tag: tag.to_owned(), digest: digest.to_owned(), ..Image::default() };
    Ok(if key.is_empty() {
        Image { name: name.to_owned(), ..image }
    } else {
        Image { name: key.to_owned(), new_name: name.to_owned(), ..image }
    })
}

/// Reads `name=count`.
///
/// # Errors
/// The text is nothing of that kind.
pub fn parse_replica(text: &str) -> Result<Replica, EditError> {
    let invalid = || {
        EditError::Argument("invalid format of replica, use the following format: <name>=<count>".to_owned())
    };
    let (name, count) = text.split_once('=').ok_or_else(invalid)?;
    Ok(Replica { name: name.to_owned(), count: count.parse().map_err(|_| invalid())? })
}

/// Reads `key:value` pairs.
///
/// # Errors
/// A pair without key.
pub fn parse_pairs(texts: &[String], kind: Metadata) -> Result<Vec<(String, String)>, EditError> {
    let mut pairs = Vec::new();
    for input in texts {
        match input.split_once(':') {
            Some(("", _)) => {
                let kind = kind.name();
                let problem = format!("invalid {kind}: '{input}' (need k:v pair where v may be quoted)");
                return Err(EditError::Argument(problem));
            }
            Some((key, text)) => pairs.push((key.to_owned(), without_quotes(text).to_owned())),
            None => pairs.push((input.clone(), String::new())),
        }
    }
    Ok(pairs)
}

fn without_quotes(text: &str) -> &str {
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

impl Edit {
    /// Sets a field that is a text: `namespace`, `namePrefix` or `nameSuffix`.
    pub fn set_text(&mut self, field: &'static str, text: &str) {
        self.fields.insert(field, text);
    }

    /// Sets images; `*` keeps what an image of the same name has. The list is sorted by name then.
    pub fn set_images(&mut self, images: &[Image]) {
        let keys = ["newName", "newTag", "digest"];
        let mut all: std::collections::BTreeMap<String, Value> = std::collections::BTreeMap::new();
        let name_of = |value: &Value| value.str_at(&["name"]).unwrap_or_default().to_owned();
        let known = self.list("images");
        for value in &known {
            all.insert(name_of(value), value.clone());
        }
        for image in images {
            let old = all.get(&image.name).cloned();
            let mut new = Map::new();
            new.insert("name", image.name.as_str());
            for (key, said) in keys.into_iter().zip([&image.new_name, &image.new_tag, &image.digest]) {
                let kept = old.as_ref().and_then(|old| old.str_at(&[key])).unwrap_or_default();
                let text = if said == KEEP { kept } else { said.as_str() };
                if !text.is_empty() {
                    new.insert(key, text);
                }
            }
            all.insert(image.name.clone(), Value::from(new));
        }
        self.set_list("images", all.into_values().collect());
    }

    /// Sets numbers of replicas. The list is sorted by name then.
    pub fn set_replicas(&mut self, replicas: &[Replica]) {
        let mut all: std::collections::BTreeMap<String, Value> = std::collections::BTreeMap::new();
        for value in self.list("replicas") {
            all.insert(value.str_at(&["name"]).unwrap_or_default().to_owned(), value);
        }
        for replica in replicas {
            let value = Value::map_of([
                ("name", Value::from(replica.name.as_str())),
                ("count", Value::from(replica.count)),
            ]);
            all.insert(replica.name.clone(), value);
        }
        self.set_list("replicas", all.into_values().collect());
    }

    /// Sets `commonLabels` or `commonAnnotations`.
    ///
    /// # Errors
    /// One is there already, unless `force` is said.
    pub fn set_metadata(
        &mut self,
        kind: Metadata,
        pairs: &[(String, String)],
        force: bool,
    ) -> Result<(), EditError> {
        let mut map = self.fields.get(kind.field()).and_then(Value::as_map).cloned().unwrap_or_default();
        add_pairs(&mut map, kind, pairs, force)?;
        self.fields.insert(kind.field(), map);
        Ok(())
    }

    /// Adds labels that selectors do not get.
    ///
    /// # Errors
    /// One is there already, unless `force` is said.
    pub fn add_plain_labels(
        &mut self,
        pairs: &[(String, String)],
        include_templates: bool,
        force: bool,
    ) -> Result<(), EditError> {
        let mut list = self.list("labels");
        let flag = |value: &Value, name: &str| value.get(name).and_then(Value::as_bool).unwrap_or(false);
        let fits = |value: &Value| {
            !flag(value, "includeSelectors") && flag(value, "includeTemplates") == include_templates
        };
        let at = match list.iter().position(fits) {
            Some(at) => at,
            None => {
                list.push(Value::map_of([("includeTemplates", include_templates)]));
                list.len() - 1
            }
        };
        let mut map = list[at].get("pairs").and_then(Value::as_map).cloned().unwrap_or_default();
        add_pairs(&mut map, Metadata::Label, pairs, force)?;
        list[at].set_at(&["pairs"], map);
        self.set_list("labels", list);
        Ok(())
    }

    /// Removes labels or annotations, from `labels` too.
    ///
    /// # Errors
    /// One is not there, unless `ignore_missing` is said.
    pub fn remove_metadata(
        &mut self,
        kind: Metadata,
        names: &[String],
        ignore_missing: bool,
    ) -> Result<(), EditError> {
        let mut map = self.fields.get(kind.field()).and_then(Value::as_map).cloned().unwrap_or_default();
        let mut labels = if kind == Metadata::Label { self.list("labels") } else { Vec::new() };
        for name in names {
            let mut is_found = map.remove(name).is_some();
            for entry in &mut labels {
                let is_there = entry.at(&["pairs", name]).is_some();
                is_found |= is_there;
                if is_there {
                    entry.remove_at(&["pairs", name]);
                }
            }
            if !is_found && !ignore_missing {
                return Err(EditError::Missing { kind: kind.name(), name: name.clone() });
            }
        }
        labels
            .retain(|entry| entry.get("pairs").and_then(Value::as_map).is_none_or(|pairs| !pairs.is_empty()));
        self.fields.insert(kind.field(), map);
        if kind == Metadata::Label {
            self.set_list("labels", labels);
        }
        Ok(())
    }

    /// Adds bases, which are resources by now.
    ///
    /// # Errors
    /// One is there already.
    pub fn add_bases(&mut self, paths: &[String]) -> Result<(), EditError> {
        match self.add_entries("resources", paths).first() {
            None => Ok(()),
            Some(known) => Err(EditError::Argument(format!("base {known} already in kustomization file"))),
        }
    }

    /// Adds entries to a field that is a list of paths; says which were there already.
    pub fn add_entries(&mut self, field: &'static str, entries: &[String]) -> Vec<String> {
        let mut list = self.list(field);
        let mut known = Vec::new();
        for entry in entries {
            if list.iter().any(|one| one.as_str() == Some(entry)) {
                known.push(entry.clone());
            } else {
                list.push(Value::from(entry.as_str()));
            }
        }
        self.set_list(field, list);
        known
    }

    /// Removes entries of a field that is a list of paths that match patterns of Go's `filepath.Match`. Whether
    /// there was one.
    ///
    /// # Errors
    /// A pattern is none.
    pub fn remove_entries(&mut self, field: &'static str, patterns: &[String]) -> Result<bool, EditError> {
        let list = self.list(field);
        let before = list.len();
        let mut kept = Vec::with_capacity(before);
        for entry in list {
            let text = entry.as_str().unwrap_or_default();
            let is_removed = patterns.iter().try_fold(false, |is_removed, pattern| {
                matches(pattern, text).map(|is_match| is_removed || is_match)
            })?;
            if !is_removed {
                kept.push(entry);
            }
        }
        let is_changed = kept.len() != before;
        self.set_list(field, kept);
        Ok(is_changed)
    }

    /// Adds a patch. Whether it was not there yet.
    pub fn add_patch(&mut self, patch: &Patch) -> bool {
        let value = patch_value(patch);
        let mut list = self.list("patches");
        if list.iter().any(|known| super::prune::pruned("", known) == value) {
            return false;
        }
        list.push(value);
        self.set_list("patches", list);
        true
    }

    /// Removes a patch. Whether it was there.
    pub fn remove_patch(&mut self, patch: &Patch) -> bool {
        let value = patch_value(patch);
        let mut list = self.list("patches");
        let before = list.len();
        list.retain(|known| super::prune::pruned("", known) != value);
        let is_changed = list.len() != before;
        self.set_list("patches", list);
        is_changed
    }

    /// Adds a generator, or sources to the one of that name and namespace.
    ///
    /// # Errors
    /// The sources contradict each other.
    pub fn add_generator(&mut self, kind: Generated, name: &str, sources: &Sources) -> Result<(), EditError> {
        check(sources)?;
        let mut list = self.list(kind.field());
        let at = match list.iter().position(|known| is_generator(known, name, &sources.namespace)) {
            Some(at) => at,
            None => {
                let mut new = Map::new();
                new.insert("name", name);
                for (key, text) in [("namespace", &sources.namespace), ("type", &sources.secret_type)] {
                    if !text.is_empty() && (key != "type" || kind == Generated::Secret) {
                        new.insert(key, text.as_str());
                    }
                }
                list.push(Value::from(new));
                list.len() - 1
            }
        };
        let env_files: Vec<String> =
            Some(sources.env_file.clone()).filter(|file| !file.is_empty()).into_iter().collect();
        for (key, texts) in [("literals", &sources.literals), ("files", &sources.files), ("envs", &env_files)]
        {
            let mut all = list[at].get(key).and_then(Value::as_list).unwrap_or_default().to_vec();
            all.extend(texts.iter().map(|text| Value::from(text.as_str())));
            if !all.is_empty() {
                list[at].set_at(&[key], all);
            }
        }
        if sources.disable_name_suffix_hash {
            list[at].set_at(&["options"], Value::map_of([("disableNameSuffixHash", true)]));
        }
        if !sources.behavior.is_empty() {
            list[at].set_at(&["behavior"], sources.behavior.as_str());
        }
        self.merge_generator_options(&mut list[at]);
        self.set_list(kind.field(), list);
        Ok(())
    }

    /// Changes the values of literals that a generator has, and its namespace where a new one is named.
    ///
    /// # Errors
    /// There is no such generator, or it has no such literal.
    pub fn set_generator(
        &mut self,
        kind: Generated,
        (name, namespace): (&str, &str),
        literals: &[String],
        new_namespace: &str,
    ) -> Result<(), EditError> {
        if literals.is_empty() && new_namespace.is_empty() {
            let text = "at least one of [--from-literal, --new-namespace] must be specified";
            return Err(EditError::Argument(text.to_owned()));
        }
        let mut list = self.list(kind.field());
        let found = list.iter_mut().find(|known| is_generator(known, name, namespace));
        let generator = found.ok_or_else(|| {
            EditError::Argument(format!("unable to find {} with name {name:?}", kind.kind()))
        })?;
        let texts = generator.get("literals").and_then(Value::as_list).unwrap_or_default();
        let known = texts.iter().map(|text| pair(text.as_str().unwrap_or_default()));
        let mut pairs = known.collect::<Result<Vec<_>, _>>()?;
        for literal in literals {
            let (key, text) = pair(literal)?;
            let mut places = pairs.iter_mut().filter(|(known, _)| *known == key).peekable();
            if places.peek().is_none() {
                return Err(EditError::Argument(format!("key '{key}' not found in resource")));
            }
            places.for_each(|(_, known)| known.clone_from(&text));
        }
        if !literals.is_empty() {
            let texts: Vec<Value> =
                pairs.iter().map(|(key, text)| Value::from(format!("{key}={text}"))).collect();
            generator.set_at(&["literals"], texts);
        }
        if !new_namespace.is_empty() {
            generator.set_at(&["namespace"], new_namespace);
        }
        self.merge_generator_options(generator);
        self.set_list(kind.field(), list);
        Ok(())
    }

    /// Upstream writes the options of all generators into the one that it touches.
    fn merge_generator_options(&self, generator: &mut Value) {
        let Some(Value::Map(global)) = self.fields.get("generatorOptions") else { return };
        for (key, value) in global.iter() {
            match value {
                Value::Map(texts) => {
                    for (name, text) in texts.iter() {
                        if generator.at(&["options", key, name]).is_none() {
                            generator.set_at(&["options", key, name], text.clone());
                        }
                    }
                }
                Value::Bool(true) => generator.set_at(&["options", key], true),
                _ => {}
            }
        }
    }

    /// Removes generators; says which were not there.
    ///
    /// # Errors
    /// None was there.
    pub fn remove_generators(
        &mut self,
        kind: Generated,
        names: &[String],
        namespace: &str,
    ) -> Result<Vec<String>, EditError> {
        let mut list = self.list(kind.field());
        let is_there = |name: &String| list.iter().any(|known| is_generator(known, name, namespace));
        let missing: Vec<String> = names.iter().filter(|name| !is_there(name)).cloned().collect();
        if missing.len() == names.len() {
            let kind = kind.name();
            return Err(EditError::Argument(format!(
                "no specified {kind}(s) were found in the kustomization.yaml file"
            )));
        }
        list.retain(|known| !names.iter().any(|name| is_generator(known, name, namespace)));
        self.set_list(kind.field(), list);
        Ok(missing)
    }
}

fn add_pairs(
    map: &mut Map,
    kind: Metadata,
    pairs: &[(String, String)],
    force: bool,
) -> Result<(), EditError> {
    for (key, text) in pairs {
        if map.contains_key(key) && !force {
            return Err(EditError::Exists { kind: kind.name(), name: key.clone() });
        }
        map.insert(key.as_str(), text.as_str());
    }
    Ok(())
}

/// `key=value`, with one equals sign as upstream wants it.
fn pair(text: &str) -> Result<(String, String), EditError> {
    match text.split_once('=') {
        Some((key, value)) if !value.contains('=') => Ok((key.to_owned(), value.to_owned())),
        _ => Err(EditError::Argument(format!(
            "invalid format: literal values must be specified in the key=value format, but one is {text:?}"
        ))),
    }
}

fn check(sources: &Sources) -> Result<(), EditError> {
    let refuse = |problem: &str| Err(EditError::Argument(problem.to_owned()));
    let has_pairs = !sources.files.is_empty() || !sources.literals.is_empty();
    match (sources.env_file.is_empty(), has_pairs) {
        (true, false) => refuse("at least from-env-file, or from-file or from-literal must be set"),
        (false, true) => refuse("from-env-file cannot be combined with from-file or from-literal"),
        _ if !matches!(sources.behavior.as_str(), "" | "create" | "merge" | "replace") => {
            refuse("invalid behavior: must be one of \"create\", \"merge\", or \"replace\"")
        }
        _ => Ok(()),
    }
}

fn is_generator(value: &Value, name: &str, namespace: &str) -> bool {
    let or_default = |text: &str| if text.is_empty() { "default".to_owned() } else { text.to_owned() };
    value.str_at(&["name"]) == Some(name)
        && or_default(value.str_at(&["namespace"]).unwrap_or_default()) == or_default(namespace)
}

fn patch_value(patch: &Patch) -> Value {
    let mut map = Map::new();
    for (key, text) in [("path", &patch.path), ("patch", &patch.patch)] {
        if !text.is_empty() {
            map.insert(key, text.as_str());
        }
    }
    if let Some(target) = &patch.target {
        map.insert("target", selector_value(target));
    }
    Value::from(map)
}

fn selector_value(selector: &Selector) -> Value {
    let fields: [(&str, &str); 7] = [
        ("group", &selector.id.gvk.group),
        ("version", &selector.id.gvk.version),
        ("kind", &selector.id.gvk.kind),
        ("name", &selector.id.name),
        ("namespace", &selector.id.namespace),
        ("annotationSelector", &selector.annotation_selector),
        ("labelSelector", &selector.label_selector),
    ];
    Value::map_of(fields.into_iter().filter(|(_, text)| !text.is_empty()))
}

/// Whether a path matches a pattern, as Go's `filepath.Match` has it.
///
/// # Errors
/// The pattern has brackets that do not end, or an escape of nothing.
pub fn matches(pattern: &str, path: &str) -> Result<bool, EditError> {
    filepath::matches(pattern, path)
        .map_err(|source| EditError::Pattern { pattern: pattern.to_owned(), source })
}
