//! What the API knows: live views of Argo CD's objects, and what follows from its settings.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use apimachinery::clock::Clock;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use argocd_api::{application, project};
use argocd_core::accounts::{self, Account, Accounts, AccountsError, Data};
use argocd_core::masking::{ANNOTATIONS, Mask, Sign};
use argocd_core::policy::{self, MatchMode, Policy, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cluster::watch::{Observation, View};
use cluster::{ActAs, Cluster, Deadline, Resource, Session, Target};
use engine::ObjectRef;
use tokio::sync::broadcast;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;
use value::Value;

use crate::authentication::Caller;
use crate::error::{ApiError, Code};
use crate::link::Link;
use crate::list::List;
use crate::objects::Objects;
use crate::preview::Preview;
use crate::sessions::{REVOKED, Sessions};
use crate::sight::Sights;
use crate::snapshots::Snapshots;

/// The ConfigMap of settings.
pub(crate) const CONFIG: &str = "argocd-cm";
/// The ConfigMap of the policy.
pub(crate) const POLICY: &str = "argocd-rbac-cm";
/// The Secret of passwords, tokens and keys.
pub(crate) const SECRET: &str = "argocd-secret";
/// The key of its data that signs tokens.
pub(crate) const SIGNING_KEY: &str = "server.secretkey";
/// The field manager of what the API writes.
pub(crate) const MANAGER: &str = "argocd-server";

/// A call to the cluster for a client takes no longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// A stream that falls behind by so many changes ends, and its client begins anew.
const BACKLOG: usize = 1000;

/// The state behind all routes.
pub(crate) struct ControlPlane {
    pub(crate) cluster: Cluster,
    /// The namespace of the control plane.
    pub(crate) namespace: String,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) applications: View,
    changes: broadcast::Sender<Observation>,
    config_maps: View,
    pub(crate) secrets: View,
    kinds: Kinds,
    built_in: Policy,
    policy: Memo<Rules>,
    accounts: Memo<Result<Accounts, AccountsError>>,
    pub(crate) sessions: Sessions,
    pub(crate) list: Arc<List>,
    pub(crate) objects: Objects,
    pub(crate) sights: Sights,
    pub(crate) snapshots: Snapshots,
    pub(crate) link: Link,
    pub(crate) stop: CancellationToken,
    preview: Option<Arc<dyn Preview>>,
}

/// The kinds that are read and written.
pub(crate) struct Kinds {
    pub(crate) applications: Resource,
    pub(crate) projects: Resource,
    pub(crate) config_maps: Resource,
    pub(crate) secrets: Resource,
}

/// What `argocd-rbac-cm` says.
#[derive(Default)]
struct Rules {
    policy: Policy,
    /// Everybody who has logged in has this role; empty for none.
    default_role: String,
}

impl ControlPlane {
    pub(crate) async fn start(
        cluster: Cluster,
        namespace: String,
        clock: Arc<dyn Clock>,
        preview: Option<Arc<dyn Preview>>,
        stop: &CancellationToken,
    ) -> Result<Self, getrandom::Error> {
        let kinds = Kinds::new();
        let view = |resource: &Resource| View::start(&cluster, resource, Some(&namespace), stop);
        let (applications, observations) = view(&kinds.applications);
        let (config_maps, of_config_maps) = view(&kinds.config_maps);
        let (secrets, of_secrets) = view(&kinds.secrets);
        let list = Arc::new(List::new(epoch()?));
        tokio::join!(applications.synced(), config_maps.synced(), secrets.synced());
        applications.select(|_| true).iter().for_each(|object| follow(&list, &applications, object));
        let (changes, _) = broadcast::channel(BACKLOG);
        tokio::spawn(pass_on(observations, applications.clone(), list.clone(), changes.clone()));
        tokio::spawn(watch_rights(of_config_maps, list.clone()));
        tokio::spawn(watch_rights(of_secrets, list.clone()));
        let objects = Objects::start(&cluster, clock.clone(), list.clone(), stop).await;
        Ok(Self {
            cluster,
            namespace,
            clock,
            applications,
            changes,
            config_maps,
            secrets,
            kinds,
            built_in: Policy::built_in(),
            policy: Memo::default(),
            accounts: Memo::default(),
            sessions: Sessions::default(),
            list,
            objects,
            sights: Sights::default(),
            snapshots: Snapshots::default(),
            link: Link::default(),
            stop: stop.clone(),
            preview,
        })
    }

