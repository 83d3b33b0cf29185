import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { text } from "node:stream/consumers";

/** The kinds that tests apply, and what their collections are called. */
const PLURALS: Record<string, string> = { Application: "applications", AppProject: "appprojects" };

interface Applied {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string };
}

/** Applies an object as `kubectl` does, with the kubeconfig that `up` has written. */
export async function apply(kubeconfig: string, object: unknown): Promise<void> {
  const config = readFileSync(kubeconfig, "utf8");
  const field = (name: string) => new RegExp(`\\b${name}: *(\\S+)`).exec(config)?.[1] ?? "";
  const { apiVersion, kind, metadata } = object as Applied;
  const path = `/apis/${apiVersion}/namespaces/${metadata.namespace}/${PLURALS[kind]}/${metadata.name}`;
  const sent = request(new URL(`${path}?fieldManager=test&force=true`, field("server")), {
    method: "PATCH",
    ca: Buffer.from(field("certificate-authority-data"), "base64"),
    headers: {
      Authorization: `Bearer ${field("token")}`,
      "Content-Type": "application/apply-patch+yaml",
    },
  });
  sent.end(JSON.stringify(object));
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  const said = await text(answer);
  if ((answer.statusCode ?? 500) >= 300) throw new Error(`${path}: ${answer.statusCode} ${said}`);
}
