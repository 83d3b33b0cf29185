import { slug } from "../format/source";
import { m } from "../messages";
import { type Draft, nameOf, namespaceOf } from "./draft";

export interface Problem {
  input: keyof Draft;
  message: string;
  /** Whether it may go away by typing on: nobody is interrupted for it. */
  isUnfinished?: boolean;
}

const LABEL = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
const NAMESPACE = new RegExp(`^${LABEL}$`);
const LONGEST_NAME = 253;
const LONGEST_LABEL = 63;

/** What is wrong with a draft, as far as that is known without the server. An empty URL is only the beginning. */
export function check(draft: Draft): Problem[] {
  if (draft.url.trim() === "") return [];
  return [...checkUrl(draft.url.trim()), ...checkName(nameOf(draft)), ...checkNamespace(draft)];
}

function checkUrl(url: string): Problem[] {
  if (/^https?:\/\/[^\s/?#]+(?:[/?#]\S*)?$/.test(url)) return [];
  if (["https://", "http://"].some((scheme) => scheme.startsWith(url)))
    return [{ input: "url", message: m.create.urlNone, isUnfinished: true }];
  return [{ input: "url", message: whyNot(url) }];
}

function whyNot(url: string): string {
  if (/^(?:\.{0,2}\/|~|\.{1,2}$|file:|[a-z]:[\\/])/i.test(url)) return m.create.urlLocal;
  const ssh =
    /^(?:git\+)?ssh:\/\/(?:[^@/\s]+@)?([^/:\s]+)(?::\d+)?\/(\S+)$/.exec(url) ??
    /^[\w.-]+@([\w.-]+):(?!\/\/)\/?(\S+)$/.exec(url);
  if (ssh) return m.create.urlSsh(`https://${ssh[1]}/${ssh[2]}`);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1];
  return scheme === undefined || /^https?$/i.test(scheme) ? m.create.urlNone : m.create.urlScheme(scheme);
}

function checkName(name: string): Problem[] {
  if (name === "") return [{ input: "name", message: m.create.nameMissing }];
  if (name.length > LONGEST_NAME)
    return [{ input: "name", message: m.create.nameLong(name.length, LONGEST_NAME) }];
  if (SUBDOMAIN.test(name)) return [];
  const isUnfinished = SUBDOMAIN.test(name.replace(/[-.]$/, ""));
  return [{ input: "name", message: m.create.nameWrong(slug(name)), isUnfinished }];
}

function checkNamespace(draft: Draft): Problem[] {
  const given = draft.namespace.trim();
  if (given === "" || (NAMESPACE.test(given) && given.length <= LONGEST_LABEL)) return [];
  const isUnfinished = NAMESPACE.test(given.replace(/-$/, ""));
  const message = m.create.namespaceWrong(namespaceOf(slug(given)), LONGEST_LABEL);
  return [{ input: "namespace", message, isUnfinished }];
}
