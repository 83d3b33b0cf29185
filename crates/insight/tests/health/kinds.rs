//! The states of kinds that the recordings do not have.
//!
//! Source: Argo CD 3.6, gitops-engine `pkg/health` and `resource_customizations`.

use insight::health::{Health, HealthStatus, together};
use value::Value;

use crate::{object, parse, told};

fn check(version: &str, kind: &str, rows: &[(&str, &str)]) {
    for (fields, expected) in rows {
        assert_eq!(told(&object(version, kind, fields)), *expected, "{kind} {fields}");
    }
}

#[test]
fn deployments() {
    check(
        "apps/v1",
        "Deployment",
        &[
            (r#""spec":{"paused":true,"replicas":1}"#, "Suspended Deployment is paused"),
            (
                r#""spec":{"replicas":1},"status":{"observedGeneration":1}"#,
                "Progressing Waiting for rollout to finish: observed deployment generation less than desired generation",
            ),
            (
                r#""spec":{"replicas":3},"status":{"observedGeneration":2,"replicas":3,"updatedReplicas":1}"#,
                "Progressing Waiting for rollout to finish: 1 out of 3 new replicas have been updated...",
            ),
            (
                r#""spec":{"replicas":3},"status":{"observedGeneration":2,"replicas":4,"updatedReplicas":3}"#,
                "Progressing Waiting for rollout to finish: 1 old replicas are pending termination...",
            ),
            (
                r#""spec":{"replicas":3},"status":{"observedGeneration":2,"replicas":3,"updatedReplicas":3,"availableReplicas":2}"#,
                "Progressing Waiting for rollout to finish: 2 of 3 updated replicas are available...",
            ),
            (
                r#""spec":{"replicas":3},"status":{"observedGeneration":2,"updatedReplicas":1,"conditions":[{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded"}]}"#,
                r#"Degraded Deployment "x" exceeded its progress deadline"#,
            ),
            (
                r#""spec":{"replicas":3},"status":{"observedGeneration":2,"replicas":3,"updatedReplicas":3,"availableReplicas":3}"#,
                "Healthy",
            ),
        ],
    );
}

#[test]
fn replica_sets_and_daemon_sets() {
    check(
        "apps/v1",
        "ReplicaSet",
        &[
            (
                r#""spec":{"replicas":1}"#,
                "Progressing Waiting for rollout to finish: observed replica set generation less than desired generation",
            ),
            (
                r#""spec":{"replicas":2},"status":{"observedGeneration":2,"availableReplicas":1}"#,
                "Progressing Waiting for rollout to finish: 1 out of 2 new replicas are available...",
            ),
            (
                r#""spec":{"replicas":2},"status":{"observedGeneration":2,"conditions":[{"type":"ReplicaFailure","status":"True","message":"over quota"}]}"#,
                "Degraded over quota",
            ),
            (r#""spec":{"replicas":0},"status":{"observedGeneration":2}"#, "Healthy"),
        ],
    );
    let counts = |updated: u8, available: u8| {
        format!(
            r#""status":{{"observedGeneration":2,"desiredNumberScheduled":3,"updatedNumberScheduled":{updated},"numberAvailable":{available}}}"#
        )
    };
    let on_delete = format!(r#""spec":{{"updateStrategy":{{"type":"OnDelete"}}}},{}"#, counts(1, 3));
    check(
        "apps/v1",
        "DaemonSet",
        &[
            (
                r#""status":{"observedGeneration":1}"#,
                "Progressing Waiting for rollout to finish: observed daemon set generation less than desired generation",
            ),
            (&on_delete, "Healthy daemon set 1 out of 3 new pods have been updated"),
            (
                &counts(2, 3),
                r#"Progressing Waiting for daemon set "x" rollout to finish: 2 out of 3 new pods have been updated..."#,
            ),
            (
                &counts(3, 1),
                r#"Progressing Waiting for daemon set "x" rollout to finish: 1 of 3 updated pods are available..."#,
            ),
            (&counts(3, 3), "Healthy"),
        ],
    );
}

#[test]
fn stateful_sets() {
    let set = |strategy: &str, status: &str| {
        format!(
            r#""spec":{{"replicas":3,"updateStrategy":{{{strategy}}}}},"status":{{"observedGeneration":2,{status}}}"#
        )
    };
    let rolling = r#""type":"RollingUpdate""#;
    let partition = r#""type":"RollingUpdate","rollingUpdate":{"partition":1}"#;
    let ready = |more: &str| format!(r#""readyReplicas":3,"currentReplicas":3,{more}"#);
    let revisions = r#""currentRevision":"a","updateRevision":"b","updatedReplicas":1"#;
    let done = r#""currentRevision":"b","updateRevision":"b","updatedReplicas":3"#;
    check(
        "apps/v1",
        "StatefulSet",
        &[
            (r#""spec":{"replicas":1}"#, "Progressing Waiting for statefulset spec update to be observed..."),
            (&set(rolling, r#""readyReplicas":1"#), "Progressing Waiting for 2 pods to be ready..."),
            (
                &set(partition, &ready(revisions)),
                "Progressing Waiting for partitioned roll out to finish: 1 out of 2 new pods have been updated...",
            ),
            (
                &set(partition, &ready(done)),
                "Healthy partitioned roll out complete: 3 new pods have been updated...",
            ),
            (&set(r#""type":"OnDelete""#, &ready(revisions)), "Healthy statefulset has 3 ready pods"),
            (
                &set(rolling, &ready(revisions)),
                "Progressing waiting for statefulset rolling update to complete 1 pods at revision b...",
            ),
            (
                &set(rolling, &ready(done)),
                "Healthy statefulset rolling update complete 3 pods at revision b...",
            ),
        ],
    );
}

#[test]
fn pods() {
    let pod = |policy: &str, phase: &str, more: &str| {
        format!(r#""spec":{{{policy}}},"status":{{"phase":"{phase}"{more}}}"#)
    };
    let [always, never, on_failure] =
        ["Always", "Never", "OnFailure"].map(|policy| format!(r#""restartPolicy":"{policy}""#));
    let waiting = |reason: &str| {
        format!(
            r#","containerStatuses":[{{"name":"a","state":{{"waiting":{{"reason":"{reason}","message":"m1"}}}}}},{{"name":"b","state":{{"waiting":{{"reason":"ErrImagePull","message":"m2"}}}}}}]"#
        )
    };
    let ended = |state: &str| {
        format!(r#","containerStatuses":[{{"name":"a","state":{{"terminated":{{{state}}}}}}}]"#)
    };
    let ready = r#","conditions":[{"type":"Ready","status":"True"}]"#;
    let restarted = r#","containerStatuses":[{"name":"a","state":{},"lastState":{"terminated":{}}}]"#;
    check(
        "v1",
        "Pod",
        &[
            (&pod("", "Pending", &waiting("ImagePullBackOff")), "Degraded m1, m2"),
            (&pod(&always, "Pending", &waiting("CreateContainerConfigError")), "Degraded m1, m2"),
            (&pod(&always, "Pending", &waiting("ContainerCreating")), "Degraded m2"),
            (&pod(&never, "Pending", &waiting("ErrImagePull")), "Progressing Pod is in the Pending phase"),
            (
                &pod(&on_failure, "Running", &waiting("CrashLoopBackOff")),
                "Progressing Container a is in CrashLoopBackOff",
            ),
            (&pod(&always, "Pending", r#","message":"no node""#), "Progressing no node"),
            (&pod(&always, "Succeeded", ""), "Healthy"),
            (&pod(&always, "Failed", r#","message":"Evicted""#), "Degraded Evicted"),
            (&pod(&never, "Failed", &ended(r#""message":"bad flag","exitCode":2"#)), "Degraded bad flag"),
            (&pod(&never, "Failed", &ended(r#""reason":"OOMKilled","exitCode":137"#)), "Degraded OOMKilled"),
            (
                &pod(&never, "Failed", &ended(r#""reason":"Error","exitCode":2"#)),
                r#"Degraded container "a" failed with exit code 2"#,
            ),
            (&pod(&always, "Running", ready), "Healthy"),
            (&pod(&never, "Running", ready), "Progressing"),
            (&pod(&on_failure, "Running", ready), "Progressing"),
            (&pod(&always, "Running", ""), "Progressing Pod is running but is not Ready"),
            (&pod(&always, "Running", restarted), "Degraded Pod is running but is not Ready"),
            (&pod(&always, "Unknown", ""), "Unknown Pod phase not available"),
        ],
    );
}

#[test]
fn pods_that_are_to_be_judged_as_if_they_ran_on() {
    let pod = |annotations: &str| {
        let metadata = format!(
            r#""metadata":{{"name":"x","annotations":{{"argocd.argoproj.io/ignore-restart-policy":"true"{annotations}}}}}"#
        );
        let status = r#""status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}"#;
        told(&parse(&format!(
            r#"{{"apiVersion":"v1","kind":"Pod",{metadata},"spec":{{"restartPolicy":"Never"}},{status}}}"#
        )))
    };
    assert_eq!(pod(""), "Healthy");
    assert_eq!(pod(r#","argocd.argoproj.io/hook":"PreSync""#), "Progressing", "a hook ends by itself");
    assert_eq!(pod(r#","helm.sh/hook":"post-install""#), "Progressing", "so does one of Helm's");
}

#[test]
fn jobs_and_cron_jobs() {
    let job = |conditions: &str| format!(r#""status":{{"conditions":[{conditions}]}}"#);
    check(
        "batch/v1",
        "Job",
        &[
            (r#""status":{"active":1}"#, "Progressing Job in progress"),
            (&job(r#"{"type":"Complete","status":"True","message":"done"}"#), "Healthy done"),
            (&job(r#"{"type":"Failed","status":"True","message":"backoff"}"#), "Degraded backoff"),
            (
                &job(r#"{"type":"Suspended","status":"True","message":"Job suspended"}"#),
                "Suspended Job suspended",
            ),
            (&job(r#"{"type":"Suspended","status":"False","message":"Job resumed"}"#), "Healthy Job resumed"),
        ],
    );
    let (earlier, later) = ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z");
    let run = |scheduled: &str, successful: &str, more: &str| {
        format!(
            r#""spec":{{}},"status":{{"lastScheduleTime":"{scheduled}","lastSuccessfulTime":"{successful}"{more}}}"#
        )
    };
    check(
        "batch/v1",
        "CronJob",
        &[
            (r#""spec":{},"status":{}"#, "Healthy CronJob has not been scheduled yet"),
            (r#""spec":{"suspend":true},"status":{}"#, "Healthy CronJob is Suspended"),
            (
                r#""spec":{},"status":{"lastScheduleTime":"2026-01-01T00:00:00Z"}"#,
                "Healthy The CronJob never completed successfully. It may not be healthy",
            ),
            (
                &run(later, earlier, r#","active":[{}]"#),
                "Healthy The job is running. Its last execution may not have been successful",
            ),
            (&run(later, earlier, ""), "Degraded CronJob has not completed its last execution successfully"),
            (&run(earlier, later, ""), "Healthy CronJob has completed its last execution successfully"),
        ],
    );
}

#[test]
fn what_has_an_address_or_a_volume() {
    let address = r#""status":{"loadBalancer":{"ingress":[{"hostname":"lb.example.com"}]}}"#;
    for version in ["networking.k8s.io/v1", "extensions/v1beta1"] {
        check(
            version,
            "Ingress",
            &[(r#""status":{"loadBalancer":{}}"#, "Progressing"), (address, "Healthy")],
        );
    }
    check(
        "v1",
        "Service",
        &[
            (r#""spec":{"type":"ClusterIP"}"#, "Healthy"),
            (r#""spec":{"type":"LoadBalancer"}"#, "Progressing LoadBalancer has no address yet"),
            (&format!(r#""spec":{{"type":"LoadBalancer"}},{address}"#), "Healthy"),
        ],
    );
    check(
        "v1",
        "PersistentVolumeClaim",
        &[
            (r#""status":{"phase":"Pending"}"#, "Progressing PVC is not Bound. phase: Pending"),
            (r#""status":{"phase":"Bound"}"#, "Healthy"),
            (r#""status":{"phase":"Lost"}"#, "Degraded PVC is not Bound. phase: Lost"),
        ],
    );
}

#[test]
fn autoscalers() {
    let v2 = |conditions: &str| format!(r#""status":{{"conditions":[{conditions}]}}"#);
    let able = r#"{"type":"AbleToScale","status":"True","reason":"SucceededGetScale","message":"can scale"}"#;
    let blind = r#"{"type":"ScalingActive","status":"False","reason":"FailedGetResourceMetric","message":"no metrics"}"#;
    let limited =
        r#"{"type":"ScalingLimited","status":"True","reason":"TooFewReplicas","message":"at the minimum"}"#;
    let rows = [
        (r#""status":{}"#.to_owned(), "Progressing Waiting to Autoscale"),
        (v2(able), "Healthy can scale"),
        (v2(&format!("{able},{blind}")), "Degraded no metrics"),
        (v2(limited), "Healthy at the minimum"),
    ];
    for version in ["autoscaling/v2", "autoscaling/v2beta2"] {
        for (fields, expected) in &rows {
            assert_eq!(told(&object(version, "HorizontalPodAutoscaler", fields)), *expected, "{fields}");
        }
    }
    let v1 = |conditions: &str| {
        let text = conditions.replace('"', "\\\"");
        told(&parse(&format!(
            r#"{{"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler","metadata":{{"name":"x","annotations":{{"autoscaling.alpha.kubernetes.io/conditions":"{text}"}}}}}}"#
        )))
    };
    assert_eq!(v1(&format!("[{able}]")), "Healthy can scale");
    assert_eq!(v1(&format!("[{able},{blind}]")), "Degraded no metrics");
    assert_eq!(v1("[]"), "Progressing Waiting to Autoscale");
    assert!(v1("{").starts_with("Unknown failed to convert conditions annotation"), "{}", v1("{"));
}

#[test]
fn extensions_of_the_api() {
    let conditions = |conditions: &str| format!(r#""status":{{"conditions":[{conditions}]}}"#);
    check(
        "apiregistration.k8s.io/v1",
        "APIService",
        &[
            (r#""status":{}"#, "Progressing Waiting to be processed"),
            (
                &conditions(
                    r#"{"type":"Available","status":"False","reason":"MissingEndpoints","message":"none"}"#,
                ),
                "Progressing MissingEndpoints: none",
            ),
            (
                &conditions(r#"{"type":"Available","status":"True","reason":"Passed","message":"all"}"#),
                "Healthy Passed: all",
            ),
        ],
    );
    let established = r#"{"type":"Established","status":"True"}"#;
    check(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        &[
            (r#""status":{}"#, "Progressing Status conditions not found"),
            (&conditions(established), "Healthy CRD is healthy"),
            (
                &conditions(r#"{"type":"Established","status":"False","reason":"Installing"}"#),
                "Progressing CRD is being installed",
            ),
            (&conditions(r#"{"type":"NamesAccepted","status":"True"}"#), "Degraded CRD is not established"),
            (
                &conditions(r#"{"type":"NamesAccepted","status":"False","message":"taken"}"#),
                "Degraded CRD names have not been accepted: taken",
            ),
            (
                &conditions(&format!(
                    r#"{established},{{"type":"NonStructuralSchema","status":"True","message":"no type"}}"#
                )),
                "Degraded Schema violations found: no type",
            ),
            (
                &conditions(&format!(
                    r#"{established},{{"type":"Terminating","status":"True","message":"soon"}}"#
                )),
                "Progressing CRD is terminating: soon",
            ),
        ],
    );
}

#[test]
fn disruption_budgets() {
    let allowed = |status: &str, reason: &str| {
        format!(
            r#""status":{{"conditions":[{{"type":"DisruptionAllowed","status":"{status}","reason":"{reason}"}}]}}"#
        )
    };
    check(
        "policy/v1",
        "PodDisruptionBudget",
        &[
            (r#""status":{}"#, "Progressing Waiting for status"),
            (&allowed("False", "InsufficientPods"), "Healthy PodDisruptionBudget has InsufficientPods"),
            (&allowed("False", "SyncFailed"), "Degraded PodDisruptionBudget has SyncFailed"),
        ],
    );
}

#[test]
fn argo() {
    check(
        "argoproj.io/v1alpha1",
        "Workflow",
        &[
            (r#""spec":{}"#, "Progressing"),
            (r#""status":{"phase":"Running","message":"step 2"}"#, "Progressing step 2"),
            (r#""status":{"phase":"Succeeded"}"#, "Healthy"),
            (r#""status":{"phase":"Error","message":"no pod"}"#, "Degraded no pod"),
            (r#""status":{"phase":"Odd"}"#, "Unknown"),
        ],
    );
    let conditions = |conditions: &str| format!(r#""status":{{"conditions":[{conditions}]}}"#);
    check(
        "argoproj.io/v1alpha1",
        "CronWorkflow",
        &[
            (r#""spec":{}"#, "Healthy CronWorkflow is healthy."),
            (
                &conditions(r#"{"type":"SubmissionError","status":"True","message":"no template"}"#),
                "Degraded no template",
            ),
        ],
    );
    let current = r#"{"type":"ResourcesUpToDate","status":"True","message":"all generated"}"#;
    check(
        "argoproj.io/v1alpha1",
        "ApplicationSet",
        &[
            (r#""spec":{}"#, "Progressing Waiting for the status to be reported"),
            (&conditions(current), "Healthy all generated"),
            (
                &conditions(&format!(
                    r#"{current},{{"type":"ErrorOccurred","status":"True","message":"no such key"}}"#
                )),
                "Degraded no such key",
            ),
            (
                &conditions(&format!(
                    r#"{current},{{"type":"RolloutProgressing","status":"True","message":"step 1"}}"#
                )),
                "Progressing step 1",
            ),
        ],
    );
    check("argoproj.io/v1alpha1", "Application", &[(r#""status":{"health":{"status":"Degraded"}}"#, "-")]);
}

#[test]
fn kinds_without_a_rule_are_judged_by_their_ready_condition() {
    let ready = |status: &str| {
        format!(r#""status":{{"conditions":[{{"type":"Ready","status":"{status}","message":"m"}}]}}"#)
    };
    check(
        "example.com/v1",
        "Widget",
        &[(r#""status":{}"#, "-"), (&ready("True"), "Healthy"), (&ready("False"), "Progressing m")],
    );
    check("v1", "ConfigMap", &[(r#""data":{}"#, "-")]);
}

#[test]
fn what_is_deleted_is_on_the_way() {
    let deleted = parse(
        r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","deletionTimestamp":"2026-01-01T00:00:00Z"}}"#,
    );
    assert_eq!(told(&deleted), "Progressing Pending deletion");
}

#[test]
fn those_that_are_worst_together_are_named_up_to_three() {
    let pods: Vec<Value> = ["a", "b", "c", "d", "e"]
        .map(|name| {
            parse(&format!(
                r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}","namespace":"ns"}}}}"#
            ))
        })
        .into();
    let role = parse(
        r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"reader"}}"#,
    );
    let of = |statuses: &[HealthStatus]| {
        let objects = [&role].into_iter().chain(&pods);
        let health = together(objects.zip(statuses.iter().map(|status| Health::new(*status, ""))));
        format!("{} {}", health.status.as_str(), health.message)
    };
    use HealthStatus::{Degraded, Healthy, Progressing};
    assert_eq!(of(&[]), "Healthy ");
    assert_eq!(
        of(&[Degraded, Healthy, Progressing, Degraded]),
        "Degraded Caused by rbac.authorization.k8s.io/ClusterRole:reader, Pod:ns/c"
    );
    assert_eq!(of(&[Healthy, Progressing]), "Progressing Caused by Pod:ns/a");
    assert!(of(&[Degraded; 5]).ends_with("ClusterRole:reader, Pod:ns/a, Pod:ns/b and 2 more"));
}