    /// Who can tell what would happen.
    ///
    /// # Errors
    /// Nobody can.
    pub(crate) fn preview(&self) -> Result<&dyn Preview, ApiError> {
        self.preview.as_deref().ok_or_else(|| {
            let message =
                "this server runs without the controllers of Applications, which alone can tell this";
            ApiError::new(Code::Unimplemented, message)
        })
    }

    pub(crate) fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    /// Calls for a client.
    pub(crate) fn session(&self) -> Session {
        self.cluster.session(ActAs::Component, Deadline::after(PATIENCE))
    }

    /// The address of an application.
    pub(crate) fn application(&self, namespace: &str, name: &str) -> Target {
        Target::new(&self.kinds.applications, namespace, name)
    }

    /// The address of an application that was read.
    pub(crate) fn address_of(&self, application: &Value) -> Target {
        let (name, namespace) = (object::name(application), object::namespace(application));
        self.application(namespace.unwrap_or_default(), name.unwrap_or_default())
    }

    /// The address of a project.
    pub(crate) fn project(&self, name: &str) -> Target {
        Target::new(&self.kinds.projects, &self.namespace, name)
    }

    /// Changes of applications from now on.
    pub(crate) fn changes(&self) -> broadcast::Receiver<Observation> {
        self.changes.subscribe()
    }

    /// The settings of `argocd-cm`.
    pub(crate) fn config(&self) -> Data {
        self.config_maps.get(&self.namespace, CONFIG).map(|object| data_of_map(&object)).unwrap_or_default()
    }

    /// What of Secrets is hidden.
    pub(crate) fn mask(&self, sign: Sign) -> Mask {
        Mask::new(sign, self.config().get(ANNOTATIONS).map(String::as_str).unwrap_or_default())
    }

    /// What `argocd-secret` holds.
    pub(crate) fn secret(&self) -> Data {
        self.secrets.get(&self.namespace, SECRET).map(|object| data_of_secret(&object)).unwrap_or_default()
    }

    /// What signs tokens, which need not be text.
    pub(crate) fn signing_key(&self) -> Option<Vec<u8>> {
        let secret = self.secrets.get(&self.namespace, SECRET)?;
        STANDARD.decode(secret.str_at(&["data", SIGNING_KEY])?).ok()
    }

    /// An account; `None` where there is none, or where settings cannot be read.
    pub(crate) fn account(&self, name: &str) -> Option<Account> {
        let config = self.config_maps.get(&self.namespace, CONFIG);
        let secret = self.secrets.get(&self.namespace, SECRET);
        let version = format!("{:?} {:?}", version(config.as_ref()), version(secret.as_ref()));
        let accounts = self.accounts.get(&version, || {
            let accounts = accounts::read(&self.config(), &self.secret());
            if let Err(error) = &accounts {
                tracing::error!(error = error as &dyn std::error::Error, "nobody can log in");
            }
            accounts
        });
        accounts.as_ref().as_ref().ok()?.get(name).cloned()
    }

    /// Whether somebody may do something.
    pub(crate) fn permits(&self, caller: &Caller, request: &Request<'_>) -> bool {
        let rules = self.rules();
        let policies = [&self.built_in, &rules.policy];
        let by_default =
            !rules.default_role.is_empty() && policy::permits(&policies, &rules.default_role, request);
        by_default || policy::permits(&policies, &caller.account, request)
    }

