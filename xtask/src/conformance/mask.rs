//! What differs between two runs of anything: ages, times, addresses, random names.

use anyhow::Result;
use regex::Regex;

/// Patterns and what stands for them, in the order in which they are applied.
const MASKS: [(&str, &str); 19] = [
    (r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}", "<time>"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uid>"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| [+-]\d{4})", "<time>"),
    (r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", "<time>"),
    (r"http://127\.0\.0\.1:\d+/\S+\.tar\.gz", "<artifact>"),
    (r"(\d{1,3}\.){3}\d{1,3}", "<ip>"),
    (r"<ip>:\d+/[A-Za-z0-9_-]{16,}/", "<server>/"),
    (r"/\S*/(LIVE|MERGED)-\d+/", "<$1>/"),
    (r#"(resourceVersion: )"?\d+"?"#, "$1<version>"),
    (r"(Resource Version: +)\d+", "$1<version>"),
    (r"\b(web|mine)-[0-9a-z]{8,10}-[0-9a-z]{5}\b", "$1-<hash>-<id>"),
    (r"\b(web|mine)-[0-9a-z]{8,10}\b", "$1-<hash>"),
    (r"kube-api-access-[0-9a-z]{5}", "kube-api-access-<id>"),
    (r"pod-template-hash=[0-9a-z]{8,10}", "pod-template-hash=<hash>"),
    // The latest of several equal events is as old as the last number says, the first as the one after it.
    (r"\b\d+[smhd](\d+[smh])?( ago)? \(x\d+ over \d+[smhd](\d+[smh])?\)", "<age>"),
    (r"<invalid>|\b\d+(\.\d+)?m?[smhd](\d+[smhd])? ago\b", "<age>"),
    // Three digits of minutes would be a share of a processor.
    (r"(^|\s)(\d{1,3}s|\d{1,2}[mhd](\d{1,2}[smhd])?)(\s|$)", "$1<age>$4"),
    (r"\d+(\.\d+)?ms\b", "<ms>"),
    (r"[ \t]+", " "),
];

/// Replaces what is of no interest.
pub(crate) struct Mask(Vec<(Regex, &'static str)>);

impl Mask {
    /// All patterns, ready for use.
    ///
    /// # Errors
    /// A pattern is wrong.
    pub(crate) fn new() -> Result<Self> {
        MASKS
            .into_iter()
            .map(|(pattern, stand_in)| Ok((Regex::new(pattern)?, stand_in)))
            .collect::<Result<_>>()
            .map(Self)
    }

    /// The lines of a text with stand-ins, columns one blank apart.
    pub(crate) fn lines(&self, text: &str) -> Vec<String> {
        let lines = text.lines().map(|line| {
            let masked = self.0.iter().fold(line.to_owned(), |line, (pattern, stand_in)| {
                pattern.replace_all(&line, *stand_in).into_owned()
            });
            masked.trim_end().to_owned()
        });
        lines.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, masked: &str) {
        assert_eq!(Mask::new().unwrap().lines(line), [masked]);
    }

    #[test]
    fn tables_keep_what_matters() {
        check(
            "shop   pod/web-5d6c7f9b8-x2x4z   1/1  Running  0  12s",
            "shop pod/web-<hash>-<id> 1/1 Running 0 <age>",
        );
        check(
            "service/web  ClusterIP  10.96.3.4  <none>  80/TCP  1m3s",
            "service/web ClusterIP <ip> <none> 80/TCP <age>",
        );
        check("shop  7m  True", "shop <age> True");
    }

    #[test]
    fn settings_stay() {
        check("  Interval:  10m0s", " Interval: <age>");
        check("  cpu:  100m", " cpu: 100m");
        check("applied revision: main@sha1:0123", "applied revision: main@sha1:0123");
    }
}
