import { type ReactNode, type RefObject, useEffect, useId, useRef } from "react";
import { m } from "../messages";
import { Button } from "./Button";

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
  footer?: ReactNode;
  /** What has the focus at first; the dialog itself, where it is not there yet. Without it, the first control has. */
  first?: RefObject<HTMLElement | null>;
}

/** A modal dialog of the browser: it keeps the focus, and Escape closes it. */
export function Dialog({ title, onClose, children, footer, first }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current?.showModal();
    if (first) (first.current ?? dialog.current)?.focus();
    return () => giveBack(opener);
  }, [first]);
  return (
    <dialog ref={dialog} className="dialog" tabIndex={-1} aria-labelledby={heading} onClose={onClose}>
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

/** Where nothing had the focus, or what had it is gone, the tree goes on with the keys, if there is one. */
function giveBack(opener: Element | null): void {
  const isThere = opener instanceof HTMLElement && opener.isConnected && opener !== document.body;
  const to = isThere ? opener : document.querySelector<HTMLElement>("[role=tree]");
  to?.focus();
}
