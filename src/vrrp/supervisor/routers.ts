/**
 * What the engine may own, by what it has said: enough to hand over for it when it dies. A router
 * is followed through a reload by interface, VRID and transport, as the engine does it, not by its
 * name: two names may have changed places.
 */
import type { FromEngine } from "../engine/engine-link.ts";
import { pairUp } from "../engine/pairing.ts";
import type { InstanceConfig } from "../router/config.ts";
import { takenByEngine } from "./hand-over.ts";
import { type KnownRouter, type Step, type SupervisorState, unchanged } from "./state.ts";

/** Whom a message is about: by its name, among those configured or those a reload has removed. */
interface About {
  readonly instance: string;
  readonly leaving?: true;
}

export function engineSaid(state: SupervisorState, message: FromEngine): Step {
  switch (message.type) {
    case "configuring":
      return configurationTaken(state);
    case "transition": {
      const { to } = message;
      if (to === "MASTER") return becameMaster(state, message);
      // STOP is the beginning of a hand-over, in which the address still answers.
      if (to === "STOP") return unchanged(state);
      return unchanged(changed(state, message, { mayOwn: false }));
    }
    case "report": {
      if (message.report.kind !== "handed-over") return unchanged(state);
      return unchanged(changed(state, message, { mayOwn: false }));
    }
    case "removed": {
      const gone = routerOf(state, message);
      const isGone = (one: KnownRouter): boolean => one === gone && one.isLeaving;
      return unchanged({ ...state, routers: state.routers.filter((one) => !isGone(one)) });
    }
    case "stopped":
      return unchanged({
        ...state,
        routers: state.routers.map((one) => ({ ...one, mayOwn: false })),
      });
    case "ready":
    case "groupTransition":
    case "priorityChanged":
    case "drop":
    case "log":
    case "snapshot":
    case "record":
    case "unknownVrid":
      return unchanged(state);
  }
}

function routerOf(state: SupervisorState, { instance, leaving }: About): KnownRouter | undefined {
  return state.routers.find(
    ({ config, isLeaving }) => config.router.name === instance && isLeaving === (leaving === true),
  );
}

function changed(
  state: SupervisorState,
  about: About,
  change: Pick<KnownRouter, "mayOwn">,
): SupervisorState {
  const router = routerOf(state, about);
  const routers = state.routers.map((one) => (one === router ? { ...one, ...change } : one));
  return router === undefined ? state : { ...state, routers };
}

/** What was held for this router is its own again. */
function becameMaster(state: SupervisorState, about: About): Step {
  const router = routerOf(state, about);
  if (router === undefined) return unchanged(state);
  return takenByEngine(changed(state, about, { mayOwn: true }), router.config);
}

function configurationTaken(state: SupervisorState): Step {
  const [taken, ...sent] = state.sent;
  if (taken === undefined) return unchanged(state);
  const { revision, isReload } = taken;
  return {
    state: { ...state, sent, routers: adopt(state.routers, taken.instances) },
    effects: [{ kind: "configurationTaken", revision, isReload }],
  };
}

/** What is not in the new configuration goes on handing over. */
function adopt(
  before: readonly KnownRouter[],
  configs: readonly InstanceConfig[],
): readonly KnownRouter[] {
  const staying = new Map(
    before.filter((one) => !one.isLeaving).map((one) => [one.config, one] as const),
  );
  const pairs = pairUp([...staying.keys()], configs);
  const adopted = configs.map((config): KnownRouter => {
    const old = pairs.get(config);
    const known = old === undefined ? undefined : staying.get(old);
    if (old !== undefined) staying.delete(old);
    return { config, mayOwn: known?.mayOwn ?? false, isLeaving: false };
  });
  const removed = [...staying.values()].map((one) => ({ ...one, isLeaving: true }));
  return [...adopted, ...before.filter((one) => one.isLeaving), ...removed];
}

/** The engine is gone: what it may have owned is nobody's, and nothing is known of any router. */
export function routersWithoutEngine(
  state: SupervisorState,
): Pick<SupervisorState, "routers" | "orphans"> {
  const owned = state.routers.filter(({ mayOwn }) => mayOwn).map(({ config }) => config);
  return {
    orphans: [...state.orphans, ...owned],
    routers: state.routers
      .filter(({ isLeaving }) => !isLeaving)
      .map((one) => ({ ...one, mayOwn: false })),
  };
}
