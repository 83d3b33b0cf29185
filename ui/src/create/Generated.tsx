import type { ApiError } from "../api/client";
import { objectTitle } from "../api/key";
import type { CreationPreview } from "../api/types";
import { m } from "../messages";
import { errorText } from "../parts/Notice";
import { Yaml } from "../parts/Yaml";
import { toYaml } from "../yaml/print";

interface Props {
  application: { metadata: { name: string } } | undefined;
  /** Whether there is nothing to show before something is mended. */
  isWaiting: boolean;
  preview: CreationPreview | undefined;
  error: ApiError | undefined;
}

/** What is created, as it would be in Git. */
export function Generated({ application, isWaiting, preview, error }: Props) {
  return (
    <section className="generated" aria-label={m.create.preview}>
      <h2>{m.create.preview}</h2>
      {!application && <p className="faint">{isWaiting ? m.create.previewWaits : m.create.previewEmpty}</p>}
      {error && (
        <p className="line is-problem" role="alert">
          {errorText(error)}
        </p>
      )}
      {application && (
        <>
          {preview?.generated.map(({ key, yaml }) => (
            <figure key={key}>
              <figcaption>{objectTitle(key)}</figcaption>
              <Yaml text={yaml} isWhole />
            </figure>
          ))}
          {preview?.generated.length === 0 && preview.problems.length === 0 && (
            <p className="faint">{m.create.previewNothing}</p>
          )}
          <figure>
            <figcaption>{`${m.application.kind} ${application.metadata.name}`}</figcaption>
            <Yaml text={toYaml(application)} isWhole />
          </figure>
        </>
      )}
    </section>
  );
}
