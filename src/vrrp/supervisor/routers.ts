/**
 * What the engine may own, by what it has said: enough to hand over for it when it dies. A router
 * is followed through a reload by interface, VRID and transport, as the engine does it, not by its
 * name: two names may have changed places.
 */
import type { AboutInstance, FromEngine } from "../engine/engine-link.ts";
import { pairUp } from "../engine/pairing.ts";
import { takenByEngine } from "./hand-over.ts";
import { gateAsked } from "./promotions.ts";
import {
  type KnownRouter,
  type Sent,
  type Step,
  type SupervisorState,
  unchanged,
} from "./state.ts";

type Reported = Extract<FromEngine, { type: "report" }>;

const GIVEN_UP: Pick<KnownRouter, "mayOwn"> = { mayOwn: false };

export function engineSaid(state: SupervisorState, message: FromEngine): Step {
  switch (message.type) {
    case "configuring":
      return configurationTaken(state);
    case "transition": {
      const { to } = message;
      if (to === "MASTER") return becameMaster(state, message);
      // STOP is the beginning of a hand-over, in which the address still answers.
      if (to === "STOP") return unchanged(state);
      return unchanged(changed(state, message, GIVEN_UP));
    }
    case "report":
      return reported(state, message);
    case "removed": {
      const gone = routerOf(state, message);
      if (gone?.leaving === undefined) return unchanged(state);
      return unchanged({ ...state, routers: state.routers.filter((one) => one !== gone) });
    }
    case "stopped":
      return unchanged({
        ...state,
        routers: state.routers.map((one) => ({ ...one, ...GIVEN_UP })),
      });
    case "ready":
    case "groupTransition":
    case "priorityChanged":
    case "drop":
    case "log":
    case "snapshot":
    case "brief":
    case "pauses":
    case "session":
    case "sessions":
    case "sessionsClosed":
    case "sessionUnsent":
    case "record":
    case "unknownVrid":
    case "announced":
    case "late":
    case "switchAnswer":
      return unchanged(state);
    case "gate":
      return unchanged(gateAsked(state, message));
  }
}

/** Names are unique among those configured, and among those that one configuration removed. */
function routerOf(state: SupervisorState, about: AboutInstance): KnownRouter | undefined {
  return state.routers.find(
    ({ config, leaving }) => config.router.name === about.instance && leaving === about.leaving,
  );
}

function reported(state: SupervisorState, message: Reported): Step {
  const { report } = message;
  if (report.kind === "handed-over") return unchanged(changed(state, message, GIVEN_UP));
  if (report.kind !== "foreign-address") return unchanged(state);
  const { index, address, prefix, isOwner } = report;
  const known = routerOf(state, message)?.beside ?? [];
  const others = known.filter(
    (one) => one.index !== index || one.address !== address || one.prefix !== prefix,
  );
  const beside = isOwner ? others : [...others, { index, address, prefix }];
  return unchanged(changed(state, message, { beside }));
}

function changed(
  state: SupervisorState,
  about: AboutInstance,
  change: Partial<Pick<KnownRouter, "mayOwn" | "hold" | "beside">>,
): SupervisorState {
  const router = routerOf(state, about);
  const routers = state.routers.map((one) => (one === router ? { ...one, ...change } : one));
  return router === undefined ? state : { ...state, routers };
}

/** What was held for this router is its own again. */
function becameMaster(state: SupervisorState, about: AboutInstance): Step {
  const router = routerOf(state, about);
  if (router === undefined) return unchanged(state);
  return takenByEngine(changed(state, about, { mayOwn: true, hold: undefined }), router.hold);
}

function configurationTaken(state: SupervisorState): Step {
  const [taken, ...sent] = state.sent;
  if (taken === undefined) return unchanged(state);
  const { revision, isReload } = taken;
  const nth = state.taken + 1;
  return {
    state: { ...state, sent, taken: nth, routers: adopt(state.routers, taken, nth) },
    effects: [{ kind: "configurationTaken", revision, isReload, nth }],
  };
}

const isConfigured = ({ leaving }: KnownRouter): boolean => leaving === undefined;

/** What is not in the new configuration goes on handing over. */
function adopt(
  before: readonly KnownRouter[],
  { instances, resumed }: Sent,
  nth: number,
): readonly KnownRouter[] {
  const staying = new Map(before.filter(isConfigured).map((one) => [one.config, one] as const));
  const pairs = pairUp([...staying.keys()], instances);
  const adopted = instances.map((config): KnownRouter => {
    const old = pairs.get(config);
    const known = old === undefined ? undefined : staying.get(old);
    if (old !== undefined) staying.delete(old);
    const mayOwn = known?.mayOwn ?? false;
    const mayBePromoted = known?.mayBePromoted ?? false;
    const beside = known?.beside ?? [];
    const hold = resumed.get(config);
    return { config, mayOwn, mayBePromoted, leaving: undefined, hold, beside };
  });
  const removed = [...staying.values()].map((one) => ({ ...one, leaving: nth }));
  return [...adopted, ...before.filter((one) => !isConfigured(one)), ...removed];
}

/** The engine is gone: what it may have owned is nobody's, and nothing is known of any router. */
export function routersWithoutEngine(
  state: SupervisorState,
): Pick<SupervisorState, "routers" | "orphans" | "sent" | "taken"> {
  const owned = state.routers
    .filter(({ mayOwn }) => mayOwn)
    .map(({ config, beside }) => ({ config, beside }));
  return {
    sent: [],
    taken: 0,
    orphans: [...state.orphans, ...owned],
    // The next engine says anew what others have added.
    routers: state.routers
      .filter(isConfigured)
      .map((one) => ({ ...one, ...GIVEN_UP, mayBePromoted: false, beside: [] })),
  };
}
