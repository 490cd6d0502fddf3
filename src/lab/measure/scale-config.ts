/**
 * Many instances on one machine: which interface and VRID each has, its addresses, and the
 * keepalived.conf that both daemons read. Pure.
 */
import { assert } from "#units/assert";

export type ScaleRole = "master" | "backup";

export interface ScaleShape {
  readonly instances: number;
  readonly advertSeconds: number;
  readonly role: ScaleRole;
  /** Of every instance, which then speaks version 2: whole seconds only. */
  readonly password?: string;
  /** Shell commands that every instance tracks, run once a second. */
  readonly script?: string;
}

/**
 * How many instances an interface has: a VRID has 255 values, and a round number is easier to
 * read.
 */
export const INSTANCES_PER_INTERFACE = 250;
const INTERFACES_MAX = 40;
export const INSTANCES_MAX: number = INSTANCES_PER_INTERFACE * INTERFACES_MAX;
/**
 * The priority of the daemon under test; the peer's is higher, so that the daemon stays BACKUP.
 */
export const DAEMON_PRIORITY = 100;
export const PEER_PRIORITY = 200;
export const HOST_PREFIX = 16;

/** Where `script` is, as the daemon sees it. */
export const SCALE_SCRIPT = "/etc/keepalived/check.sh";

export interface ScaleInterface {
  /** The interface's name on the daemon's machine. */
  readonly name: string;
  /** The interface's name on the peer's machine, at the other end of the cable. */
  readonly peerName: string;
  readonly address: string;
  readonly peerAddress: string;
  readonly routers: readonly { readonly vrid: number; readonly address: string }[];
}

export function scaleInterfaces(instances: number): readonly ScaleInterface[] {
  assert(instances >= 1 && instances <= INSTANCES_MAX, `${instances} instances`);
  const count = Math.ceil(instances / INSTANCES_PER_INTERFACE);
  return Array.from({ length: count }, (_, index) => {
    const net = `10.${100 + index}`;
    const left = instances - index * INSTANCES_PER_INTERFACE;
    const routers = Array.from({ length: Math.min(left, INSTANCES_PER_INTERFACE) }, (_, place) => ({
      vrid: place + 1,
      address: `${net}.1.${place + 1}`,
    }));
    return {
      name: `eth${index}`,
      peerName: `peer${index}`,
      address: `${net}.0.1`,
      peerAddress: `${net}.0.2`,
      routers,
    };
  });
}

function settingsOf({ password, script }: ScaleShape): readonly string[] {
  const authentication = ["    authentication {", "        auth_type PASS"];
  return [
    ...(password === undefined
      ? []
      : [...authentication, `        auth_pass ${password}`, "    }"]),
    ...(script === undefined ? [] : ["    track_script {", "        CHECK", "    }"]),
  ];
}

/** Nothing here makes a daemon start or query anything else: only VRRP is measured. */
export function printScaleConfig(shape: ScaleShape): string {
  const lines = [
    "global_defs {",
    "    router_id SCALE",
    `    vrrp_version ${shape.password === undefined ? 3 : 2}`,
    ...(shape.script === undefined ? [] : ["    script_user root"]),
    // One announcement and one more after a second, so that a window need not wait for them.
    "    vrrp_garp_master_delay 1",
    "    vrrp_garp_master_repeat 1",
    "    vrrp_garp_master_refresh 0",
    "}",
  ];
  if (shape.script !== undefined) {
    lines.push("vrrp_script CHECK {", `    script ${SCALE_SCRIPT}`, "    interval 1", "}");
  }
  for (const { name, routers } of scaleInterfaces(shape.instances)) {
    for (const { vrid, address } of routers) {
      lines.push(
        `vrrp_instance ${name}_${vrid} {`,
        `    state ${shape.role === "master" ? "MASTER" : "BACKUP"}`,
        `    interface ${name}`,
        `    virtual_router_id ${vrid}`,
        `    priority ${DAEMON_PRIORITY}`,
        `    advert_int ${shape.advertSeconds}`,
        ...settingsOf(shape),
        "    virtual_ipaddress {",
        `        ${address}/32`,
        "    }",
        "}",
      );
    }
  }
  return `${lines.join("\n")}\n`;
}
