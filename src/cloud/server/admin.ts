/**
 * The administration of the emulator, under `/_baton/`: health, reset, clock, faults, claims,
 * state. JSON; success is HTTP 200, a body that is not JSON or has wrong types is answered with
 * 400, an unknown path with 404, a wrong method with 405.
 *
 * Everything but health needs the header `X-Baton-Admin`, which no page of another site can
 * send; without it the answer is 403. If signatures are checked, its value has to be the secret
 * key, so that these calls are no way around signatures; otherwise any value will do.
 */

import { createHash, randomInt, randomUUID, timingSafeEqual } from "node:crypto";
import * as v from "valibot";
import { printJsonProblem } from "#json/problem";
import { openObject, readShape, type Shape } from "#json/shape";
import { printIpv4, printMac } from "#units/address";
import { createRng } from "#units/rng";
import type { ClaimOutcome } from "../model/claim.ts";
import { stepClaim } from "../model/claim.ts";
import { openDraft } from "../model/cloud-state.ts";
import { perform } from "../model/step.ts";
import type { ApiParts } from "./api.ts";
import { printClaimRefusal } from "./claim-text.ts";
import { OFFSET_SECONDS_MAX, printIsoTime } from "./clock.ts";
import { type ApiFault, FAULT } from "./faults.ts";
import type { CloudRequest, CloudResponse } from "./message.ts";
import { json, readTarget } from "./message.ts";
import { printSnapshot, SNAPSHOT, type Snapshot, snapshotAsChanges } from "./snapshot.ts";

export const ADMIN_PREFIX = "/_baton/";
export const ADMIN_HEADER = "x-baton-admin";
export const isAdmin = (target: string): boolean => {
  const { path } = readTarget(target);
  return path.startsWith(ADMIN_PREFIX) || path === "/_baton";
};

const SECONDS_MAX = 10 * 365 * 86_400;
const SECONDS = `a number of seconds from 0 to ${SECONDS_MAX}`;

const NOTHING = openObject({}, "an object");
const CLAIM = openObject(
  { vip: v.string("an IPv4 address"), networkInterfaceId: v.string("the id of an interface") },
  "an object with vip and networkInterfaceId",
);
const ADVANCE = openObject(
  { seconds: v.pipe(v.number(SECONDS), v.minValue(0, SECONDS), v.maxValue(SECONDS_MAX, SECONDS)) },
  "an object with seconds",
);
const INSTANCE = openObject(
  {
    region: v.string("the name of a region"),
    subnetId: v.string("the id of a subnet"),
    instanceId: v.exactOptional(v.string("an id such as ins-1a2b3c4d")),
    address: v.exactOptional(v.string("an IPv4 address")),
    name: v.exactOptional(v.string("a name"), "primary"),
  },
  "an object with region and subnetId, and any of instanceId, address and name",
);

type Route = (parts: ApiParts, body: unknown) => CloudResponse;

/** A route with a body of this shape. Any other body is answered with what is wrong with it. */
function taking<Body>(
  shape: Shape<Body>,
  route: (parts: ApiParts, body: Body) => CloudResponse,
): Route {
  return (parts, body) => {
    const read = readShape(shape, body);
    return read.kind === "value"
      ? route(parts, read.value)
      : bad(printJsonProblem(read.problem, "the body"));
  };
}

const ROUTES: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  health: { GET: () => json(200, { status: "ok" }) },
  reset: { POST: taking(NOTHING, reset) },
  garp: { POST: taking(CLAIM, garp) },
  "clock/advance": { POST: taking(ADVANCE, advance) },
  faults: {
    GET: (parts) => json(200, { fault: parts.faults.current ?? null }),
    PUT: taking(FAULT, putFault),
  },
  requests: { GET: (parts) => hideSecret(parts, json(200, { requests: parts.requests.list() })) },
  state: {
    GET: ({ controlPlane, clock }) => {
      controlPlane.catchUp();
      return json(200, printSnapshot(controlPlane.world, clock.offsetSeconds));
    },
    PUT: taking(SNAPSHOT, putState),
  },
  instances: { POST: taking(INSTANCE, launch) },
};

const bad = (error: string, status = 400): CloudResponse => json(status, { error });

export function handleAdmin(parts: ApiParts, request: CloudRequest): CloudResponse {
  const { path } = readTarget(request.target);
  const name = path.slice(ADMIN_PREFIX.length);
  const methods = Object.hasOwn(ROUTES, name) ? ROUTES[name] : undefined;
  if (methods === undefined) {
    const paths = Object.keys(ROUTES).map((route) => ADMIN_PREFIX + route);
    return bad(`there is no ${path}, only ${paths.join(", ")}`, 404);
  }
  const route = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
  if (route === undefined) return bad(`${path} takes ${Object.keys(methods).join(", ")}`, 405);
  const refused = name === "health" ? undefined : checkAdmin(parts, request);
  if (refused !== undefined) return bad(refused, 403);
  if (request.isTooLarge) return bad("the body is larger than 10 MB", 413);
  const body = readBody(request.body);
  if (body === undefined) return bad("the body is not JSON");
  try {
    return route(parts, body.value);
  } catch (error) {
    const text = error instanceof Error ? error.message : "failed";
    parts.log("error", `${path}: ${text}`);
    return bad(text, 500);
  }
}

