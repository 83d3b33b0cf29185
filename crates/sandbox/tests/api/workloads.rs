//! Workloads: what becomes healthy, and what does not.

use value::Value;

use crate::harness::{Client, World, condition, names};

const PODS: &str = "/api/v1/namespaces/default/pods";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
const JOBS: &str = "/apis/batch/v1/namespaces/default/jobs";

async fn settle(client: &Client) {
    client.until("/api/v1/namespaces/default/serviceaccounts/default", |_| true).await;
}

async fn world() -> World {
    let world = World::new().await;
    settle(&world.client).await;
    world
}

fn deployment(image: &str, more: &str) -> String {
    format!(
        "{{metadata: {{name: web}}, spec: {{replicas: 2, {more} selector: {{matchLabels: {{a: web}}}}, \
         template: {{metadata: {{labels: {{a: web}}}}, spec: {{containers: [{{name: m, image: '{image}', ports: [{{name: http, containerPort: 80}}]}}]}}}}}}}}"
    )
}

fn job(spec: &str, container: &str) -> String {
    format!(
        "{{metadata: {{name: j}}, spec: {{{spec} template: {{spec: {{restartPolicy: Never, containers: [{{name: m, image: 'i:1', {container}}}]}}}}}}}}"
    )
}

fn reason<'a>(object: &'a Value, r#type: &str) -> Option<&'a str> {
    condition(object, r#type)?.str_at(&["reason"])
}

fn number(object: &Value, field: &str) -> i64 {
    object.at(&["status", field]).and_then(Value::as_i64).unwrap_or(0)
}

#[tokio::test]
async fn a_deployment_becomes_available() {
    let world = world().await;
    world.client.post(DEPLOYMENTS, &deployment("i:1", "")).await.ok();
    let path = format!("{DEPLOYMENTS}/web");
    let ready =
        world.client.until(&path, |one| reason(one, "Progressing") == Some("NewReplicaSetAvailable")).await;
    assert_eq!(reason(&ready, "Available"), Some("MinimumReplicasAvailable"));
    assert_eq!((number(&ready, "readyReplicas"), number(&ready, "observedGeneration")), (2, 1));
    assert_eq!(ready.str_at(&["metadata", "annotations", "deployment.kubernetes.io/revision"]), Some("1"));
    let pods = world
        .client
        .get(&format!("{PODS}?labelSelector=a%3Dweb&fieldSelector=status.phase%3DRunning"))
        .await
        .ok();
    assert_eq!(names(&pods).len(), 2);
}

#[tokio::test]
async fn a_new_template_is_rolled_out() {
    let world = world().await;
    let path = format!("{DEPLOYMENTS}/web");
    world.client.post(DEPLOYMENTS, &deployment("i:1", "")).await.ok();
    let complete = |one: &Value| reason(one, "Progressing") == Some("NewReplicaSetAvailable");
    world.client.until(&path, complete).await;
    let patch = "{spec: {template: {spec: {containers: [{name: m, image: 'i:2'}]}}}}";
    world.client.patch_as(&path, "application/strategic-merge-patch+json", patch).await.ok();
    let rolled =
        world.client.until(&path, |one| number(one, "observedGeneration") == 2 && complete(one)).await;
    assert_eq!(rolled.str_at(&["metadata", "annotations", "deployment.kubernetes.io/revision"]), Some("2"));
    let sets = world.client.get("/apis/apps/v1/namespaces/default/replicasets").await.ok();
    let mut replicas: Vec<i64> = sets
        .get("items")
        .and_then(Value::as_list)
        .unwrap()
        .iter()
        .filter_map(|set| set.at(&["spec", "replicas"])?.as_i64())
        .collect();
    replicas.sort_unstable();
    assert_eq!(replicas, [0, 2]);
    world.client.delete_with(&path, "{propagationPolicy: Foreground}").await.ok();
    world.client.until_gone(&path).await;
    assert!(names(&world.client.get(PODS).await.ok()).is_empty(), "nothing is left");
}

#[tokio::test]
async fn a_deployment_that_does_not_progress_says_so() {
    let world = world().await;
    let body = deployment("i:does-not-exist", "progressDeadlineSeconds: 1,");
    world.client.post(DEPLOYMENTS, &body).await.ok();
    let path = format!("{DEPLOYMENTS}/web");
    let stuck =
        world.client.until(&path, |one| reason(one, "Progressing") == Some("ProgressDeadlineExceeded")).await;
    assert_eq!(reason(&stuck, "Available"), Some("MinimumReplicasUnavailable"));
    assert_eq!(number(&stuck, "unavailableReplicas"), 2);
    let message = condition(&stuck, "Progressing").unwrap().str_at(&["message"]).unwrap();
    assert!(message.starts_with("ReplicaSet \"web-") && message.ends_with("\" has timed out progressing."));
}

