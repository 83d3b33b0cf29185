import { type FormEvent, useEffect, useState } from "react";
import { create, previewCreation } from "../api/routes";
import type { CreationPreview } from "../api/types";
import { m } from "../messages";
import { Button } from "../parts/Button";
import { Notice } from "../parts/Notice";
import { useAction } from "../parts/useAction";
import { useRequest } from "../parts/useRequest";
import { Link } from "../router/Link";
import { here, navigate, useLocation } from "../router/location";
import { applicationsPath, createPath, objectPath } from "../router/paths";
import { useSession } from "../session/session";
import { applicationOf, type Draft, inputOf, nameOf, readDraft, writeDraft } from "./draft";
import { Engines } from "./Engines";
import { Check, Field } from "./Field";
import { Generated } from "./Generated";

const CALM = 250;

const NOTHING: CreationPreview = { problems: [], generated: [] };

/** From a pasted URL to an Application, with what it becomes beside it. */
export function CreatePage() {
  const { query } = useLocation();
  const session = useSession();
  const draft = readDraft(query);
  const isMoreOpen = query.get("more") === "open";
  const change = (part: Partial<Draft>, isOpen = isMoreOpen) =>
    navigate(createPath + writeDraft({ ...readDraft(here().query), ...part }, isOpen), { replace: true });
  const application = applicationOf(draft, session.namespace);
  const body = useCalm(draft.url.trim() === "" ? "" : JSON.stringify(application), CALM);
  const preview = useRequest(body, async (signal) =>
    body === "" ? NOTHING : previewCreation(JSON.parse(body), signal),
  );
  const latest = useLatest(preview.data);
  const action = useAction();
  const [wasSubmitted, setSubmitted] = useState(false);
  useEffect(() => {
    document.title = `${m.create.title} · ${m.product}`;
  }, []);

  if (!session.may.create) {
    return (
      <Notice isPage title={m.error.forbidden}>
        <p>{m.create.notAllowed}</p>
      </Notice>
    );
  }

  const problems = [...(latest?.problems ?? [])];
  if (wasSubmitted && draft.url.trim() === "") {
    problems.push({ field: "spec.source.repoURL", message: m.create.urlMissing });
  }
  if (nameOf(draft) === "" && draft.url.trim() !== "") {
    problems.push({ field: "metadata.name", message: m.create.nameMissing });
  }
  const problemOf = (input: keyof Draft) => problems.find(({ field }) => inputOf(field) === input)?.message;
  const general = problems.filter(({ field }) => inputOf(field) === undefined);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setSubmitted(true);
    if (draft.url.trim() === "" || nameOf(draft) === "") return;
    const key = `argoproj.io/Application/${session.namespace}/${nameOf(draft)}`;
    action.run(
      () => create(application),
      () => navigate(objectPath(key, session.namespace)),
    );
  };

  return (
    <div className="create">
      <form className="create-form" onSubmit={submit} noValidate aria-labelledby="create-title">
        <h1 id="create-title">{m.create.title}</h1>
        <Field
          label={m.create.url}
          hint={m.create.urlHint}
          value={draft.url}
          problem={problemOf("url")}
          onChange={(url) => change({ url })}
          isFirst
        />
        <div className="field-pair">
          <Field
            label={m.create.path}
            hint={m.create.pathHint}
            value={draft.path}
            problem={problemOf("path")}
            onChange={(path) => change({ path })}
          />
          <Field
            label={m.create.name}
            hint={m.create.nameHint}
            value={nameOf(draft)}
            problem={problemOf("name")}
            onChange={(name) => change({ name })}
          />
        </div>
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
        <General
          messages={[...general.map(({ message }) => message), ...(action.error ? [action.error] : [])]}
        />
        <div className="form-actions">
          <Button type="submit" look="primary" label={m.create.submit} disabled={action.isBusy} />
          <Link className="button is-plain" to={applicationsPath}>
            {m.cancel}
          </Link>
        </div>
      </form>
      <Generated application={body === "" ? undefined : application} preview={latest} error={preview.error} />
    </div>
  );
}

interface MoreProps {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  problemOf: (input: keyof Draft) => string | undefined;
}

function More({ draft, change, problemOf }: MoreProps) {
  const makes = draft.engine === "flux";
  return (
    <div className="fields">
      <Field
        label={m.create.revision}
        hint={m.create.revisionHint}
        value={draft.revision}
        problem={problemOf("revision")}
        onChange={(revision) => change({ revision })}
      />
      <Field
        label={m.create.namespace}
        hint={m.create.namespaceHint}
        value={draft.namespace}
        problem={problemOf("namespace")}
        onChange={(namespace) => change({ namespace })}
      />
      <Field
        label={m.create.project}
        value={draft.project}
        problem={problemOf("project")}
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

/** A value once it has stood still. */
function useCalm<T>(value: T, milliseconds: number): T {
  const [calm, setCalm] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setCalm(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return calm;
}

/** The last answer there was, so that what is shown does not blink while one types. */
function useLatest<T>(value: T | undefined): T | undefined {
  const [latest, setLatest] = useState(value);
  if (value !== undefined && value !== latest) setLatest(value);
  return value ?? latest;
}
