/**
 * The API's gateway: from a request to an envelope with an answer or an error. HTTP status 200
 * always, as the platform has it: SDKs read the error from the body, and Terraform retries anything
 * else for minutes.
 *
 * Order of the checks: fault, size, method, signature, version, action, region, rate, parameters,
 * the action itself.
 */
import { randomUUID } from "node:crypto";
import { isObject, RESERVED_NAMES } from "#json/shape";
import type { ActionName } from "../api/actions.ts";
import { findAction, serviceOf } from "../api/actions.ts";
import { isErrorCode, printError } from "../api/errors.ts";
import { readParameters, unflatten } from "../api/read-parameters.ts";
import type { SecretPair, SignedRequest, Verdict } from "../api/verify.ts";
import { verifyTc3, verifyV1 } from "../api/verify.ts";
import type { PlatformProfile } from "../model/platform-profile.ts";
import type { ApiFailure } from "./api-failure.ts";
import { fail, isFailure } from "./api-failure.ts";
import { carryOutAction } from "./carry-out.ts";
import type { ClaimLog } from "./claim-log.ts";
import type { CloudClock } from "./clock.ts";
import type { ControlPlane } from "./control-plane.ts";
import type { Envelope } from "./envelope.ts";
import { ENVELOPE_PARAMETERS, readEnvelope } from "./envelope.ts";
import type { ApiFault, Faults } from "./faults.ts";
import type { CloudRequest, CloudResponse } from "./message.ts";
import { json } from "./message.ts";
import { keepText, type LoggedRequest, type RequestLog } from "./request-log.ts";
import { REGIONS_MAX } from "./row-shapes.ts";
import type { Throttle } from "./throttle.ts";

/** strict: known key, right signature, right time. lenient: the shape only. off: nothing. */
export type AuthMode = "strict" | "lenient" | "off";

export interface ApiParts {
  readonly controlPlane: ControlPlane;
  readonly clock: CloudClock;
  readonly profile: PlatformProfile;
  readonly faults: Faults;
  readonly requests: RequestLog;
  readonly claims: ClaimLog;
  readonly throttle: Throttle;
  readonly auth: AuthMode;
  /** May be missing only if `auth` is not strict. */
  readonly secrets: SecretPair | undefined;
  /** The delay of every call. */
  readonly latencyMs: number;
  sleep(milliseconds: number): Promise<void>;
  log(level: "warning" | "error", text: string): void;
}

const GET_SIZE_MAX = 32 * 1024;
/** The limit of a request's parameters in the log. */
const LOGGED_MAX = 1_000;
const REGION = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

export async function handleApi(parts: ApiParts, request: CloudRequest): Promise<CloudResponse> {
  const envelope = readEnvelope(request);
  const requestId = randomUUID();
  const startedAt = parts.clock.realMillis();
  const entry = parts.requests.add(describe(envelope, request, requestId, startedAt));
  const fault = parts.faults.take(envelope.action);
  const wait = parts.latencyMs + (fault?.latencyMs ?? 0);
  if (wait > 0) await parts.sleep(wait);
  const response =
    fault?.code !== undefined || fault?.httpStatus !== undefined
      ? answerFault(fault, envelope, requestId, entry)
      : answer(decide(parts, request, envelope, requestId), envelope, requestId, entry);
  entry.httpStatus = response.status;
  entry.milliseconds = parts.clock.realMillis() - startedAt;
  return response;
}

function describe(
  envelope: Envelope,
  request: CloudRequest,
  requestId: string,
  startedAt: number,
): LoggedRequest {
  const { action, version, region, client, form, kind } = envelope;
  const authorization = request.headers["authorization"] ?? "";
  return {
    requestId,
    atMillis: startedAt,
    action,
    version,
    region,
    secretId: form?.get("SecretId") ?? /Credential=([^/,]*)/.exec(authorization)?.[1] ?? "",
    client,
    signature: kind,
    method: request.method,
    parameters: keepParameters(request, form),
    code: "",
    httpStatus: 0,
    milliseconds: 0,
  };
}

/** As JSON text. */
function keepParameters(request: CloudRequest, form: Envelope["form"]): string | undefined {
  if (form !== undefined) {
    const kept = [...form].filter(([name]) => name !== "Signature");
    const size = kept.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    return size > LOGGED_MAX ? undefined : JSON.stringify(Object.fromEntries(kept));
  }
  return request.body.length > LOGGED_MAX ? undefined : new TextDecoder().decode(request.body);
}

const headersOf = ({ traceId }: Envelope): Readonly<Record<string, string>> =>
  /^[\x20-\x7e]{1,128}$/.test(traceId) ? { "X-TC-TraceId": traceId } : {};

function answer(
  result: object,
  envelope: Envelope,
  requestId: string,
  entry: LoggedRequest,
): CloudResponse {
  if (!isFailure(result)) {
    entry.code = "OK";
    return json(200, { Response: { ...result, RequestId: requestId } }, headersOf(envelope));
  }
  entry.code = result.code;
  const Message = printError(result.code, result.facts, envelope.language);
  const error = { Code: result.code, Message };
  return json(200, { Response: { Error: error, RequestId: requestId } }, headersOf(envelope));
}

function answerFault(
  { code = "InternalError", httpStatus = 200 }: ApiFault,
  envelope: Envelope,
  requestId: string,
  entry: LoggedRequest,
): CloudResponse {
  entry.code = code;
  const known = isErrorCode(code) ? code : "InternalError";
  const Message = printError(known, { situation: "fault-injected" }, envelope.language);
  const Response = { Error: { Code: code, Message }, RequestId: requestId };
  return json(httpStatus, { Response }, headersOf(envelope));
}