/** Why the request is refused; undefined if it is allowed. */
function checkAdmin({ auth, secrets }: ApiParts, { headers }: CloudRequest): string | undefined {
  const given = headers[ADMIN_HEADER] ?? "";
  if (auth !== "strict" || secrets === undefined)
    return given === ""
      ? "this needs the header X-Baton-Admin, such as X-Baton-Admin: 1"
      : undefined;
  const digest = (text: string): Uint8Array => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(secrets.secretKey.reveal()))
    ? undefined
    : "this needs the header X-Baton-Admin with the secret key";
}

function readBody(body: Uint8Array): { readonly value: unknown } | undefined {
  if (body.length === 0) return { value: {} };
  try {
    return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) };
  } catch {
    return undefined;
  }
}

/** A client may have sent the secret as a parameter. */
function hideSecret({ secrets }: ApiParts, response: CloudResponse): CloudResponse {
  const secret = secrets?.secretKey.reveal() ?? "";
  if (secret === "") return response;
  const written = JSON.stringify(secret).slice(1, -1);
  return { ...response, body: response.body.replaceAll(written, "***") };
}

function reset({ controlPlane, faults, requests }: ApiParts): CloudResponse {
  controlPlane.reset();
  faults.replace(undefined);
  requests.clear();
  return json(200, { status: "ok" });
}

/** A gratuitous ARP, as the network would pass it on. */
export function claim(parts: ApiParts, vip: string, interfaceId: string): ClaimOutcome {
  const { controlPlane, clock, profile } = parts;
  controlPlane.catchUp();
  const { changes, outcome } = stepClaim(
    controlPlane.world,
    { vip, interfaceId },
    clock.now(),
    profile,
  );
  controlPlane.commit(changes);
  if (outcome.kind === "refused") {
    const { reason } = outcome;
    const line = parts.claims.refused(vip, interfaceId, reason, clock.realMillis());
    if (line !== undefined) parts.log("warning", line);
  }
  return outcome;
}

function garp(
  parts: ApiParts,
  { vip, networkInterfaceId }: v.InferOutput<typeof CLAIM>,
): CloudResponse {
  const outcome = claim(parts, vip, networkInterfaceId);
  if (outcome.kind === "accepted") return json(200, { accepted: true });
  const { reason } = outcome;
  return json(200, { accepted: false, reason: printClaimRefusal(reason), kind: reason.kind });
}

function advance(
  { controlPlane, clock }: ApiParts,
  { seconds }: v.InferOutput<typeof ADVANCE>,
): CloudResponse {
  if (clock.offsetSeconds + seconds > OFFSET_SECONDS_MAX) {
    return bad("the clock would be more than a hundred years ahead");
  }
  controlPlane.advanceClock(seconds);
  return json(200, { now: printIsoTime(clock.now()), offsetSeconds: clock.offsetSeconds });
}

function putFault({ faults }: ApiParts, fault: ApiFault): CloudResponse {
  faults.replace(fault);
  return json(200, { fault });
}

function putState({ controlPlane }: ApiParts, snapshot: Snapshot): CloudResponse {
  const changes = snapshotAsChanges(snapshot);
  if (typeof changes === "string") return bad(changes);
  controlPlane.replace(changes, snapshot.clockOffsetSeconds);
  return json(200, { status: "ok" });
}

/** What a call of CVM would do: an instance with its primary interface, running at once. */
function launch(parts: ApiParts, asked: v.InferOutput<typeof INSTANCE>): CloudResponse {
  const { controlPlane, clock, profile } = parts;
  const draft = openDraft(controlPlane.world, asked.region);
  const outcome = perform(
    controlPlane.world,
    draft,
    {
      kind: "launchInstance",
      subnetId: asked.subnetId,
      instanceId: asked.instanceId,
      address: asked.address,
      name: asked.name,
    },
    { now: clock.now(), requestId: randomUUID(), rng: createRng(randomInt(2 ** 32)), profile },
  );
  if (outcome.kind === "refused") {
    return json(400, { error: `${outcome.code}: ${JSON.stringify(outcome.facts)}` });
  }
  controlPlane.commit(draft.changes());
  const [networkInterfaceId = "", launchedId = ""] = outcome.ids;
  const nic = draft.get("interfaces", networkInterfaceId);
  const privateAddress = nic?.addresses[0]?.address;
  return json(200, {
    instanceId: launchedId,
    networkInterfaceId,
    address: privateAddress === undefined ? "" : printIpv4(privateAddress),
    mac: nic === undefined ? "" : printMac(nic.mac),
  });
}
