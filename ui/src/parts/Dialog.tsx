import { type ReactNode, useEffect, useId, useRef } from "react";
import { m } from "../messages";
import { Button } from "./Button";

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
  footer?: ReactNode;
}

/** A modal dialog of the browser: it keeps the focus, and Escape closes it. */
export function Dialog({ title, onClose, children, footer }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={heading} onClose={onClose}>
      <header className="dialog-head">
        <h2 id={heading}>{title}</h2>
        <Button icon="close" isBare look="quiet" label={m.close} onClick={onClose} />
      </header>
      <section className="dialog-body" aria-labelledby={heading}>
        {children}
      </section>
      {footer && <footer className="dialog-foot">{footer}</footer>}
    </dialog>
  );
}
