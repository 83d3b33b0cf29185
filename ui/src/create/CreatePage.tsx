import { useEffect, useState } from "react";
import { previewCreation } from "../api/routes";
import type { CreationPreview } from "../api/types";
import { m } from "../messages";
import { Notice } from "../parts/Notice";
import { useRequest } from "../parts/useRequest";
import { useLocation } from "../router/location";
import { useSession } from "../session/session";
import { CreateForm } from "./CreateForm";
import { check, type Problem } from "./check";
import { applicationOf, readDraft } from "./draft";
import { Generated } from "./Generated";

const CALM = 250;

const NOTHING: CreationPreview = { problems: [], generated: [] };

/** From a pasted URL to an Application, with what it becomes beside it. */
export function CreatePage() {
  const { may } = useSession();
  useEffect(() => {
    document.title = `${m.create.title} · ${m.product}`;
  }, []);
  if (may.create) return <Creation />;
  return (
    <Notice isPage title={m.error.forbidden}>
      <p>{m.create.notAllowed}</p>
    </Notice>
  );
}

function Creation() {
  const { query } = useLocation();
  const { namespace } = useSession();
  const draft = readDraft(query);
  const application = applicationOf(draft, namespace);
  const isEmpty = draft.url.trim() === "";
  const found = useCalm(JSON.stringify(check(draft)), CALM);
  const problems: Problem[] = JSON.parse(found);
  const body = useCalm(isEmpty || found !== "[]" ? "" : JSON.stringify(application), CALM);
  const preview = useRequest(body, async (signal) =>
    body === "" ? NOTHING : previewCreation(JSON.parse(body), signal),
  );
  const latest = useLatest(preview.data);
  const isMoreOpen = query.get("more") === "open";
  return (
    <div className="create">
      <CreateForm
        draft={draft}
        isMoreOpen={isMoreOpen}
        application={application}
        problems={problems}
        told={body === "" ? [] : (latest?.problems ?? [])}
      />
      <Generated
        application={body === "" || problems.length > 0 ? undefined : application}
        isWaiting={problems.length > 0}
        preview={latest}
        error={preview.error}
      />
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
