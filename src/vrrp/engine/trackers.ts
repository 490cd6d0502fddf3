/** Results of scripts, files, processes and interfaces, given to the instances that track them. */
import type { Instant } from "#units/time";
import type { RouterConfig } from "../router/config.ts";
import type { TrackerState } from "../router/state.ts";
import type { EngineContext } from "./context.ts";
import type { TrackerResult } from "./engine-link.ts";
import type { Instance } from "./instance.ts";
import type { Steps } from "./steps.ts";

export class Trackers {
  readonly #context: EngineContext;
  readonly #steps: Steps;
  /** By "kind/name", also of those that no instance tracks any more. */
  readonly #results = new Map<string, TrackerState>();

  constructor(context: EngineContext, steps: Steps) {
    this.#context = context;
    this.#steps = steps;
  }

  remember({ kind, name, result }: TrackerResult): void {
    this.#results.set(`${kind}/${name}`, result);
  }

  stateOf(kind: string, name: string): TrackerState {
    if (kind === "interface")
      return this.#context.interfaces.named(name)?.up === true ? "up" : "down";
    return this.#results.get(`${kind}/${name}`) ?? "unknown";
  }

  /** Of all that a router tracks, in the order of its configuration. */
  statesOf({ trackers }: RouterConfig): readonly TrackerState[] {
    return trackers.map(({ kind, name }) => this.stateOf(kind, name));
  }

  changed(change: TrackerResult, now: Instant): void {
    this.remember(change);
    const { kind, name, result } = change;
    for (const instance of this.#context.instances.all) {
      for (const [index, tracker] of instance.config.router.trackers.entries()) {
        if (tracker.kind === kind && tracker.name === name)
          this.#steps.apply(instance, { kind: "trackerChanged", index, result }, now);
      }
    }
  }

  /** Gives an instance the states of the interfaces it tracks, as far as they have changed. */
  interfacesChanged(instance: Instance, now: Instant): void {
    for (const [index, tracker] of instance.config.router.trackers.entries()) {
      if (tracker.kind !== "interface") continue;
      const result = this.stateOf("interface", tracker.name);
      if (result !== instance.state.trackers[index])
        this.#steps.apply(instance, { kind: "trackerChanged", index, result }, now);
    }
  }
}