#[tokio::test]
async fn recreation_ends_the_old_pods_first() {
    let world = world().await;
    let body = deployment("i:1", "strategy: {type: Recreate},");
    world.client.post(DEPLOYMENTS, &body).await.ok();
    let path = format!("{DEPLOYMENTS}/web");
    world.client.until(&path, |one| number(one, "availableReplicas") == 2).await;
    let patch = "{spec: {template: {spec: {containers: [{name: m, image: 'i:2'}]}}}}";
    world.client.patch_as(&path, "application/strategic-merge-patch+json", patch).await.ok();
    world
        .client
        .until(&path, |one| {
            number(one, "observedGeneration") == 2
                && number(one, "availableReplicas") == 2
                && number(one, "updatedReplicas") == 2
        })
        .await;
    let pods = world.client.get(&format!("{PODS}?labelSelector=a%3Dweb")).await.ok();
    assert!(!pods.to_string().contains("\"image\":\"i:1\""));
}

#[tokio::test]
async fn an_image_that_does_not_exist_is_not_pulled() {
    let world = world().await;
    world
        .client
        .post(PODS, "{metadata: {name: p}, spec: {containers: [{name: m, image: 'i:does-not-exist'}]}}")
        .await
        .ok();
    let waiting = |pod: &Value| pod.to_string().contains("\"reason\":\"ImagePullBackOff\"");
    let pod = world.client.until(&format!("{PODS}/p"), waiting).await;
    assert_eq!(pod.str_at(&["status", "phase"]), Some("Pending"));
    let events = world.client.get("/api/v1/namespaces/default/events").await.ok().to_string();
    assert!(events.contains("Failed to pull image \\\"i:does-not-exist\\\""), "{events}");
}

#[tokio::test]
async fn a_command_that_fails_is_tried_again_or_has_failed() {
    let world = world().await;
    let pod = |name: &str, policy: &str| {
        format!(
            "{{metadata: {{name: {name}}}, spec: {{restartPolicy: {policy}, containers: [{{name: m, image: 'i:1', command: ['false']}}]}}}}"
        )
    };
    world.client.post(PODS, &pod("again", "Always")).await.ok();
    let looping = |pod: &Value| {
        let statuses = pod.at(&["status", "containerStatuses"]).and_then(Value::as_list).unwrap_or_default();
        statuses.iter().any(|one| {
            one.str_at(&["state", "waiting", "reason"]) == Some("CrashLoopBackOff")
                && one.at(&["restartCount"]).and_then(Value::as_i64) >= Some(2)
                && one.at(&["lastState", "terminated", "exitCode"]).and_then(Value::as_i64) == Some(1)
        })
    };
    world.client.until(&format!("{PODS}/again"), looping).await;
    world.client.post(PODS, &pod("never", "Never")).await.ok();
    world
        .client
        .until(&format!("{PODS}/never"), |pod| pod.str_at(&["status", "phase"]) == Some("Failed"))
        .await;
}

#[tokio::test]
async fn a_pod_that_fits_no_node_waits_and_says_why() {
    let world = world().await;
    let body =
        "{metadata: {name: p}, spec: {nodeSelector: {disk: fast}, containers: [{name: m, image: 'i:1'}]}}";
    world.client.post(PODS, body).await.ok();
    let path = format!("{PODS}/p");
    let pod = world.client.until(&path, |pod| condition(pod, "PodScheduled").is_some()).await;
    let scheduled = condition(&pod, "PodScheduled").unwrap();
    assert_eq!(scheduled.str_at(&["reason"]), Some("Unschedulable"));
    assert_eq!(
        scheduled.str_at(&["message"]),
        Some(
            "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
        )
    );
    world.client.merge("/api/v1/nodes/sandbox", "{metadata: {labels: {disk: fast}}}").await.ok();
    world.client.until(&path, |pod| pod.str_at(&["status", "phase"]) == Some("Running")).await;
}

#[tokio::test]
async fn a_job_completes() {
    let world = world().await;
    world.client.post(JOBS, &job("completions: 2,", "")).await.ok();
    let done = world.client.until(&format!("{JOBS}/j"), |job| condition(job, "Complete").is_some()).await;
    assert_eq!(number(&done, "succeeded"), 2);
    assert_eq!(reason(&done, "SuccessCriteriaMet"), Some("CompletionsReached"));
    assert!(done.str_at(&["status", "completionTime"]).is_some());
}

