/** A machine with two services, on which every command can be the last one. */
import type { Journal } from "#migrate/journal";
import type { Command, Observed } from "#migrate/steps";

export interface MachineState {
  dropIn: string | undefined;
  loadedDropIn: string | undefined;
  keepalivedActive: boolean;
  keepalivedEnabled: boolean;
  batonActive: boolean;
  batonEnabled: boolean;
}

/** Thrown in place of the command that the program does not live to give. */
export class Killed extends Error {}

export class Machine {
  readonly state: MachineState;
  readonly commands: string[] = [];
  /** Commands until the program is killed; undefined: never. */
  left: number | undefined;
  /** A command that is refused, as systemctl prints it. */
  refuses: string | undefined;

  constructor(state: MachineState) {
    this.state = { ...state };
  }

  perform(command: Command): string | undefined {
    if (this.left === 0) throw new Killed();
    if (this.left !== undefined) this.left -= 1;
    const line = command.kind === "systemctl" ? command.args.join(" ") : command.kind;
    this.commands.push(line);
    if (line === this.refuses) return "refused by the test";
    const { state } = this;
    switch (line) {
      case "write":
        state.dropIn = command.kind === "write" ? command.text : undefined;
        break;
      case "remove":
        state.dropIn = undefined;
        break;
      case "daemon-reload":
        state.loadedDropIn = state.dropIn;
        break;
      case "enable b":
      case "disable b":
        state.batonEnabled = line === "enable b";
        break;
      case "enable k":
      case "disable k":
        state.keepalivedEnabled = line === "enable k";
        break;
      case "start k":
      case "stop k":
        state.keepalivedActive = line === "start k";
        break;
      case "start b":
      case "stop b":
        state.batonActive = line === "start b";
        break;
      default:
        throw new Error(`unexpected command ${line}`);
    }
    this.check();
    return undefined;
  }

  /** Both are never there, not even where no Conflicts= helps. */
  check(): void {
    const { keepalivedActive, batonActive } = this.state;
    if (keepalivedActive && batonActive)
      throw new Error(`two daemons after ${this.commands.join(", ")}`);
  }

  /** Where both are enabled, systemd drops one of two jobs that conflict: which is not said. */
  reboot(chosen: "keepalived" | "baton"): void {
    const { state } = this;
    const both = state.keepalivedEnabled && state.batonEnabled;
    state.keepalivedActive = state.keepalivedEnabled && (!both || chosen === "keepalived");
    state.batonActive = state.batonEnabled && (!both || chosen === "baton");
    state.loadedDropIn = state.dropIn;
    this.commands.push(`reboot (${chosen})`);
  }

  observe(): Observed {
    const { state } = this;
    return {
      dropIn: state.dropIn,
      isLoaded: state.dropIn === state.loadedDropIn,
      keepalived: {
        isActive: state.keepalivedActive,
        isEnabled: state.keepalivedEnabled,
        processes: state.keepalivedActive ? [1] : [],
      },
      baton: {
        isActive: state.batonActive,
        isEnabled: state.batonEnabled,
        answers: state.batonActive,
      },
      addresses: state.keepalivedActive || state.batonActive ? ["192.0.2.100"] : [],
    };
  }
}

export const BEFORE: MachineState = {
  dropIn: undefined,
  loadedDropIn: undefined,
  keepalivedActive: true,
  keepalivedEnabled: true,
  batonActive: false,
  batonEnabled: false,
};

export const AFTER: MachineState = {
  dropIn: "text",
  loadedDropIn: "text",
  keepalivedActive: false,
  keepalivedEnabled: false,
  batonActive: true,
  batonEnabled: true,
};

export const journalOf = (before: MachineState): Journal => ({
  version: 1,
  startedAt: "2026-01-01T00:00:00.000Z",
  direction: "apply",
  before: {
    keepalivedEnabled: before.keepalivedEnabled,
    batonEnabled: before.batonEnabled,
    dropIn: before.dropIn,
  },
  keepalivedUnit: "k",
  batonUnit: "b",
  dropIn: { path: "/etc/d.conf", text: "text" },
  addresses: ["192.0.2.100"],
  progress: {},
});
