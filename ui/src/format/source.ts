/** `main@sha1:8c4d6f…` and bare commits in seven digits; versions and digests as people read them. */
export function shortRevision(revision: string): string {
  const found =
    /^(?:(.*)@)?(?:sha1:|sha256:)([0-9a-f]{7,64})$/.exec(revision) ??
    /^(?:(.*)@)?([0-9a-f]{40,64})$/.exec(revision);
  if (!found) return revision;
  const [, branch, digest = ""] = found;
  return branch ? `${branch}@${digest.slice(0, 7)}` : digest.slice(0, 7);
}

/** What is said of the target beside the revision that it led to; nothing where the revision says it itself. */
export function targetBeside(target: string | undefined, revision: string | undefined): string | undefined {
  if (target === revision || revision?.startsWith(`${target}@`)) return undefined;
  return target;
}

/**
 * `https://example.com/team/shop.git` as `team/shop`; what is no such URL stays as it is. A folder that is a secret in
 * hexadecimal digits, as that of the Git server of `flamingo up` is, tells nobody anything.
 */
export function shortRepo(repo: string): string {
  const whole = repo.replace(/^[a-z+]+:\/\/[^/]+\//, "").replace(/^[\w.-]+@[^:]+:/, "");
  const path = whole.replace(/^[0-9a-f]{32,}\/(?=.)/, "");
  return path.replace(/\.git$/, "").replace(/\/$/, "") || repo;
}

/** A text as Kubernetes takes names: a DNS-1123 subdomain, or nothing where there is none of its characters. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, "-")
    .replace(/[-.]*\.[-.]*/g, ".")
    .slice(0, 253)
    .replace(/^[-.]+|[-.]+$/g, "");
}

/** A name for an Application of a repository: the last part of its URL, as Kubernetes takes names. */
export function suggestName(url: string): string {
  const last = shortRepo(url.trim()).split("/").pop() ?? "";
  return slug(last.replaceAll(".", "-")).slice(0, 53).replace(/-+$/, "");
}
