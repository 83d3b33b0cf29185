import { type RefObject, useEffect, useRef, useState } from "react";
import { isApplication, objectTitle } from "../api/key";
import { type ApplicationName, getRemoval, remove } from "../api/routes";
import type { Removal } from "../api/types";
import { m } from "../messages";
import { Button } from "../parts/Button";
import { Dialog } from "../parts/Dialog";
import { ErrorNotice } from "../parts/Notice";
import { ScrollList } from "../parts/ScrollList";
import { useAction } from "../parts/useAction";
import { useRequest } from "../parts/useRequest";
import { navigate } from "../router/location";
import { applicationsPath } from "../router/paths";

/** Deleting, with what goes and what stays; the name is typed only where objects go with it. */
export function DeleteDialog({ at, onClose }: { at: ApplicationName; onClose: () => void }) {
  const [isCascade, setCascade] = useState(true);
  const [typed, setTyped] = useState("");
  const ask = JSON.stringify([at, isCascade]);
  const removal = useRequest(ask, (signal) => getRemoval(at, isCascade, signal));
  const action = useAction();
  const field = useRef<HTMLInputElement>(null);
  const deletesObjects = removal.data?.goes.some(({ key }) => !isApplication(key)) ?? false;
  const needsName = isCascade && deletesObjects;
  const isReady = removal.data !== undefined && (!needsName || typed === at.name);
  const footer = (
    <>
      <Button label={m.cancel} onClick={onClose} />
      <Button
        icon="trash"
        look="danger"
        className="is-filled"
        label={m.deleteDialog.confirm}
        disabled={!isReady || action.isBusy}
        onClick={() =>
          action.run(
            () => remove(at, isCascade),
            () => navigate(applicationsPath),
          )
        }
      />
    </>
  );
  return (
    <Dialog title={m.deleteDialog.title(at.name)} onClose={onClose} footer={footer} first={field}>
      {action.error && (
        <p className="line is-problem" role="alert">
          {action.error}
        </p>
      )}
      <How isCascade={isCascade} choose={setCascade} />
      {removal.error && <ErrorNotice error={removal.error} onRetry={removal.reload} />}
      {!removal.data && !removal.error && <p className="loading">{m.loading}</p>}
      {removal.data && <Lists removal={removal.data} />}
      {needsName && <NameField name={at.name} typed={typed} onType={setTyped} field={field} />}
    </Dialog>
  );
}

function How({ isCascade, choose }: { isCascade: boolean; choose: (isCascade: boolean) => void }) {
  return (
    <fieldset className="choices">
      <legend className="unseen">{m.deleteDialog.how}</legend>
      <Choice
        isChosen={isCascade}
        choose={() => choose(true)}
        label={m.deleteDialog.cascade}
        text={m.deleteDialog.cascadeText}
      />
      <Choice
        isChosen={!isCascade}
        choose={() => choose(false)}
        label={m.deleteDialog.orphan}
        text={m.deleteDialog.orphanText}
      />
    </fieldset>
  );
}

interface NameFieldProps {
  name: string;
  typed: string;
  onType: (text: string) => void;
  field: RefObject<HTMLInputElement | null>;
}

/** It is there as soon as the server has told what goes: then it takes the focus, if nothing else has it by then. */
function NameField({ name, typed, onType, field }: NameFieldProps) {
  useEffect(() => {
    if (document.activeElement === field.current?.closest("dialog")) field.current?.focus();
  }, [field]);
  return (
    <label className="field">
      <span>{m.deleteDialog.type(name)}</span>
      <input
        ref={field}
        value={typed}
        onChange={(event) => onType(event.target.value)}
        autoComplete="off"
        spellCheck={false}
      />
    </label>
  );
}

interface ChoiceProps {
  isChosen: boolean;
  choose: () => void;
  label: string;
  text: string;
}

function Choice({ isChosen, choose, label, text }: ChoiceProps) {
  return (
    <label className="choice">
      <input type="radio" name="cascade" checked={isChosen} onChange={choose} />
      <span>
        <strong>{label}</strong>
        <span className="faint">{text}</span>
      </span>
    </label>
  );
}

function Lists({ removal: { goes, stays } }: { removal: Removal }) {
  return (
    <>
      <h3>{m.deleteDialog.goes(goes.length)}</h3>
      {goes.length === 0 ? (
        <p className="faint">{m.deleteDialog.goesNothing}</p>
      ) : (
        <ScrollList>
          {goes.map(({ key }) => (
            <li key={key}>{objectTitle(key)}</li>
          ))}
        </ScrollList>
      )}
      {stays.length > 0 && (
        <>
          <h3>{m.deleteDialog.stays(stays.length)}</h3>
          <ScrollList>
            {stays.map(({ key, why }) => (
              <li key={key}>
                {objectTitle(key)} <span className="faint">{why}</span>
              </li>
            ))}
          </ScrollList>
        </>
      )}
    </>
  );
}