#[tokio::test]
async fn a_job_fails() {
    let world = world().await;
    world.client.post(JOBS, &job("backoffLimit: 0,", "command: ['false']")).await.ok();
    let failed = world.client.until(&format!("{JOBS}/j"), |job| condition(job, "Failed").is_some()).await;
    assert_eq!(reason(&failed, "FailureTarget"), Some("BackoffLimitExceeded"));
    assert_eq!(
        condition(&failed, "Failed").unwrap().str_at(&["message"]),
        Some("Job has reached the specified backoff limit")
    );
    assert_eq!(number(&failed, "failed"), 1);
}

#[tokio::test]
async fn a_job_that_takes_too_long_fails() {
    let world = world().await;
    let body =
        job("activeDeadlineSeconds: 1,", "").replace("restartPolicy", "nodeSelector: {x: z}, restartPolicy");
    world.client.post(JOBS, &body).await.ok();
    let failed = world.client.until(&format!("{JOBS}/j"), |job| condition(job, "Failed").is_some()).await;
    assert_eq!(reason(&failed, "Failed"), Some("DeadlineExceeded"));
    assert!(names(&world.client.get(PODS).await.ok()).is_empty());
}

#[tokio::test]
async fn a_stateful_set_has_names_order_and_volumes() {
    let world = world().await;
    let sets = "/apis/apps/v1/namespaces/default/statefulsets";
    let body = "{metadata: {name: db}, spec: {replicas: 2, serviceName: db, selector: {matchLabels: {a: db}}, \
        template: {metadata: {labels: {a: db}}, spec: {containers: [{name: m, image: 'i:1', volumeMounts: [{name: data, mountPath: /d}]}]}}, \
        volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]}}";
    world.client.post(sets, body).await.ok();
    let path = format!("{sets}/db");
    let ready = world.client.until(&path, |set| number(set, "readyReplicas") == 2).await;
    assert_eq!(ready.at(&["status", "currentRevision"]), ready.at(&["status", "updateRevision"]));
    let pods = world.client.get(&format!("{PODS}?labelSelector=a%3Ddb")).await.ok();
    assert_eq!(names(&pods), ["db-0", "db-1"]);
    let claims = world.client.get("/api/v1/namespaces/default/persistentvolumeclaims").await.ok();
    assert_eq!(names(&claims), ["data-db-0", "data-db-1"]);
    assert_eq!(claims.to_string().matches("\"phase\":\"Bound\"").count(), 2);
    let patch = "{spec: {template: {spec: {containers: [{name: m, image: 'i:2'}]}}}}";
    world.client.patch_as(&path, "application/strategic-merge-patch+json", patch).await.ok();
    world
        .client
        .until(&path, |set| {
            number(set, "observedGeneration") == 2
                && set.at(&["status", "currentRevision"]) == set.at(&["status", "updateRevision"])
                && number(set, "readyReplicas") == 2
        })
        .await;
    world.client.merge(&path, "{spec: {replicas: 1}}").await.ok();
    world.client.until_gone(&format!("{PODS}/db-1")).await;
    assert_eq!(
        world.client.get("/api/v1/namespaces/default/persistentvolumeclaims/data-db-1").await.code,
        200
    );
}

#[tokio::test]
async fn a_daemon_set_has_a_pod_on_the_node() {
    let world = world().await;
    let sets = "/apis/apps/v1/namespaces/default/daemonsets";
    let body = "{metadata: {name: ds}, spec: {selector: {matchLabels: {a: ds}}, template: {metadata: {labels: {a: ds}}, spec: {containers: [{name: m, image: 'i:1'}]}}}}";
    world.client.post(sets, body).await.ok();
    let ready = world.client.until(&format!("{sets}/ds"), |set| number(set, "numberAvailable") == 1).await;
    assert_eq!(number(&ready, "desiredNumberScheduled"), 1);
}

#[tokio::test]
async fn endpoints_follow_the_pods() {
    let world = world().await;
    world
        .client
        .post(
            "/api/v1/namespaces/default/services",
            "{metadata: {name: web}, spec: {selector: {a: web}, ports: [{port: 80, targetPort: http}]}}",
        )
        .await
        .ok();
    world.client.post(DEPLOYMENTS, &deployment("i:1", "")).await.ok();
    let two = |endpoints: &Value| endpoints.to_string().matches("\"ip\":").count() == 2;
    world.client.until("/api/v1/namespaces/default/endpoints/web", two).await;
    world.client.merge(&format!("{DEPLOYMENTS}/web"), "{spec: {replicas: 0}}").await.ok();
    let none = |endpoints: &Value| endpoints.get("subsets").is_none();
    world.client.until("/api/v1/namespaces/default/endpoints/web", none).await;
    let slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name%3Dweb";
    let slices = world.client.get(slices).await.ok();
    assert_eq!(names(&slices).len(), 1);
}

