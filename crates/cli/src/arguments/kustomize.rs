//! What people type after `flamingo kustomize`; the flags are those of kustomize.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Kustomize {
    /// Build a kustomization and print its objects.
    Build(Build),
    /// Show how the objects of two kustomizations differ.
    Diff(Diff),
    /// Edit the kustomization file in this directory.
    #[command(subcommand)]
    Edit(Edit),
}

/// Arguments of `build`.
#[derive(Debug, Args)]
pub struct Build {
    /// The directory, or the URL of one in a Git repository.
    #[arg(value_name = "DIR", default_value = ".")]
    pub directory: String,
    /// Which files a kustomization may load.
    #[arg(long, value_enum, default_value_t)]
    pub load_restrictor: LoadRestrictor,
    /// The order of the objects, unless the kustomization has sortOptions.
    #[arg(long, value_enum, default_value_t)]
    pub reorder: Reorder,
    /// Label all objects with who manages them.
    #[arg(long)]
    pub enable_managedby_label: bool,
    /// Write to this file, or each object to a file of its own in this directory.
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Say which file and transformer made each value of an object, or of a field of it.
    #[arg(long, value_name = "KIND/NAME[.path]", conflicts_with = "output")]
    pub explain: Option<String>,
    /// Build again whenever a file changes.
    #[arg(long)]
    pub watch: bool,
    /// Refuse bases and files by URL.
    #[arg(long)]
    pub offline: bool,
    /// How charts are rendered.
    #[command(flatten)]
    pub helm: Helm,
    /// Flags of kustomize that are not supported.
    #[command(flatten)]
    pub refused: Refused,
}

/// How the charts of `helmCharts` are rendered.
#[derive(Clone, Debug, Default, Args)]
pub struct Helm {
    /// Render the charts of helmCharts.
    #[arg(long)]
    pub enable_helm: bool,
    /// API versions that charts see, unless helmCharts names some.
    #[arg(long, value_name = "VERSION")]
    pub helm_api_versions: Vec<String>,
    /// The Kubernetes version that charts see, unless helmCharts names one.
    #[arg(long, value_name = "VERSION", default_value = "", hide_default_value = true)]
    pub helm_kube_version: String,
    /// Show what a chart renders where that is no YAML.
    #[arg(long)]
    pub helm_debug: bool,
}

/// Flags of kustomize for what never runs during a build here; using one is an error that says so.
#[derive(Debug, Args)]
pub struct Refused {
    /// Not supported: charts are rendered in this process, and no program runs.
    #[arg(long, hide = true)]
    pub helm_command: Option<String>,
    /// Not supported: no program or container runs during a build.
    #[arg(long, hide = true)]
    pub enable_alpha_plugins: bool,
    /// Not supported: no program or container runs during a build.
    #[arg(long, hide = true)]
    pub enable_exec: bool,
    /// Not supported: no program or container runs during a build.
    #[arg(long, hide = true)]
    pub as_current_user: bool,
    /// Not supported: no program or container runs during a build.
    #[arg(short, long, hide = true)]
    pub env: Vec<String>,
    /// Not supported: no program or container runs during a build.
    #[arg(long, hide = true)]
    pub mount: Vec<String>,
    /// Not supported: no program or container runs during a build.
    #[arg(long, hide = true)]
    pub network: bool,
    /// Not supported: no program or container runs during a build.
    #[arg(long, hide = true)]
    pub network_name: Option<String>,
    /// Not supported: errors name file and field.
    #[arg(long, hide = true)]
    pub stack_trace: bool,
}

impl Refused {
    /// The first flag that was used, and why it is refused.
    pub fn used(&self) -> Option<(&'static str, &'static str)> {
        const HELM: &str =
            "charts are rendered in this process, as helm 4.3.1 renders them; leave the flag out";
        const RUN: &str = "no program or container runs during a build";
        const TRACE: &str = "errors name the file and the field instead";
        let flags = [
            (self.helm_command.is_some(), "--helm-command", HELM),
            (self.enable_alpha_plugins, "--enable-alpha-plugins", RUN),
            (self.enable_exec, "--enable-exec", RUN),
            (self.as_current_user, "--as-current-user", RUN),
            (!self.env.is_empty(), "--env", RUN),
            (!self.mount.is_empty(), "--mount", RUN),
            (self.network, "--network", RUN),
            (self.network_name.is_some(), "--network-name", RUN),
            (self.stack_trace, "--stack-trace", TRACE),
        ];
        flags.into_iter().find(|(is_used, ..)| *is_used).map(|(_, flag, why)| (flag, why))
    }
}

