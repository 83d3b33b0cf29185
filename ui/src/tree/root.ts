import type { Row, TreeNode } from "../api/types";

/** The Application, as the node that the others stand below. */
export function rootNode(row: Row): TreeNode {
  const { key, group, kind, namespace, name, health, sync } = row;
  const node: TreeNode = { key, group, version: "", kind, namespace, name, health, sync };
  if (row.created) node.created = row.created;
  if (row.uid) node.uid = row.uid;
  return node;
}
