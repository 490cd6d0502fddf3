/** What can go wrong on the owner of the address, and how it is repaired. */
import type { LabNode } from "./node.ts";

export type FaultName =
  | "stop"
  | "kill-engine"
  | "kill-supervisor"
  | "kill-all"
  | "hang"
  | "link"
  | "host"
  | "late-port"
  | "script"
  | "restart"
  | "flap"
  | "partition";

export interface Fault {
  readonly name: FaultName;
  /**
   * Does the address have to change its owner? `maybe`: both outcomes are right. `splits`:
   * nodes that cannot hear each other both own it while this lasts; no protocol between two
   * nodes can do better without a third party.
   */
  readonly moves: "yes" | "maybe" | "splits";
  /**
   * True for planned moves, in which both may hold the address while one hands it to the other.
   */
  readonly coordinated: boolean;
  /**
   * True if the node cannot be reached or is off, so that what it still holds does not count as
   * a second owner.
   */
  readonly ownerUnreachable: boolean;
  /**
   * Breaks it. The caller may await what follows the first effect (the later changes of a
   * flap).
   */
  inject(owner: LabNode): Promise<void>;
  /** Repairs it; the node runs its daemon again afterwards. */
  heal(owner: LabNode): Promise<void>;
}

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
const nothing = (): Promise<void> => Promise.resolve();

const FLAP_COUNT = 3;
const FLAP_DOWN_MILLISECONDS = 100;
const FLAP_PERIOD_MILLISECONDS = 300;

/**
 * Spanning tree, or a switch that is slow to learn: the node hears nobody and believes that it
 * is alone.
 */
const LATE_PORT_SECONDS = 6;

const DEFAULTS = { moves: "yes", coordinated: false, ownerUnreachable: false } as const;

export const FAULTS: Readonly<Record<FaultName, Fault>> = {
  stop: {
    ...DEFAULTS,
    name: "stop",
    coordinated: true,
    inject: (owner) => owner.signalSupervisor("SIGTERM"),
    heal: (owner) => owner.startDaemon(),
  },
  restart: {
    ...DEFAULTS,
    name: "restart",
    coordinated: true,
    inject: async (owner) => {
      await owner.signalSupervisor("SIGTERM");
      await owner.untilDaemonEnded();
      await owner.startDaemon();
    },
    heal: nothing,
  },
  "kill-engine": {
    ...DEFAULTS,
    name: "kill-engine",
    coordinated: true,
    inject: (owner) => owner.signalEngine("SIGKILL"),
    // The supervisor starts a new one.
    heal: nothing,
  },
  "kill-supervisor": {
    ...DEFAULTS,
    name: "kill-supervisor",
    coordinated: true,
    inject: (owner) => owner.signalSupervisor("SIGKILL"),
    heal: (owner) => owner.startDaemon(),
  },
  "kill-all": {
    ...DEFAULTS,
    name: "kill-all",
    inject: (owner) => owner.signalAll("SIGKILL"),
    heal: (owner) => owner.startDaemon(),
  },
  hang: {
    ...DEFAULTS,
    name: "hang",
    inject: (owner) => owner.signalAll("SIGSTOP"),
    heal: (owner) => owner.signalAll("SIGCONT"),
  },
  link: {
    ...DEFAULTS,
    name: "link",
    ownerUnreachable: true,
    inject: (owner) => Promise.resolve(owner.setCable("unplugged")),
    heal: (owner) => Promise.resolve(owner.setCable("plugged")),
  },
  host: {
    ...DEFAULTS,
    name: "host",
    ownerUnreachable: true,
    inject: (owner) => {
      owner.setCable("unplugged");
      return owner.signalAll("SIGKILL");
    },
    heal: async (owner) => {
      // A machine that boots has no virtual address.
      owner.forgetVirtualAddress();
      owner.setCable("plugged");
      await owner.startDaemon();
    },
  },
  "late-port": {
    ...DEFAULTS,
    name: "late-port",
    ownerUnreachable: true,
    // The cable is left plugged in: a bridge forwards again by itself when a carrier comes
    // back.
    inject: (owner) => {
      owner.setForwarding("blocked");
      return owner.signalAll("SIGKILL");
    },
    heal: async (owner) => {
      owner.forgetVirtualAddress();
      await owner.startDaemon();
      await sleep(LATE_PORT_SECONDS * 1000);
      owner.setForwarding("forwarding");
    },
  },
  script: {
    ...DEFAULTS,
    name: "script",
    coordinated: true,
    inject: (owner) => Promise.resolve(owner.setService("down")),
    heal: (owner) => Promise.resolve(owner.setService("up")),
  },
  flap: {
    ...DEFAULTS,
    name: "flap",
    moves: "maybe",
    inject: async (owner) => {
      for (let count = 0; count < FLAP_COUNT; count++) {
        owner.setCable("unplugged");
        await sleep(FLAP_DOWN_MILLISECONDS);
        owner.setCable("plugged");
        await sleep(FLAP_PERIOD_MILLISECONDS - FLAP_DOWN_MILLISECONDS);
      }
    },
    heal: nothing,
  },
  partition: {
    ...DEFAULTS,
    name: "partition",
    moves: "splits",
    inject: (owner) => Promise.resolve(owner.setPartition("apart")),
    heal: (owner) => Promise.resolve(owner.setPartition("together")),
  },
};

export const FAULT_NAMES: readonly FaultName[] = Object.keys(FAULTS) as FaultName[];
