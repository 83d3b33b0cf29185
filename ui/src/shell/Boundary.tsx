import { Component, type ReactNode } from "react";
import { m } from "../messages";
import { Button } from "../parts/Button";
import { Notice } from "../parts/Notice";

/** What went wrong while drawing, instead of an empty page. */
export class Boundary extends Component<{ children: ReactNode }, { error: Error | undefined }> {
  override state: { error: Error | undefined } = { error: undefined };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    const reload = <Button icon="refresh" label={m.error.reload} onClick={() => window.location.reload()} />;
    return (
      <Notice isPage title={m.error.crashed} isAlert actions={reload}>
        <p>{m.error.crashedText}</p>
        <pre>{error.message}</pre>
      </Notice>
    );
  }
}
