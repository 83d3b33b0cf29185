import type { Key, TreeNode } from "../api/types";

/** Who stands below whom; another object whenever that changed. */
export interface Structure {
  /** Below the Application itself. */
  roots: readonly Key[];
  children: ReadonlyMap<Key, readonly Key[]>;
  /** Parents beside the one that a node is drawn below. */
  others: readonly { from: Key; to: Key }[];
}

export interface Tree {
  nodes: ReadonlyMap<Key, TreeNode>;
  structure: Structure;
}

export interface TreeDelta {
  changed: TreeNode[];
  gone: Key[];
}

export function plant(nodes: readonly TreeNode[]): Tree {
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  return { nodes: byKey, structure: arrange(byKey) };
}

/**
 * The tree after a change; the structure stays the same object where only nodes changed. So a node that falls
 * ill does not jump: what is ill comes first when the tree is looked at anew.
 */
export function grow(tree: Tree, delta: TreeDelta): Tree {
  const nodes = new Map(tree.nodes);
  let isOther = false;
  for (const node of delta.changed) {
    const before = nodes.get(node.key);
    isOther ||= before === undefined || String(before.parents) !== String(node.parents);
    nodes.set(node.key, node);
  }
  for (const key of delta.gone) isOther = nodes.delete(key) || isOther;
  return { nodes, structure: isOther ? arrange(nodes) : tree.structure };
}

function arrange(nodes: ReadonlyMap<Key, TreeNode>): Structure {
  const children = new Map<Key, Key[]>();
  const roots: Key[] = [];
  const others: { from: Key; to: Key }[] = [];
  for (const node of Array.from(nodes.values()).sort(inOrder)) {
    const [parent, ...more] = (node.parents ?? []).filter((key) => nodes.has(key) && key !== node.key);
    for (const from of more) others.push({ from, to: node.key });
    if (parent === undefined) {
      roots.push(node.key);
      continue;
    }
    const siblings = children.get(parent);
    if (siblings) siblings.push(node.key);
    else children.set(parent, [node.key]);
  }
  const all = withoutCycles(roots, children, nodes);
  const ill = problemsOnly({ nodes });
  const illFirst = (keys: Key[]) => keys.sort((a, b) => Number(ill.has(b)) - Number(ill.has(a)));
  for (const siblings of children.values()) illFirst(siblings);
  return { roots: illFirst(all), children, others };
}

/** Nodes that are their own ancestors are reached from no root: one of each such ring is taken for one. */
function withoutCycles(roots: Key[], children: Map<Key, Key[]>, nodes: ReadonlyMap<Key, TreeNode>): Key[] {
  const reached = new Set<Key>();
  const visit = (from: Key) => {
    const waiting = [from];
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
      if (reached.has(key)) continue;
      reached.add(key);
      waiting.push(...(children.get(key) ?? []));
    }
  };
  roots.forEach(visit);
  if (reached.size === nodes.size) return roots;
  const all = [...roots];
  for (const key of nodes.keys()) {
    if (reached.has(key)) continue;
    for (const [parent, below] of children) {
      const rest = below.filter((child) => child !== key);
      if (rest.length !== below.length) children.set(parent, rest);
    }
    all.push(key);
    visit(key);
  }
  return all;
}

/** Sources come before what uses them, then by kind and name; among siblings, what is ill comes before all. */
function inOrder(a: TreeNode, b: TreeNode): number {
  return rank(a) - rank(b) || compare(a.kind, b.kind) || compare(a.name, b.name) || compare(a.key, b.key);
}

function rank(node: TreeNode): number {
  if (node.group.startsWith("source.toolkit")) return 0;
  return node.group.endsWith("toolkit.fluxcd.io") ? 1 : 2;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What needs somebody's eye. */
export function isProblem(node: TreeNode): boolean {
  const isIll = node.health !== undefined && node.health !== "Healthy" && node.health !== "Suspended";
  return isIll || node.sync === "OutOfSync";
}

/** Problems, and what leads to them. */
export function problemsOnly(tree: Pick<Tree, "nodes">): Set<Key> {
  const kept = new Set<Key>();
  for (const node of tree.nodes.values()) {
    if (!isProblem(node)) continue;
    for (let at: TreeNode | undefined = node; at && !kept.has(at.key); ) {
      kept.add(at.key);
      const parent: Key | undefined = at.parents?.find((key) => tree.nodes.has(key));
      at = parent === undefined ? undefined : tree.nodes.get(parent);
    }
  }
  return kept;
}
