/**
 * The other side of the emulator, under `/_baton/`: health, reset, clock, faults, claims, state. JSON; success is HTTP 200,
 * a body that is no JSON or has wrong types is 400, an unknown path 404, a wrong method 405.
 *
 * Everything but health needs the header `X-Baton-Admin`, which no page of another site can send, else 403. Its value is
 * the secret key where signatures are checked, so that these calls are no way around them, and anything elsewhere.
 */
import { createHash, randomInt, randomUUID, timingSafeEqual } from "node:crypto";
import { isObject } from "#json/shape";
import { printIpv4, printMac } from "#units/address";
import type { ClaimOutcome } from "../model/claim.ts";
import { stepClaim } from "../model/claim.ts";
import { makeRandom } from "../model/random.ts";
import { perform } from "../model/step.ts";
import { openDraft } from "../model/world.ts";
import type { ApiParts } from "./api.ts";
import { printClaimRefusal } from "./claim-text.ts";
import { printIsoTime } from "./clock.ts";
import { readFault } from "./faults.ts";
import type { CloudRequest, CloudResponse } from "./message.ts";
import { json, readTarget } from "./message.ts";
import { printSnapshot, readSnapshot } from "./snapshot.ts";

export const ADMIN_PREFIX = "/_baton/";
export const ADMIN_HEADER = "x-baton-admin";
export const isAdmin = (target: string): boolean => {
  const { path } = readTarget(target);
  return path.startsWith(ADMIN_PREFIX) || path === "/_baton";
};

type Route = (parts: ApiParts, body: unknown) => CloudResponse;

const ROUTES: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  health: { GET: () => json(200, { status: "ok" }) },
  reset: { POST: reset },
  garp: { POST: garp },
  "clock/advance": { POST: advance },
  faults: { GET: (parts) => json(200, { fault: parts.faults.current ?? null }), PUT: putFault },
  requests: { GET: (parts) => hideSecret(parts, json(200, { requests: parts.requests.list() })) },
  state: {
    GET: ({ keeper, clock }) => {
      keeper.catchUp();
      return json(200, printSnapshot(keeper.world, clock.offsetSeconds));
    },
    PUT: putState,
  },
  instances: { POST: launch },
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
  const refused = name === "health" ? undefined : judgeAdmin(parts, request);
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

/** Why not; undefined: it may. */
function judgeAdmin({ auth, secrets }: ApiParts, { headers }: CloudRequest): string | undefined {
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

/** Somebody may have sent the secret as a parameter. */
function hideSecret({ secrets }: ApiParts, response: CloudResponse): CloudResponse {
  const secret = secrets?.secretKey.reveal() ?? "";
  if (secret === "") return response;
  const written = JSON.stringify(secret).slice(1, -1);
  return { ...response, body: response.body.replaceAll(written, "***") };
}

function reset({ keeper, faults, requests }: ApiParts, body: unknown): CloudResponse {
  if (!isObject(body)) return bad("the body is not a JSON object");
  keeper.reset();
  faults.replace(undefined);
  requests.clear();
  return json(200, { status: "ok" });
}

/** A gratuitous ARP, as the network would tell it. */
export function claim(parts: ApiParts, vip: string, interfaceId: string): ClaimOutcome {
  const { keeper, clock, habits } = parts;
  keeper.catchUp();
  const { changes, outcome } = stepClaim(keeper.world, { vip, interfaceId }, clock.now(), habits);
  keeper.commit(changes);
  if (outcome.kind === "refused") {
    const { reason } = outcome;
    const line = parts.claims.refused(vip, interfaceId, reason, clock.realMillis());
    if (line !== undefined) parts.log("warning", line);
  }
  return outcome;
}

function garp(parts: ApiParts, body: unknown): CloudResponse {
  if (!isObject(body)) return bad("the body is not a JSON object");
  const { vip, networkInterfaceId } = body;
  if (typeof vip !== "string") return bad("vip is not a string");
  if (typeof networkInterfaceId !== "string") return bad("networkInterfaceId is not a string");
  const outcome = claim(parts, vip, networkInterfaceId);
  if (outcome.kind === "accepted") return json(200, { accepted: true });
  const { reason } = outcome;
  return json(200, { accepted: false, reason: printClaimRefusal(reason), kind: reason.kind });
}

const ADVANCE_MAX_SECONDS = 10 * 365 * 86_400;

function advance({ keeper, clock }: ApiParts, body: unknown): CloudResponse {
  const seconds = isObject(body) ? body["seconds"] : undefined;
  if (typeof seconds !== "number" || !(seconds >= 0 && seconds <= ADVANCE_MAX_SECONDS)) {
    return bad(`seconds is not a number from 0 to ${ADVANCE_MAX_SECONDS}`);
  }
  if (clock.offsetSeconds + seconds > 10 * ADVANCE_MAX_SECONDS) {
    return bad("the clock would be more than a hundred years ahead");
  }
  keeper.advanceClock(seconds);
  return json(200, { now: printIsoTime(clock.now()), offsetSeconds: clock.offsetSeconds });
}

function putFault({ faults }: ApiParts, body: unknown): CloudResponse {
  const fault = readFault(body);
  if (typeof fault === "string") return bad(fault);
  faults.replace(fault);
  return json(200, { fault });
}

function putState({ keeper }: ApiParts, body: unknown): CloudResponse {
  const snapshot = readSnapshot(body);
  if (typeof snapshot === "string") return bad(snapshot);
  keeper.replace(snapshot.changes, snapshot.offsetSeconds);
  return json(200, { status: "ok" });
}

/** What a call of CVM would do: an instance with its primary interface, running at once. */
function launch(parts: ApiParts, body: unknown): CloudResponse {
  if (!isObject(body)) return bad("the body is not a JSON object");
  const { region, subnetId, instanceId, address, name } = body;
  if (typeof region !== "string") return bad("region is not a string");
  if (typeof subnetId !== "string") return bad("subnetId is not a string");
  for (const [key, value] of Object.entries({ instanceId, address, name })) {
    if (value !== undefined && typeof value !== "string") return bad(`${key} is not a string`);
  }
  const optional = (value: unknown): string | undefined =>
    typeof value === "string" ? value : undefined;
  const { keeper, clock, habits } = parts;
  const draft = openDraft(keeper.world, region);
  const outcome = perform(
    keeper.world,
    draft,
    {
      kind: "launchInstance",
      subnetId,
      instanceId: optional(instanceId),
      address: optional(address),
      name: optional(name) ?? "primary",
    },
    { now: clock.now(), requestId: randomUUID(), random: makeRandom(randomInt(2 ** 32)), habits },
  );
  if (outcome.kind === "refused") {
    return json(400, { error: `${outcome.code}: ${JSON.stringify(outcome.facts)}` });
  }
  keeper.commit(draft.changes());
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
