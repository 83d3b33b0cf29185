//! What the Go strategies of the built-in kinds know and no schema says.

use apimachinery::gvk::GroupVersionKind;

use super::Kind;

/// The version in which a built-in kind is kept.
pub(super) fn stored_as(gvk: &GroupVersionKind) -> GroupVersionKind {
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("events.k8s.io", "Event") => GroupVersionKind::new("", "v1", "Event"),
        ("autoscaling", kind) => GroupVersionKind::new("autoscaling", "v2", kind),
        _ => gvk.clone(),
    }
}

/// Whether `metadata.generation` counts the changes of the specification.
pub(crate) fn has_generation(kind: &Kind) -> bool {
    const KINDS: &[(&str, &[&str])] = &[
        ("", &["Pod", "PodTemplate", "ReplicationController"]),
        ("apps", &["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"]),
        ("batch", &["CronJob", "Job"]),
        ("networking.k8s.io", &["Ingress", "IngressClass", "NetworkPolicy"]),
        ("policy", &["PodDisruptionBudget"]),
        ("discovery.k8s.io", &["EndpointSlice"]),
        ("scheduling.k8s.io", &["PriorityClass"]),
        ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
        ("resource.k8s.io", &["ResourceSlice"]),
        ("flowcontrol.apiserver.k8s.io", &["FlowSchema", "PriorityLevelConfiguration"]),
        (
            "admissionregistration.k8s.io",
            &[
                "MutatingAdmissionPolicy",
                "MutatingAdmissionPolicyBinding",
                "MutatingWebhookConfiguration",
                "ValidatingAdmissionPolicy",
                "ValidatingAdmissionPolicyBinding",
                "ValidatingWebhookConfiguration",
            ],
        ),
    ];
    kind.custom.is_some()
        || KINDS
            .iter()
            .any(|(group, kinds)| *group == kind.gvk.group && kinds.contains(&kind.gvk.kind.as_str()))
}

/// Whether a client may give a status when it creates the object: nodes register themselves so.
pub(crate) fn status_is_writable_on_create(kind: &Kind) -> bool {
    !kind.has_status() || kind.is("", "Node")
}

/// Why an object of this kind has no effect here, if a real server would act on it.
pub(crate) fn is_inert(kind: &Kind) -> bool {
    if kind.custom.is_some() {
        return false;
    }
    matches!(
        (kind.gvk.group.as_str(), kind.gvk.kind.as_str()),
        (
            "admissionregistration.k8s.io",
            "MutatingWebhookConfiguration"
                | "ValidatingWebhookConfiguration"
                | "ValidatingAdmissionPolicyBinding"
                | "MutatingAdmissionPolicyBinding"
        ) | ("apiregistration.k8s.io", "APIService")
            | ("", "ResourceQuota" | "LimitRange")
    )
}

/// The fields that selectors may name beside name and namespace.
pub(crate) fn known_fields(kind: &Kind) -> Vec<&str> {
    let builtin: &[&str] = match (kind.gvk.group.as_str(), kind.gvk.kind.as_str()) {
        _ if kind.custom.is_some() => &[],
        ("", "Pod") => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
        ("", "Event") => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "type",
        ],
        ("events.k8s.io", "Event") => &[
            "regarding.kind",
            "regarding.namespace",
            "regarding.name",
            "regarding.uid",
            "regarding.apiVersion",
            "regarding.resourceVersion",
            "regarding.fieldPath",
            "reason",
            "reportingController",
            "type",
        ],
        ("", "Secret") => &["type"],
        ("", "Namespace") => &["status.phase"],
        ("", "Node") => &["spec.unschedulable"],
        ("", "Service") => &["spec.clusterIP", "spec.type"],
        ("", "ReplicationController") | ("apps", "ReplicaSet") => &["status.replicas"],
        ("batch", "Job") => &["status.successful"],
        ("certificates.k8s.io", "CertificateSigningRequest") => &["spec.signerName"],
        _ => &[],
    };
    let custom = kind.custom.iter().flat_map(|custom| custom.selectable.iter().map(String::as_str));
    builtin.iter().copied().chain(custom).collect()
}
