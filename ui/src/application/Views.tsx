import { useMemo } from "react";
import type { ApplicationState, Key } from "../api/types";
import { useShortcut } from "../keys/registry";
import { useIsNarrow } from "../list/useRowHeight";
import { m } from "../messages";
import { NodePanel } from "../object/NodePanel";
import { Button } from "../parts/Button";
import { Icon, type IconName } from "../parts/Icon";
import { Notice } from "../parts/Notice";
import { Link } from "../router/Link";
import { changeQuery, useLocation, withQuery } from "../router/location";
import { Canvas } from "../tree/Canvas";
import { foldAll } from "../tree/fold";
import { type Folding, readFolding } from "../tree/folding";
import { Items } from "../tree/Items";
import { layout } from "../tree/layout";
import { isProblem, problemsOnly, type Tree } from "../tree/nodes";
import { History } from "./History";

const VIEWS = ["tree", "list", "history"] as const;
type View = (typeof VIEWS)[number];
const ICONS: Record<View, IconName> = { tree: "tree", list: "rows", history: "clock" };

/** A phone has no room for a tree: the list comes first there. */
function useView(): View {
  const { query } = useLocation();
  const isNarrow = useIsNarrow();
  return VIEWS.find((view) => view === query.get("view")) ?? (isNarrow ? "list" : "tree");
}

export function Views({ data, tree }: { data: ApplicationState; tree: Tree }) {
  const location = useLocation();
  const view = useView();
  const isOnly = location.query.get("only") === "problems";
  const node = location.query.get("node") ?? undefined;
  const folds = location.query.getAll("fold").join("\n");
  const folding = useMemo(() => readFolding(folds === "" ? [] : folds.split("\n")), [folds]);
  useShortcut("tree", () => changeQuery({ view: "tree" }));
  useShortcut("items", () => changeQuery({ view: "list" }));

  return (
    <section className={`views ${node ? "has-panel" : ""}`} aria-label={m.application.views}>
      <div className="views-bar">
        <nav className="switch" aria-label={m.application.views}>
          {VIEWS.map((one) => (
            <Link
              key={one}
              to={withQuery(location, { view: one })}
              aria-current={one === view ? "true" : undefined}
            >
              <Icon name={ICONS[one]} size={14} />
              {m.application.view[one]}
            </Link>
          ))}
        </nav>
        {view !== "history" && <TreeTools tree={tree} isOnly={isOnly} folding={folding} />}
      </div>
      <div className="views-room">
        {view === "history" ? (
          <History application={data.application} />
        ) : (
          <Objects data={data} tree={tree} isOnly={isOnly} folding={folding} node={node} view={view} />
        )}
        {node && (
          <NodePanel objectKey={node} application={data.row} node={tree.nodes.get(node)} tree={tree} />
        )}
      </div>
    </section>
  );
}

interface ToolsProps {
  tree: Tree;
  isOnly: boolean;
  folding: Folding;
}

function TreeTools({ tree, isOnly, folding }: ToolsProps) {
  const problems = useMemo(() => Array.from(tree.nodes.values()).filter(isProblem).length, [tree.nodes]);
  const hasFolded = folding.isAll || folding.listed.size > 0;
  return (
    <>
      <label className="check">
        <input
          type="checkbox"
          checked={isOnly}
          onChange={() => changeQuery({ only: isOnly ? undefined : "problems" })}
        />
        {m.tree.onlyProblems}
        <span className="count">{problems}</span>
      </label>
      {(hasFolded || tree.structure.children.size > 0) && (
        <Button
          look="quiet"
          label={hasFolded ? m.tree.unfoldAll : m.tree.foldAll}
          onClick={() => foldAll(!hasFolded)}
        />
      )}
      <span className="faint views-count" role="status">
        {m.tree.count(tree.nodes.size)}
      </span>
    </>
  );
}

interface ObjectsProps {
  data: ApplicationState;
  tree: Tree;
  isOnly: boolean;
  folding: Folding;
  node: Key | undefined;
  view: View;
}

function Objects({ data, tree, isOnly, folding, node, view }: ObjectsProps) {
  const { structure } = tree;
  const kept = useMemo(() => (isOnly ? problemsOnly(tree) : undefined), [isOnly, tree]);
  const root = data.row.key;
  const laid = useMemo(() => layout(structure, { root, folding, kept }), [structure, root, folding, kept]);
  if (tree.nodes.size === 0) {
    return (
      <Notice title={m.tree.emptyTitle}>
        <p>{m.tree.emptyText}</p>
      </Notice>
    );
  }
  if (kept?.size === 0) {
    const all = <Button label={m.tree.showAll} onClick={() => changeQuery({ only: undefined })} />;
    return (
      <Notice title={m.tree.noProblemsTitle} actions={all}>
        <p>{m.tree.noProblemsText}</p>
      </Notice>
    );
  }
  const View = view === "tree" ? Canvas : Items;
  return <View layout={laid} tree={tree} row={data.row} selected={node} />;
}
