/** VR5xxx in English. */
import type { Family, Texts } from "../texts.ts";
import { list, ticked } from "./words.ts";

export const MACHINE: Texts<Family<"VR5">> = {
  VR5001: ({ path }) => ({
    message: `there is no file \`${path}\``,
    notes: [
      "keepalived would start without any configuration, and `keepalived -t` says that all is well",
    ],
  }),
  VR5002: ({ path }) => ({
    message: `\`${path}\` is a directory`,
    help: "name the file in it",
  }),
  VR5003: ({ path }) => ({
    message: `\`${path}\` is executable, so keepalived would not read it and start without any configuration`,
    help: `chmod a-x ${path}`,
  }),
  VR5004: ({ path, error }) => ({
    message: `\`${path}\` cannot be read: ${error}`,
  }),
  VR5101: ({ interface: device, known }) => ({
    message: `this machine has no interface \`${device}\``,
    label: "not here",
    ...(known.length === 0 ? {} : { help: `it has ${ticked(known)}` }),
  }),
  VR5102: ({ interface: device }) => ({
    message: `interface \`${device}\` is down, or has no address`,
    label: "down now",
  }),
  VR5103: ({ address, interface: device }) => ({
    message: `${address} is not an address of \`${device}\` on this machine`,
    label: "not ours",
  }),
  VR5104: ({ address, interface: device, networks }) => ({
    message: `virtual address ${address} is outside every network of \`${device}\``,
    label: networks.length === 0 ? "no network" : `not in ${list(networks, "or")}`,
    notes: ["keepalived starts with this configuration too"],
  }),
  VR5105: ({ path }) => ({
    message: `script \`${path}\` is not there, so it would never run`,
    label: "not found",
    notes: ["keepalived says so in its log only, and runs without it"],
  }),
  VR5106: ({ path }) => ({
    message: `script \`${path}\` is not executable`,
    label: "cannot be run",
    help: `chmod +x ${path}`,
  }),
  VR5107: ({ path, place, why }) => ({
    message:
      why === "owner"
        ? `\`${place}\` does not belong to root, so its owner can decide what \`${path}\` does as root`
        : `others can write to \`${place}\`, so they can decide what \`${path}\` does as root`,
    label: "not safe to run as root",
  }),
  VR5108: ({ user }) => ({
    message: `this machine has no account \`${user}\``,
    label: "not found",
  }),
  VR5109: ({ rule }) => ({
    message: `the firewall drops VRRP (protocol 112): ${rule}`,
    help: "allow protocol 112 from the peers",
  }),
  VR5111: ({ address, interface: device }) => ({
    message: `virtual address ${address} is on \`${device}\` already`,
    label: "present now",
    notes: ["either this node is master, or the address is set elsewhere and would not move"],
  }),
};
