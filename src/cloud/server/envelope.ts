/**
 * Who calls what: action, version, region and language, from the headers (TC3) or from the
 * parameters (the older signatures). Nothing is checked here; what is missing stays empty.
 */
import type { Language } from "../api/errors.ts";
import type { CloudRequest, Target } from "./message.ts";
import { readTarget } from "./message.ts";

export interface Envelope {
  readonly kind: "tc3" | "v1";
  readonly target: Target;
  readonly action: string;
  readonly version: string;
  readonly region: string;
  readonly language: Language;
  readonly client: string;
  readonly traceId: string;
  /** The flat text of the query or the form; undefined if the parameters are JSON. */
  readonly form: ReadonlyMap<string, string> | undefined;
}

/** Parameters of the older signatures that belong to the envelope, not to the action. */
export const ENVELOPE_PARAMETERS: ReadonlySet<string> = new Set([
  "Action",
  "Version",
  "Region",
  "Timestamp",
  "Nonce",
  "SecretId",
  "Signature",
  "SignatureMethod",
  "RequestClient",
  "Token",
  "Language",
]);

const FORM_TYPE = /^application\/x-www-form-urlencoded\b/i;

export function readEnvelope(request: CloudRequest): Envelope {
  const { headers } = request;
  const target = readTarget(request.target);
  const form = readForm(request, target);
  const header = (name: string): string => (headers[name] ?? "").trim();
  const traceId = header("x-tc-traceid");
  const isTc3 = header("x-tc-action") !== "" || header("authorization") !== "";
  if (isTc3 || form?.has("Action") !== true) {
    return {
      kind: "tc3",
      target,
      action: header("x-tc-action"),
      version: header("x-tc-version"),
      region: header("x-tc-region"),
      language: readLanguage(header("x-tc-language")),
      client: header("x-tc-requestclient"),
      traceId,
      form,
    };
  }
  const parameter = (name: string): string => form.get(name) ?? "";
  return {
    kind: "v1",
    target,
    action: parameter("Action"),
    version: parameter("Version"),
    region: parameter("Region"),
    language: readLanguage(parameter("Language")),
    client: parameter("RequestClient"),
    traceId,
    form,
  };
}

function readForm({ method, headers, body }: CloudRequest, target: Target): Envelope["form"] {
  if (method === "GET") return new Map(new URLSearchParams(target.query));
  if (!FORM_TYPE.test(headers["content-type"] ?? "")) return undefined;
  return new Map(new URLSearchParams(new TextDecoder().decode(body)));
}

/** The service speaks Chinese unless asked. */
export const readLanguage = (text: string): Language => (text === "en-US" ? "en-US" : "zh-CN");