    /// Another text when the policy is another one.
    pub(crate) fn policy_version(&self) -> String {
        let object = self.config_maps.get(&self.namespace, POLICY);
        version(object.as_ref()).unwrap_or_default().to_owned()
    }

    fn rules(&self) -> Arc<Rules> {
        let object = self.config_maps.get(&self.namespace, POLICY);
        self.policy.get(&format!("{:?}", version(object.as_ref())), || {
            let data = object.as_ref().map(data_of_map).unwrap_or_default();
            let text = |key: &str| data.get(key).map(String::as_str).unwrap_or_default();
            // All parts count, the first one by its own name.
            let more = data.iter().filter(|(key, _)| key.starts_with("policy.") && key.ends_with(".csv"));
            let parts = more.filter(|(key, _)| *key != "policy.csv").map(|(_, part)| part.as_str());
            let csv: Vec<&str> = std::iter::once(text("policy.csv")).chain(parts).collect();
            let policy = Policy::parse(&csv.join("\n"), MatchMode::of(text("policy.matchMode")));
            let policy = policy.unwrap_or_else(|error| {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "only the built-in roles are in force"
                );
                Policy::default()
            });
            Rules { policy, default_role: text("policy.default").to_owned() }
        })
    }
}

/// Applications go into the list and to those who watch them.
async fn pass_on(
    mut observations: UnboundedReceiver<Observation>,
    view: View,
    list: Arc<List>,
    changes: broadcast::Sender<Observation>,
) {
    while let Some(observation) = observations.recv().await {
        let (Observation::Changed { now: object, .. } | Observation::Gone(object)) = &observation;
        follow(&list, &view, object);
        // Nobody may be listening, and that is no trouble.
        drop(changes.send(observation));
    }
}

fn follow(list: &List, view: &View, application: &Value) {
    let Some(reference) = ObjectRef::of(application) else { return };
    list.follow(&reference, || view.get(&reference.namespace, &reference.name));
}

/// Whatever says who may do what, and who is who.
async fn watch_rights(mut observations: UnboundedReceiver<Observation>, list: Arc<List>) {
    while let Some(observation) = observations.recv().await {
        let (Observation::Changed { now: object, .. } | Observation::Gone(object)) = &observation;
        if let Some(CONFIG | POLICY | SECRET | REVOKED) = object::name(object) {
            list.rights_changed();
        }
    }
}

/// A text that no other process has.
fn epoch() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 6];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl Kinds {
    pub(crate) fn new() -> Self {
        let core = |kind, plural| Resource::new(GroupVersionKind::new("", "v1", kind), plural, true);
        Self {
            applications: Resource::new(application::kind(), "applications", true),
            projects: Resource::new(project::kind(), "appprojects", true),
            config_maps: core("ConfigMap", "configmaps"),
            secrets: core("Secret", "secrets"),
        }
    }
}

/// The data of a ConfigMap.
pub(crate) fn data_of_map(object: &Value) -> Data {
    let entries = object::text_entries(object.get("data"));
    entries.map(|(key, text)| (key.to_owned(), text.to_owned())).collect()
}

/// The data of a Secret, as far as it is text.
pub(crate) fn data_of_secret(object: &Value) -> Data {
    let entries = object::text_entries(object.get("data"));
    let decode = |text: &str| STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    entries.filter_map(|(key, text)| Some((key.to_owned(), decode(text)?))).collect()
}

fn version(object: Option<&Value>) -> Option<&str> {
    object.and_then(object::resource_version)
}

/// What was made of objects, until one of them changes.
struct Memo<T>(Mutex<Option<(String, Arc<T>)>>);

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Memo<T> {
    fn get(&self, version: &str, make: impl FnOnce() -> T) -> Arc<T> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some((of, made)) if of == version => made.clone(),
            _ => {
                let made = Arc::new(make());
                *known = Some((version.to_owned(), made.clone()));
                made
            }
        }
    }
}