/// Which files a kustomization may load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LoadRestrictor {
    /// Files in or below its own directory.
    #[default]
    #[value(name = "LoadRestrictionsRootOnly", alias = "rootOnly")]
    RootOnly,
    /// All files.
    #[value(name = "LoadRestrictionsNone", alias = "none")]
    None,
}

/// The order of the objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Reorder {
    /// By kind.
    #[default]
    Legacy,
    /// As they are listed.
    None,
}

/// Arguments of `diff`. Exit code 0 is no difference, 1 is one.
#[derive(Debug, Args)]
pub struct Diff {
    /// The directory that is compared with.
    #[arg(value_name = "OVERLAY")]
    pub from: String,
    /// The directory that is compared.
    #[arg(value_name = "OVERLAY")]
    pub to: String,
    /// Which files a kustomization may load.
    #[arg(long, value_enum, default_value_t)]
    pub load_restrictor: LoadRestrictor,
    /// How charts are rendered.
    #[command(flatten)]
    pub helm: Helm,
}

/// What is edited.
#[derive(Debug, Subcommand)]
pub enum Edit {
    /// Set a field.
    #[command(subcommand)]
    Set(Set),
    /// Add to a field.
    #[command(subcommand)]
    Add(Add),
    /// Remove from a field.
    #[command(subcommand)]
    Remove(Remove),
    /// Turn deprecated fields into those that took their place.
    Fix(Fix),
}

/// Arguments of `fix`.
#[derive(Debug, Args)]
pub struct Fix {
    /// Not supported: vars would be replaced in all files that use them.
    #[arg(long, hide = true)]
    pub vars: bool,
}

/// Changed literals of a generator.
#[derive(Debug, Args)]
pub struct Changes {
    /// The name.
    pub name: String,
    /// KEY=VALUE of a key that is there.
    #[arg(long, allow_hyphen_values = true)]
    pub from_literal: Vec<String>,
    /// The namespace.
    #[arg(long, default_value = "")]
    pub namespace: String,
    /// The namespace that it gets.
    #[arg(long, default_value = "")]
    pub new_namespace: String,
}

/// What is set.
#[derive(Debug, Subcommand)]
pub enum Set {
    /// Images, as NAME=NEWNAME:TAG@DIGEST and shorter forms; `*` keeps what is there.
    Image {
        /// The images.
        #[arg(required = true)]
        images: Vec<String>,
    },
    /// The namespace.
    Namespace {
        /// The namespace.
        namespace: String,
    },
    /// What names begin with.
    Nameprefix {
        /// The prefix.
        #[arg(allow_hyphen_values = true)]
        prefix: String,
    },
    /// What names end with.
    Namesuffix {
        /// The suffix.
        #[arg(allow_hyphen_values = true)]
        suffix: String,
    },
    /// Numbers of replicas, as NAME=COUNT.
    Replicas {
        /// The numbers.
        #[arg(required = true)]
        replicas: Vec<String>,
    },
    /// Labels of all objects and selectors, as KEY:VALUE.
    Label {
        /// The labels.
        #[arg(required = true)]
        labels: Vec<String>,
    },
    /// Annotations of all objects, as KEY:VALUE.
    Annotation {
        /// The annotations.
        #[arg(required = true)]
        annotations: Vec<String>,
    },
    /// What is noted about the build, with commas between, instead of what is there.
    Buildmetadata {
        /// The options.
        options: String,
    },
    /// The data of a generated ConfigMap.
    Configmap(Changes),
    /// The data of a generated Secret.
    Secret(Changes),
}