/** The answer's fields, or the failure. */
function decide(
  parts: ApiParts,
  request: CloudRequest,
  envelope: Envelope,
  requestId: string,
): object {
  const { action, version } = envelope;
  const bad = checkTransport(request, envelope) ?? authenticate(parts, request, envelope);
  if (bad !== undefined) return bad;
  if (version === "") return fail("MissingParameter", { parameter: "X-TC-Version" });
  const service = serviceOf(version);
  if (service === undefined) return fail("NoSuchVersion", { value: version });
  if (action === "") return fail("MissingParameter", { parameter: "X-TC-Action" });
  const found = findAction(service, action);
  if (found.kind === "unknown") {
    const name = JSON.stringify(keepText(action));
    parts.log("warning", `unknown action ${name}, version ${version}`);
    return fail("InvalidAction", { value: action });
  }
  if (found.kind === "unsupported") {
    parts.log("warning", `the cloud has the action ${action}, this emulator has not`);
    return fail("UnsupportedOperation", { situation: "action-not-emulated", value: action });
  }
  const region = readRegion(parts, service === "tag", envelope.region);
  if (typeof region !== "string") return region;
  const limit = parts.throttle.refuse(region, action, parts.clock.realMillis());
  if (limit !== undefined) {
    return fail("RequestLimitExceeded", { value: action, limit: `${limit}` });
  }
  return carryOut(parts, found.name, request, envelope, { requestId, region });
}

function checkTransport(request: CloudRequest, { target }: Envelope): ApiFailure | undefined {
  const { method } = request;
  if (request.isTooLarge) return fail("RequestSizeLimitExceeded", { limit: "10 MB" });
  if (method !== "GET" && method !== "POST") return fail("UnsupportedProtocol", { value: method });
  return method === "GET" && target.query.length > GET_SIZE_MAX
    ? fail("RequestSizeLimitExceeded", { limit: "32 KB" })
    : undefined;
}

function readRegion(
  { controlPlane }: ApiParts,
  isGlobal: boolean,
  region: string,
): string | ApiFailure {
  if (region === "") {
    return isGlobal ? "" : fail("MissingParameter", { parameter: "X-TC-Region" });
  }
  const { regions } = controlPlane.world;
  const hasRoom = regions.has(region) || regions.size < REGIONS_MAX;
  const isName = REGION.test(region) && region.length <= 64 && !RESERVED_NAMES.includes(region);
  return isName && hasRoom ? region : fail("UnsupportedRegion", { value: region });
}

function authenticate(
  { auth, secrets, clock }: ApiParts,
  request: CloudRequest,
  envelope: Envelope,
): ApiFailure | undefined {
  if (auth === "off") return undefined;
  const { path, query } = envelope.target;
  const signed: SignedRequest = { ...request, path, query };
  const known = auth === "strict" ? secrets : undefined;
  const now = clock.realSeconds();
  if (envelope.kind === "tc3" && auth === "strict") {
    const hasTime = (request.headers["x-tc-timestamp"] ?? "") !== "";
    const isSigned = (request.headers["authorization"] ?? "") !== "";
    if (isSigned && !hasTime) return fail("MissingParameter", { parameter: "X-TC-Timestamp" });
  }
  const verdict =
    envelope.kind === "v1"
      ? verifyV1(signed, envelope.form ?? new Map(), known, now)
      : verifyTc3(signed, known, now);
  return verdictAsFailure(verdict);
}

function verdictAsFailure(verdict: Verdict): ApiFailure | undefined {
  switch (verdict.kind) {
    case "good":
      return undefined;
    case "unreadable":
      return fail("AuthFailure.InvalidAuthorization", { value: verdict.what });
    case "unknown-id":
      return fail("AuthFailure.SecretIdNotFound", { value: verdict.secretId });
    case "expired": {
      const facts = { value: verdict.timestamp, limit: `${verdict.now}` };
      return fail("AuthFailure.SignatureExpire", facts);
    }
    case "mismatch":
      return fail("AuthFailure.SignatureFailure");
  }
}

function carryOut<Name extends ActionName>(
  parts: ApiParts,
  name: Name,
  request: CloudRequest,
  envelope: Envelope,
  call: { readonly requestId: string; readonly region: string },
): object {
  const body = readBody(name, request, envelope);
  if (isFailure(body)) return body;
  const read = readParameters(name, body);
  if (read.kind === "problem") return fail(read.code, read.facts);
  const { controlPlane, clock, profile } = parts;
  try {
    controlPlane.catchUp();
    return carryOutAction(name, read.values, { controlPlane, profile, now: clock.now(), ...call });
  } catch (error) {
    // This is a bug of ours or a failing disk: nothing was done, and the caller must know.
    parts.log(
      "error",
      `${name}: ${error instanceof Error ? (error.stack ?? error.message) : "failed"}`,
    );
    const value = error instanceof Error ? error.name : "Error";
    return fail("InternalError", { value });
  }
}

function readBody(
  name: ActionName,
  request: CloudRequest,
  { kind, form }: Envelope,
): Readonly<Record<string, unknown>> | ApiFailure {
  if (form !== undefined) {
    const isOwn = ([key]: readonly [string, string]): boolean =>
      kind === "tc3" || !ENVELOPE_PARAMETERS.has(key);
    return unflatten(name, [...form].filter(isOwn));
  }
  try {
    const value: unknown = JSON.parse(
      new TextDecoder("utf-8", { fatal: true }).decode(request.body),
    );
    if (isObject(value)) return value;
    return fail("InvalidRequest", { value: Array.isArray(value) ? "[]" : `${typeof value}` });
  } catch (error) {
    return fail("InvalidRequest", { value: error instanceof Error ? error.message : "" });
  }
}
