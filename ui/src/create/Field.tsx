import { useId, useState } from "react";

interface FieldProps {
  label: string;
  hint?: string;
  value: string;
  problem?: string | undefined;
  /** Whether the problem is only told once the input is left. */
  isUnfinished?: boolean | undefined;
  onChange: (value: string) => void;
  isFirst?: boolean;
}

/** An input, with what is wrong with it below it, which is also spoken when it comes. */
export function Field({
  label,
  hint,
  value,
  problem,
  isUnfinished = false,
  onChange,
  isFirst = false,
}: FieldProps) {
  const id = useId();
  const [hasFocus, setFocus] = useState(false);
  const shown = isUnfinished && hasFocus ? undefined : problem;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        value={value}
        placeholder={hint}
        onChange={(event) => onChange(event.target.value)}
        onFocus={() => setFocus(true)}
        onBlur={() => setFocus(false)}
        aria-invalid={shown !== undefined}
        aria-describedby={shown === undefined ? undefined : `${id}-problem`}
        autoComplete="off"
        spellCheck={false}
        // biome-ignore lint/a11y/noAutofocus: the page begins with pasting a URL.
        autoFocus={isFirst}
      />
      <p id={`${id}-problem`} className="field-problem" aria-live="polite">
        {shown}
      </p>
    </div>
  );
}

export function Check({
  label,
  isOn,
  onChange,
}: {
  label: string;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
}) {
  return (
    <label className="check">
      <input type="checkbox" checked={isOn} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  );
}
