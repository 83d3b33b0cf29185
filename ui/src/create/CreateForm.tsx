import { type FormEvent, useRef, useState } from "react";
import { create } from "../api/routes";
import type { CreationPreview } from "../api/types";
import { m } from "../messages";
import { Button } from "../parts/Button";
import { useAction } from "../parts/useAction";
import { Link } from "../router/Link";
import { here, navigate } from "../router/location";
import { applicationsPath, createPath, objectPath } from "../router/paths";
import { useSession } from "../session/session";
import { check, type Problem } from "./check";
import { type applicationOf, type Draft, inputOf, nameOf, readDraft, writeDraft } from "./draft";
import { Engines } from "./Engines";
import { Check, Field } from "./Field";

interface FormProps {
  draft: Draft;
  isMoreOpen: boolean;
  application: ReturnType<typeof applicationOf>;
  /** What is wrong with what was put in, once one has paused. */
  problems: readonly Problem[];
  /** The problems that the server told. */
  told: CreationPreview["problems"];
}

/** What is put in, and what stands in its way. */
export function CreateForm({ draft, isMoreOpen, application, problems, told }: FormProps) {
  const session = useSession();
  const action = useAction();
  const [wasSubmitted, setSubmitted] = useState(false);
  const [asked, setAsked] = useState<string>();
  const change = (part: Partial<Draft>, isOpen = isMoreOpen) => {
    setSubmitted(false);
    navigate(createPath + writeDraft({ ...readDraft(here().query), ...part }, isOpen), { replace: true });
  };
  const form = useRef<HTMLFormElement>(null);
  const now = wasSubmitted ? lacks(draft) : problems;
  const all = [...now, ...told.map(({ field, message }) => ({ input: inputOf(field), message }))];
  const problemOf = (input: keyof Draft) => all.find((problem) => problem.input === input);
  const general = all.filter(({ input }) => input === undefined);
  const pageOf = (name: string) =>
    objectPath(`argoproj.io/Application/${session.namespace}/${name}`, session.namespace);
  const taken = isTaken(action.error) ? asked : undefined;
  const refused = action.error && taken === undefined ? [action.error] : [];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wrong = lacks(draft);
    if (wrong.length > 0) {
      if (wrong.some(({ input }) => input === "namespace")) change({}, true);
      setSubmitted(true);
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
      return;
    }
    setAsked(nameOf(draft));
    action.run(
      () => create(application),
      () => navigate(pageOf(nameOf(draft))),
    );
  };
  return (
    <form ref={form} className="create-form" onSubmit={submit} noValidate aria-labelledby="create-title">
      <h1 id="create-title">{m.create.title}</h1>
      <First draft={draft} change={change} problemOf={problemOf} />
      <Engines engine={draft.engine} choose={(engine) => change({ engine })} />
      <details
        className="create-more"
        open={isMoreOpen}
        onToggle={(event) => {
          const isOpen = event.currentTarget.open;
          if (isOpen !== isMoreOpen) change({}, isOpen);
        }}
      >
        <summary>{m.create.more}</summary>
        <More draft={draft} change={change} problemOf={problemOf} />
      </details>
      <General messages={[...general.map(({ message }) => message), ...refused]} />
      {taken !== undefined && taken === nameOf(draft) && <Taken name={taken} page={pageOf(taken)} />}
      <div className="form-actions">
        <Button type="submit" look="primary" label={m.create.submit} disabled={action.isBusy} />
        <Link className="button is-plain" to={applicationsPath}>
          {m.cancel}
        </Link>
      </div>
    </form>
  );
}

/** What keeps a draft from being created; from here on, nothing of it is unfinished. */
function lacks(draft: Draft): Problem[] {
  if (draft.url.trim() === "") return [{ input: "url", message: m.create.urlMissing }];
  return check(draft).map(({ input, message }) => ({ input, message }));
}

/** The three inputs that most need. */
function First({ draft, change, problemOf }: PartProps) {
  const of = spoken(problemOf);
  return (
    <>
      <Field
        label={m.create.url}
        hint={m.create.urlHint}
        value={draft.url}
        {...of("url")}
        onChange={(url) => change({ url })}
        isFirst
      />
      <div className="field-pair">
        <Field
          label={m.create.path}
          hint={m.create.pathHint}
          value={draft.path}
          {...of("path")}
          onChange={(path) => change({ path })}
        />
        <Field
          label={m.create.name}
          hint={m.create.nameHint}
          value={nameOf(draft)}
          {...of("name")}
          onChange={(name) => change({ name })}
        />
      </div>
    </>
  );
}

interface PartProps {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  problemOf: (input: keyof Draft) => Omit<Problem, "input"> | undefined;
}

/** What a field says of its problem. */
function spoken(problemOf: PartProps["problemOf"]) {
  return (input: keyof Draft) => {
    const problem = problemOf(input);
    return { problem: problem?.message, isUnfinished: problem?.isUnfinished };
  };
}

function More({ draft, change, problemOf }: PartProps) {
  const of = spoken(problemOf);
  const makes = draft.engine === "flux";
  return (
    <div className="fields">
      <Field
        label={m.create.revision}
        hint={m.create.revisionHint}
        value={draft.revision}
        {...of("revision")}
        onChange={(revision) => change({ revision })}
      />
      <Field
        label={m.create.namespace}
        hint={m.create.namespaceHint}
        value={draft.namespace}
        {...of("namespace")}
        onChange={(namespace) => change({ namespace })}
      />
      <Field
        label={m.create.project}
        value={draft.project}
        {...of("project")}
        onChange={(project) => change({ project })}
      />
      {makes && (
        <>
          <Check
            label={m.create.automated}
            isOn={draft.isAutomated}
            onChange={(isAutomated) => change({ isAutomated })}
          />
          <Check
            label={m.create.prune}
            isOn={draft.isPruning}
            onChange={(isPruning) => change({ isPruning })}
          />
          <Check label={m.create.moves} isOn={draft.isMoving} onChange={(isMoving) => change({ isMoving })} />
          <Check
            label={m.create.makeNamespace}
            isOn={draft.makesNamespace}
            onChange={(makesNamespace) => change({ makesNamespace })}
          />
        </>
      )}
    </div>
  );
}

/** Whether the server says that the name is that of another Application: in the words that Argo CD has for it. */
function isTaken(error: string | undefined): boolean {
  return error?.includes("existing application spec is different") ?? false;
}

function Taken({ name, page }: { name: string; page: string }) {
  return (
    <div className="line is-problem" role="alert">
      {m.create.taken(name)} <Link to={page}>{m.create.openTaken(name)}</Link>
    </div>
  );
}

function General({ messages }: { messages: readonly string[] }) {
  if (messages.length === 0) return null;
  return (
    <div className="line is-problem" role="alert">
      <strong>{m.create.problems}</strong>
      <ul>
        {messages.map((message) => (
          <li key={message}>{message}</li>
        ))}
      </ul>
    </div>
  );
}
