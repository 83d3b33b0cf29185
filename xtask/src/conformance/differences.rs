//! Differences of output that are intended.

use anyhow::Result;
use regex::Regex;

/// A line that one of the clusters prints, or both with other content, and why that is right.
struct Difference {
    step: &'static str,
    line: &'static str,
    reason: &'static str,
}

const INTENDED: [Difference; 11] = [
    Difference {
        step: "kubectl explain deployment.spec.strategy",
        line: r"^\s*(<empty>|<no description>)$",
        reason: "descriptions of built-in kinds are upstream's text and most of its size",
    },
    Difference {
        step: "kubectl explain deployment.spec.strategy",
        line: r#"The deployment strategy to use|DeploymentStrategy describes|Rolling update config|^\s*RollingUpdate\.$|enum: Recreate|Type of deployment|Possible enum|- `"(Recreate|RollingUpdate)"`|update i\.e|^\s*one\.$"#,
        reason: "descriptions of built-in kinds are upstream's text and most of its size",
    },
    Difference {
        step: "kubectl describe pod",
        line: r"^Node: ",
        reason: "the nodes have other names, and kwok's has no address",
    },
    Difference {
        step: "kubectl describe pod",
        line: r"^\s*Container ID:",
        reason: "kwok gives containers no id",
    },
    Difference {
        step: "kubectl describe pod",
        line: r"PodReadyToStartContainers",
        reason: "a kubelet sets this condition, kwok does not",
    },
    Difference {
        step: "kubectl describe pod",
        line: r"^\s*PodScheduled +True",
        reason: "a scheduler sets this condition first, kwok's stages come before it",
    },
    Difference {
        step: "kubectl explain deployment.spec.strategy",
        line: r"^$",
        reason: "without descriptions there are fewer empty lines",
    },
    Difference {
        step: "kubectl get events",
        line: r"(Created|Pulled|Started) pod/web",
        reason: "a kubelet writes these events, kwok does not",
    },
    Difference {
        step: "kubectl get events",
        line: r"Scheduled pod/web",
        reason: "the nodes have other names",
    },
    Difference {
        step: "kubectl api-resources",
        line: r"argoproj\.io/v1alpha1",
        reason: "`up` has Applications too; the real control plane runs the Flux controllers alone",
    },
    Difference {
        step: "kubectl describe gitrepository",
        line: r"no changes since last reconciliation",
        reason: "the Application of `up` asks its source for a look when it is synced",
    },
];

/// The intended differences, and which of them were met.
pub(crate) struct Differences(Vec<(Difference, Regex, bool)>);

impl Differences {
    /// All of them.
    ///
    /// # Errors
    /// A pattern is wrong.
    pub(crate) fn new() -> Result<Self> {
        INTENDED
            .into_iter()
            .map(|difference| {
                let pattern = Regex::new(difference.line)?;
                Ok((difference, pattern, false))
            })
            .collect::<Result<_>>()
            .map(Self)
    }

    /// The lines of a step without those that are meant to differ.
    pub(crate) fn leave_out(&mut self, step: &str, mut lines: Vec<String>) -> Vec<String> {
        for (difference, pattern, was_met) in &mut self.0 {
            if difference.step == step {
                let before = lines.len();
                lines.retain(|line| !pattern.is_match(line));
                *was_met |= lines.len() < before;
            }
        }
        lines
    }

    /// Those that were never met: they are to be removed from the list.
    pub(crate) fn unused(&self) -> Vec<String> {
        let unused = self.0.iter().filter(|(.., was_met)| !was_met);
        unused
            .map(|(Difference { step, line, reason }, ..)| {
                format!("{step}: no line is like {line}, so this is no reason any more: {reason}")
            })
            .collect()
    }
}