/// What is added.
#[derive(Debug, Subcommand)]
pub enum Add {
    /// Files and directories with resources; `*` and `?` are expanded.
    Resource {
        /// The paths.
        #[arg(required = true)]
        paths: Vec<String>,
        /// Do not look whether they exist.
        #[arg(long)]
        no_verify: bool,
    },
    /// Directories with components.
    Component {
        /// The paths.
        #[arg(required = true)]
        paths: Vec<String>,
    },
    /// Directories with kustomizations, with commas between.
    Base {
        /// The paths.
        paths: String,
    },
    /// What is noted about the build, with commas between.
    Buildmetadata {
        /// The options.
        options: String,
    },
    /// Files with configurations of transformers; `*` and `?` are expanded.
    Configuration {
        /// The paths.
        #[arg(required = true)]
        paths: Vec<String>,
    },
    /// Files with generators; `*` and `?` are expanded.
    Generator {
        /// The paths.
        #[arg(required = true)]
        paths: Vec<String>,
    },
    /// Files with transformers; `*` and `?` are expanded.
    Transformer {
        /// The paths.
        #[arg(required = true)]
        paths: Vec<String>,
    },
    /// A patch.
    #[command(disable_version_flag = true)]
    Patch(Patch),
    /// Labels, as KEY:VALUE.
    Label {
        /// The labels.
        #[arg(required = true)]
        labels: Vec<String>,
        /// Overwrite what is there.
        #[arg(short, long)]
        force: bool,
        /// Leave selectors alone.
        #[arg(long)]
        without_selector: bool,
        /// Label templates too.
        #[arg(long, requires = "without_selector")]
        include_templates: bool,
    },
    /// Annotations, as KEY:VALUE.
    Annotation {
        /// The annotations.
        #[arg(required = true)]
        annotations: Vec<String>,
        /// Overwrite what is there.
        #[arg(short, long)]
        force: bool,
    },
    /// A generated ConfigMap, or more data for it.
    Configmap {
        /// The name.
        name: String,
        /// Where the data comes from.
        #[command(flatten)]
        sources: Sources,
        /// What happens where one of the name exists: create, merge or replace.
        #[arg(long, default_value = "")]
        behavior: String,
    },
    /// A generated Secret, or more data for it.
    Secret {
        /// The name.
        name: String,
        /// Where the data comes from.
        #[command(flatten)]
        sources: Sources,
        /// The type.
        #[arg(long = "type", default_value = "Opaque")]
        secret_type: String,
    },
}

/// Where the data of a generator comes from.
#[derive(Debug, Args)]
pub struct Sources {
    /// The namespace.
    #[arg(long, default_value = "")]
    pub namespace: String,
    /// KEY=VALUE
    #[arg(long, allow_hyphen_values = true)]
    pub from_literal: Vec<String>,
    /// FILE or KEY=FILE
    #[arg(long, value_delimiter = ',')]
    pub from_file: Vec<String>,
    /// A file with a pair in each line.
    #[arg(long, default_value = "")]
    pub from_env_file: String,
    /// Leave the name without hash.
    #[arg(long = "disableNameSuffixHash")]
    pub disable_name_suffix_hash: bool,
}

/// A patch and its target.
#[derive(Debug, Args)]
pub struct Patch {
    /// The file.
    #[arg(long, default_value = "", conflicts_with = "patch", allow_hyphen_values = true)]
    pub path: String,
    /// The text.
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    pub patch: String,
    /// The group of the target.
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    pub group: String,
    /// The version of the target.
    #[arg(long = "version", default_value = "", allow_hyphen_values = true)]
    pub target_version: String,
    /// The kind of the target.
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    pub kind: String,
    /// The name of the target.
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    pub name: String,
    /// The namespace of the target.
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    pub namespace: String,
    /// Annotations of the target.
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    pub annotation_selector: String,
    /// Labels of the target.
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    pub label_selector: String,
}

/// What is removed.
#[derive(Debug, Subcommand)]
pub enum Remove {
    /// Resources whose entries match patterns.
    Resource {
        /// The patterns.
        #[arg(required = true)]
        patterns: Vec<String>,
    },
    /// Components whose entries match patterns.
    Component {
        /// The patterns.
        #[arg(required = true)]
        patterns: Vec<String>,
    },
    /// What is noted about the build, with commas between.
    Buildmetadata {
        /// The options.
        options: String,
    },
    /// Transformers whose entries match patterns.
    Transformer {
        /// The patterns.
        #[arg(required = true)]
        patterns: Vec<String>,
    },
    /// The patch that is exactly this one.
    #[command(disable_version_flag = true)]
    Patch(Patch),
    /// Labels, with commas between.
    Label {
        /// The keys.
        #[arg(value_delimiter = ',', required = true)]
        keys: Vec<String>,
        /// Say nothing about what is not there.
        #[arg(short, long)]
        ignore_non_existence: bool,
    },
    /// Annotations, with commas between.
    Annotation {
        /// The keys.
        #[arg(value_delimiter = ',', required = true)]
        keys: Vec<String>,
        /// Say nothing about what is not there.
        #[arg(short, long)]
        ignore_non_existence: bool,
    },
    /// Generated ConfigMaps, with commas between.
    Configmap {
        /// The names.
        #[arg(value_delimiter = ',', required = true)]
        names: Vec<String>,
        /// The namespace.
        #[arg(long, default_value = "")]
        namespace: String,
    },
    /// Generated Secrets, with commas between.
    Secret {
        /// The names.
        #[arg(value_delimiter = ',', required = true)]
        names: Vec<String>,
        /// The namespace.
        #[arg(long, default_value = "")]
        namespace: String,
    },
}
