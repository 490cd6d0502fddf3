/** What the supervisor is made with. */
import type { Language } from "#diagnostics/diagnostic";
import type { EventLog } from "#events/event-log";
import type { RunPlan } from "#keepalived/plan/run-plan";
import type { Rtnetlink } from "#linux/rtnetlink";
import type { InstanceConfig } from "#vrrp/router/config";
import type { CloudQuestion } from "./cloud-source.ts";
import type { Status } from "./control-protocol.ts";
import type { Launcher } from "./launcher.ts";
import type { Log } from "./log.ts";
import type { OwnedPlaces } from "./owned-places.ts";
import type { SystemManager } from "./system-manager.ts";

export type Reread =
  | { readonly kind: "plan"; readonly plan: RunPlan }
  /**
   * The running configuration stays. The reasons have been logged; here they are for whoever
   * asked, in the requested language.
   */
  | { readonly kind: "refused"; readonly findings: readonly string[] };

export interface SupervisorOptions {
  readonly configFile: string;
  readonly configId: string | undefined;
  readonly language: Language;
  readonly log: Log;
  readonly rtnetlink: Rtnetlink;
  /** Where what happens is kept; undefined: nowhere. */
  readonly events?: EventLog | undefined;
  /** What `status` says of it. */
  readonly eventsStatus?: () => Status["events"];
  readonly launcher: Launcher;
  readonly manager: SystemManager;
  /** Reads the file again. */
  readonly reread: (language: Language) => Reread;
  /** `-r`: the PID file of keepalived's VRRP child. */
  readonly enginePidFile: string | undefined;
  /**
   * `--cloud`: ask the cloud about every instance. With a `havip` block in the file it is asked
   * anyway.
   */
  readonly cloud?: CloudQuestion | undefined;
  /** Where keys, regions and endpoints are looked for. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Only for a daemon with a runtime directory. */
  readonly places?: OwnedPlaces | undefined;
  /** Where a maintenance is kept; undefined: it ends with the daemon. */
  readonly stateDir?: string | undefined;
  /**
   * Called after a reload: all addresses but these have been given up, and another daemon may
   * have them.
   */
  readonly keepClaims?: (instances: readonly InstanceConfig[]) => void;
  /** Where the engine's lock is; undefined if it has none. */
  readonly runtimeDir?: string | undefined;
  /** After a reload, with what was read. */
  readonly reloaded?: ((plan: RunPlan) => void) | undefined;
  /** What the HTTP API listens on; undefined: there is none. */
  readonly apiListens?: (() => readonly string[] | undefined) | undefined;
  /** `--record`: the file to which the routers' events are appended. */
  readonly recordFile?: string | undefined;
  /** The program of the engine and its arguments; undefined for the real one. */
  readonly engineProgram?: readonly string[];
}
