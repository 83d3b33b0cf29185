//! The `--kustomize-…` options of `app create`, named as those of `argocd app create`.

use clap::Args;
use value::Value;

/// Changes of the kustomization in the repository.
#[derive(Debug, Default, Args)]
pub struct Overlay {
    /// The namespace of all namespaced objects, whatever the manifests say; needed where they name none.
    #[arg(long, value_name = "NAMESPACE")]
    pub kustomize_namespace: Option<String>,
    /// What all names begin with.
    #[arg(long = "nameprefix", value_name = "TEXT", allow_hyphen_values = true)]
    pub name_prefix: Option<String>,
    /// What all names end with.
    #[arg(long = "namesuffix", value_name = "TEXT", allow_hyphen_values = true)]
    pub name_suffix: Option<String>,
    /// Another image, as `[old=]new:tag` or `[old=]new@digest`; can be repeated.
    #[arg(long, value_name = "IMAGE")]
    pub kustomize_image: Vec<String>,
    /// The replicas of a workload, as `name=count`; can be repeated.
    #[arg(long, value_name = "NAME=COUNT", value_parser = replica)]
    pub kustomize_replica: Vec<(String, i64)>,
    /// A label of all objects, as `key=value`, with `--kustomize-label-without-selector`; can be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, requires = "kustomize_label_without_selector")]
    pub kustomize_common_label: Vec<(String, String)>,
    /// Leave selectors without the common labels, as Flux does it.
    #[arg(long)]
    pub kustomize_label_without_selector: bool,
    /// An annotation of all objects, as `key=value`; can be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    pub kustomize_common_annotation: Vec<(String, String)>,
    /// Leave components out that do not exist.
    #[arg(long)]
    pub ignore_missing_components: bool,
    #[command(flatten)]
    refused: Refused,
}

/// What `argocd` has and Flux has no word for.
#[derive(Debug, Default, Args)]
struct Refused {
    #[arg(long, hide = true, value_parser = refused)]
    kustomize_version: Option<String>,
    #[arg(long, hide = true, value_parser = refused)]
    kustomize_kube_version: Option<String>,
    #[arg(long, hide = true, value_parser = refused)]
    kustomize_api_versions: Option<String>,
    #[arg(long, hide = true, value_parser = refused, num_args = 0..=1, default_missing_value = "true")]
    kustomize_force_common_label: Option<String>,
    #[arg(long, hide = true, value_parser = refused, num_args = 0..=1, default_missing_value = "true")]
    kustomize_force_common_annotation: Option<String>,
    #[arg(long, hide = true, value_parser = refused, num_args = 0..=1, default_missing_value = "true")]
    kustomize_label_include_templates: Option<String>,
}

fn refused(_: &str) -> Result<String, String> {
    Err("Flux has no counterpart of this option; say it in the kustomization of the repository".to_owned())
}

fn pair(text: &str) -> Result<(String, String), String> {
    let found = text.split_once('=').filter(|(key, _)| !key.is_empty());
    let (key, value) = found.ok_or("it has to be key=value")?;
    Ok((key.to_owned(), value.to_owned()))
}

fn replica(text: &str) -> Result<(String, i64), String> {
    let (name, count) = pair(text).map_err(|_| "it has to be name=count")?;
    let count = count.parse().ok().filter(|count| *count >= 0);
    Ok((name, count.ok_or("the count has to be a number from 0 on")?))
}

impl Overlay {
    /// `spec.source.kustomize`; `None` where nothing is said.
    pub fn to_value(&self) -> Option<Value> {
        let mut kustomize = Value::map();
        let texts = [
            ("namespace", &self.kustomize_namespace),
            ("namePrefix", &self.name_prefix),
            ("nameSuffix", &self.name_suffix),
        ];
        for (field, text) in texts {
            if let Some(text) = text {
                kustomize.set_at(&[field], text.as_str());
            }
        }
        if !self.kustomize_image.is_empty() {
            kustomize.set_at(&["images"], Value::list_of(self.kustomize_image.iter().map(String::as_str)));
        }
        if !self.kustomize_replica.is_empty() {
            let replica = |(name, count): &(String, i64)| {
                Value::map_of([("name", Value::from(name.as_str())), ("count", (*count).into())])
            };
            kustomize.set_at(&["replicas"], Value::list_of(self.kustomize_replica.iter().map(replica)));
        }
        let pairs = [
            ("commonLabels", &self.kustomize_common_label),
            ("commonAnnotations", &self.kustomize_common_annotation),
        ];
        for (field, pairs) in pairs.into_iter().filter(|(_, pairs)| !pairs.is_empty()) {
            kustomize.set_at(&[field], Value::map_of(pairs.clone()));
        }
        let switches = [
            ("labelWithoutSelector", self.kustomize_label_without_selector),
            ("ignoreMissingComponents", self.ignore_missing_components),
        ];
        for (field, _) in switches.into_iter().filter(|(_, is_on)| *is_on) {
            kustomize.set_at(&[field], true);
        }
        (kustomize != Value::map()).then_some(kustomize)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::arguments::argocd::App;
    use crate::arguments::{Arguments, Command};

    fn parse(more: &[&str]) -> Result<String, String> {
        let own =
            ["flamingo", "app", "create", "x", "--repo", "https://example.com/x", "--dest-namespace", "x"];
        let parsed =
            Arguments::try_parse_from([&own[..], more].concat()).map_err(|error| error.to_string())?;
        let Command::App(App::Create(create)) = parsed.command else { panic!("another command") };
        Ok(create.overlay.to_value().map(|value| value.to_string()).unwrap_or_default())
    }

    #[test]
    fn options_become_fields_of_the_application() {
        let rows: [(&[&str], &str); 6] = [
            (&[], ""),
            (&["--kustomize-namespace", "good"], r#"{"namespace":"good"}"#),
            (
                &["--nameprefix", "a-", "--namesuffix", "-z", "--ignore-missing-components"],
                r#"{"ignoreMissingComponents":true,"namePrefix":"a-","nameSuffix":"-z"}"#,
            ),
            (
                &["--kustomize-image", "web:2", "--kustomize-replica", "web=3"],
                r#"{"images":["web:2"],"replicas":[{"count":3,"name":"web"}]}"#,
            ),
            (
                &["--kustomize-common-label", "a=b", "--kustomize-label-without-selector"],
                r#"{"commonLabels":{"a":"b"},"labelWithoutSelector":true}"#,
            ),
            (&["--kustomize-common-annotation", "a=b=c"], r#"{"commonAnnotations":{"a":"b=c"}}"#),
        ];
        for (more, expected) in rows {
            let expected = match expected {
                "" => String::new(),
                text => value::from_json(text.as_bytes()).expect(text).to_string(),
            };
            assert_eq!(parse(more).as_deref(), Ok(expected.as_str()), "{more:?}");
        }
    }

    #[test]
    fn what_flux_has_no_word_for_is_refused_by_name() {
        let rows: [(&[&str], &str); 5] = [
            (&["--kustomize-version", "v5"], "--kustomize-version"),
            (&["--kustomize-force-common-label"], "--kustomize-force-common-label"),
            (&["--kustomize-label-include-templates"], "Flux has no counterpart"),
            (&["--kustomize-common-label", "a=b"], "--kustomize-label-without-selector"),
            (&["--kustomize-replica", "web=many"], "a number from 0 on"),
        ];
        for (more, expected) in rows {
            let error = parse(more).expect_err(expected);
            assert!(error.contains(expected), "{error}");
        }
    }
}