#[tokio::test]
async fn a_deleted_pod_takes_its_time_and_goes() {
    let world = world().await;
    world
        .client
        .post(PODS, "{metadata: {name: p}, spec: {containers: [{name: m, image: 'i:1'}]}}")
        .await
        .ok();
    let path = format!("{PODS}/p");
    world.client.until(&path, |pod| pod.str_at(&["status", "phase"]) == Some("Running")).await;
    let marked = world.client.delete(&path).await.ok();
    assert_eq!(marked.at(&["metadata", "deletionGracePeriodSeconds"]).unwrap().as_i64(), Some(30));
    world.client.until_gone(&path).await;
}

#[tokio::test]
async fn an_autoscaler_says_whether_it_finds_its_target() {
    const PATH: &str = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";
    let world = world().await;
    world.client.post(DEPLOYMENTS, &deployment("i:1", "")).await.ok();
    for name in ["web", "gone"] {
        let autoscaler = format!(
            "{{metadata: {{name: {name}}}, spec: {{maxReplicas: 3, scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: {name}}}}}}}"
        );
        world.client.post(PATH, &autoscaler).await.ok();
    }
    let of = |name: &str| format!("{PATH}/{name}");
    let web = world.client.until(&of("web"), |one| condition(one, "AbleToScale").is_some()).await;
    assert_eq!(
        (reason(&web, "AbleToScale"), number(&web, "currentReplicas")),
        (Some("SucceededGetScale"), 2)
    );
    let gone = world.client.until(&of("gone"), |one| condition(one, "AbleToScale").is_some()).await;
    assert_eq!(reason(&gone, "AbleToScale"), Some("FailedGetScale"));
}

#[tokio::test]
async fn a_disruption_budget_counts_its_pods() {
    const PATH: &str = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
    let world = world().await;
    for (name, spec) in [("half", "minAvailable: 50%"), ("none", "maxUnavailable: 0")] {
        let budget = format!(
            "{{metadata: {{name: {name}}}, spec: {{{spec}, selector: {{matchLabels: {{a: web}}}}}}}}"
        );
        world.client.post(PATH, &budget).await.ok();
    }
    world.client.post(DEPLOYMENTS, &deployment("i:1", "")).await.ok();
    let ready = |one: &Value| number(one, "currentHealthy") == 2;
    let half = world.client.until(&format!("{PATH}/half"), ready).await;
    assert_eq!(reason(&half, "DisruptionAllowed"), Some("SufficientPods"));
    assert_eq!((number(&half, "desiredHealthy"), number(&half, "disruptionsAllowed")), (1, 1));
    let none = world.client.until(&format!("{PATH}/none"), ready).await;
    assert_eq!(reason(&none, "DisruptionAllowed"), Some("InsufficientPods"));
    assert_eq!((number(&none, "desiredHealthy"), number(&none, "expectedPods")), (2, 2));
}

#[tokio::test]
async fn load_balancers_and_ingresses_get_an_address() {
    let world = world().await;
    let (services, ingresses) =
        ("/api/v1/namespaces/default/services", "/apis/networking.k8s.io/v1/namespaces/default/ingresses");
    let service = "{metadata: {name: web}, spec: {type: LoadBalancer, ports: [{port: 80}]}}";
    world.client.post(services, service).await.ok();
    let ingress =
        "{metadata: {name: web}, spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}}";
    world.client.post(ingresses, ingress).await.ok();
    let address = |object: &Value| {
        let given = object.at(&["status", "loadBalancer", "ingress"]).and_then(Value::as_list)?;
        given.first()?.str_at(&["ip"]).map(str::to_owned)
    };
    for path in [services, ingresses] {
        let live = world.client.until(&format!("{path}/web"), |one| address(one).is_some()).await;
        assert_eq!(address(&live).as_deref(), Some("192.0.2.1"));
    }
    let path = format!("{services}/web");
    world.client.merge(&path, "{spec: {type: ClusterIP}}").await.ok();
    let live = world.client.until(&path, |one| address(one).is_none()).await;
    assert_eq!(live.at(&["status", "loadBalancer"]), Some(&Value::map()));
}
