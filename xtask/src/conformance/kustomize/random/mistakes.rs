//! Cases that are wrong on purpose.

use super::case::Case;
use super::chance::Chance;
use super::layer::Known;

/// Puts a layer on top which has one mistake.
pub(super) fn add(case: &mut Case, chance: &mut Chance, known: &[Known]) {
    let mistake = chance.one(&MISTAKES);
    let name = chance.any(known).map_or("web", |known| &known.name);
    let text = format!("resources:\n- ../top\n{}", mistake.replace("NAME", name));
    case.files.push(("wrong/kustomization.yaml".to_owned(), text));
}

const MISTAKES: [&str; 32] = [
    "patches:\n- patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: nowhere}}'\n",
    "patches:\n- patch: '- {op: replace, path: /no/where, value: 1}'\n  target: {kind: .*}\n",
    "patches:\n- patch: '- {op: unknown, path: /a, value: 1}'\n  target: {kind: .*}\n",
    "patches:\n- patch: '- {op: test, path: /kind, value: Never}'\n  target: {kind: .*}\n",
    "patches:\n- patch: '- {op: remove, path: /metadata/name}'\n",
    "patches:\n- patch: '{a: ['\n",
    "patches:\n- path: nowhere.yaml\n",
    "patches:\n- {}\n",
    "patches:\n- patch: '{kind: A, metadata: {name: a}}'\n  path: both.yaml\n",
    "patches:\n- patch: '{apiVersion: v1, kind: A, metadata: {name: a}}'\n  target: {name: '('}\n",
    "replicas: [{name: nowhere, count: 1}]\n",
    "replicas: [{name: NAME, count: many}]\n",
    "configMapGenerator:\n- {name: nowhere, behavior: merge, literals: [a=b]}\n",
    "configMapGenerator:\n- {name: twice, literals: [a=b]}\n- {name: twice, literals: [a=b]}\n",
    "configMapGenerator:\n- {name: a, literals: [novalue]}\n",
    "configMapGenerator:\n- {name: a, behavior: unknown, literals: [a=b]}\n",
    "secretGenerator:\n- {name: a, files: [nowhere.txt]}\n",
    "secretGenerator:\n- {literals: [a=b]}\n",
    "replacements:\n- source: {kind: Nothing, name: nowhere}\n  targets: [{select: {kind: A}, fieldPaths: [a]}]\n",
    "replacements:\n- source: {name: NAME, fieldPath: no.where}\n  targets: [{select: {kind: A}, fieldPaths: [a]}]\n",
    "replacements:\n- source: {name: NAME}\n",
    "sortOptions: {order: unknown}\n",
    "sortOptions: {order: fifo, legacySortOptions: {orderFirst: [A]}}\n",
    "buildMetadata: [unknown]\n",
    "nowhere: 1\n",
    "namePrefix: [a]\n",
    "namePrefix: a\nnamePrefix: b\n",
    "components: [../nowhere]\n",
    "labels: [{pairs: {a: [1]}}]\n",
    "commonLabels: {\"not a/label/key\": b}\n",
    "transformers: [nowhere.yaml]\n",
    "configurations: [nowhere.yaml]\n",
];
