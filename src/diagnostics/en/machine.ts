/** VR5xxx in English. */
import type { SettingEffect } from "../facts.ts";
import type { CodeFamily, Messages } from "../messages.ts";
import { list, ticked } from "./phrases.ts";

function settingEffect(effect: SettingEffect): string {
  switch (effect.kind) {
    case "never-answers":
      return `nobody gets an answer when asking for ${effect.address} (ARP)`;
    case "host-scope":
      return `questions for ${effect.address} (ARP) are not answered, because its scope is \`host\``;
    case "held-elsewhere":
      return `questions for ${effect.address} (ARP) on \`${effect.interface}\` are not answered, because \`${effect.holder}\` has it`;
    case "other-answers":
      return `\`${effect.other}\` is in the same network and also answers for ${effect.address}, with its own MAC`;
    case "other-asks":
      return `questions that leave by \`${effect.other}\` name ${effect.address} as the asker, so neighbours learn the MAC of \`${effect.other}\` for it`;
    case "answers-by-route":
      return `\`${effect.interface}\` answers for ${effect.address} only where the way back leads through it, and \`${effect.other}\` is in the same network`;
    case "local-peer":
      return `advertisements from ${effect.address}, an address of this machine, are dropped as forged`;
    case "peer-elsewhere":
      return effect.route === undefined
        ? `advertisements from ${effect.address} are dropped on \`${effect.interface}\`, because there is no way back to it`
        : `advertisements from ${effect.address} are dropped on \`${effect.interface}\`, because the way back leads through \`${effect.route}\``;
    case "no-forwarding":
      return `\`${effect.instance}\` is a gateway's address, and this machine forwards nothing`;
    case "secondaries-go":
      return `when ${effect.address} is removed from \`${effect.interface}\`, the kernel removes ${effect.also} of another instance with it`;
    case "too-many-groups":
      return `\`${effect.interface}\` needs more multicast groups, and some instances would hear nobody`;
  }
}

/** Other names of errors are the kernel's. */
const UNREADABLE: Readonly<Record<string, string>> = {
  EACCES: "this user may not read it (EACCES)",
  EPERM: "this user may not read it (EPERM)",
  ELOOP: "it is a link that leads to itself (ELOOP)",
  "not-regular": "it is not a regular file",
  "too-large": "it is too large for a configuration",
};

const MAY_NOT: readonly string[] = ["EACCES", "EPERM"];

export const MACHINE: Messages<CodeFamily<"VR5">> = {
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
    message: `\`${path}\` cannot be read: ${UNREADABLE[error] ?? error}`,
    ...(MAY_NOT.includes(error) && { help: "try again with sudo, or as the user it belongs to" }),
  }),
  VR5005: ({ path, error }) => ({
    message:
      error === "relative"
        ? `\`file:${path}\` is not an absolute path, so the key is not found from everywhere`
        : error === "ENOENT"
          ? `there is no file \`${path}\` with a key`
          : `the key in \`${path}\` cannot be read: ${UNREADABLE[error] ?? error}`,
    label: "no key",
    notes: ["without it, this node would send what its peers refuse"],
  }),
  VR5006: ({ path, mode, isWritable }) => ({
    message: `\`${path}\` can be ${isWritable ? "changed" : "read"} by others (mode ${mode}), who could then sign as this node`,
    label: "a key",
    help: `chmod 600 ${path}`,
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
    message:
      device === undefined
        ? `${address} is not an address of this machine`
        : `${address} is not an address of \`${device}\` on this machine`,
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
  VR5112: ({ settings, effect }) => ({
    message: `${settings.map(({ key, value }) => `\`${key}\` is ${value}`).join(" and ")}: ${settingEffect(effect)}`,
    label: "affected",
    help: settings.map(({ key, wanted }) => `sysctl -w ${key}=${wanted}`).join("; "),
    notes: ["a line in /etc/sysctl.d keeps it over a restart"],
  }),
  VR5113: ({ interface: device, vrid, from, differs, theirs, ours }) => ({
    message:
      differs === "version"
        ? `${from} uses VRID ${vrid} on \`${device}\` with version ${theirs[0]}, this file version ${ours[0]}: both would be master`
        : `${from} uses VRID ${vrid} on \`${device}\` for ${list(theirs) || "no address"}, this file for ${list(ours) || "no address"}`,
    label: "in use on this network",
    help:
      differs === "version"
        ? "give both the same version"
        : `if ${from} is the peer, give both the same addresses; if not, take another VRID`,
  }),
  VR5114: ({ interface: device, vrid, from, version, theirs, ours }) => ({
    message: `${from} advertises VRID ${vrid} on \`${device}\` every ${theirs} s, this file says ${ours} s`,
    label: version === 2 ? "version 2 refuses the other interval" : "differs",
    notes: [
      version === 2
        ? "routers of version 2 drop advertisements with another interval, so both become master"
        : "a backup of version 3 follows its master's interval; after a change of roles the other one counts",
    ],
  }),
  VR5115: ({ interface: device, vrid, from, version, priority, seconds, addresses, instance }) => ({
    message: `${from} is a master on \`${device}\` now: VRID ${vrid}, version ${version}, priority ${priority}, every ${seconds} s, ${list(addresses) || "no address"}`,
    label: instance === undefined ? "not one of this file's" : "its VRID",
  }),
  VR5116: ({ interface: device, why }) => ({
    message: `routers on \`${device}\` were not listened for: ${why}`,
    help: "run it as root",
  }),
  VR5117: ({ address }) => ({
    message: `a program that binds ${address} itself cannot start on this machine while the other node has the address`,
    label: "here only while master",
    help: "sysctl -w net.ipv4.ip_nonlocal_bind=1, if a program listens on this address and not on all of them",
  }),
  VR5118: ({ part, version, needed }) => ({
    message: `this machine has ${part === "kernel" ? "Linux" : "glibc"} ${version}, and Baton needs ${needed} or later`,
    help: "a newer system on this node; until then keepalived here and Baton on the other node work as a pair",
  }),
  VR5119: ({ pids }) => ({
    message: `keepalived does VRRP on this machine now (PID ${pids.join(", ")})`,
    label: "Baton beside it would own the same addresses",
    help: "before Baton starts: systemctl stop keepalived, or go over with `baton migrate`",
    notes: ["the two do not hear each other on one machine: both would become master"],
  }),
  VR5120: ({ path, mode, keyword }) => ({
    message: `everybody on this machine can read \`${path}\` (mode ${mode}), and with it the address behind \`${keyword}\``,
    label: "whoever knows it can write to the chat",
    help: `put the \`alert\` block into a file of its own and \`include\` it, or chmod 640 ${path}`,
  }),
  VR5121: ({ path, why }) => ({
    message:
      why === "missing"
        ? `\`${path}\` is not there: the database could not be asked with an account`
        : why === "mode"
          ? `others can read the passwords in \`${path}\`, so it is not used`
          : `\`${path}\` does not belong to root, so it is not used`,
    label: "credentials of the database",
    help:
      why === "owner"
        ? `chown root: ${path}`
        : `install -m 600 /dev/null ${path}, or chmod 600 ${path}`,
  }),
  VR5122: ({ kind, address, isPeer, why }) => ({
    message: `the ${kind} server at ${address} could not be asked from here: ${why.en}`,
    label: isPeer ? "database of a peer" : "database of this node",
    notes: [
      isPeer
        ? "a promotion makes the peer read-only first where that can be reached"
        : "a node with a database that cannot be asked is not eligible",
    ],
  }),
  VR5123: ({ name, kind, why }) => ({
    message: `check \`${name}\` does not succeed now: ${why.en}`,
    label: `asked once (${kind})`,
    notes: [
      "without weight an instance that tracks it would be in FAULT, with weight its priority would change",
    ],
  }),
  VR5124: ({ address, isPeer, saves }) => ({
    message:
      saves === ""
        ? `the redis server at ${address} writes nothing to its disk: when it is started again it is empty`
        : `the redis server at ${address} keeps snapshots alone (save ${saves}): when it is started again it has the last one`,
    label: isPeer ? "database of a peer" : "database of this node",
    help: "appendonly yes and appendfsync always in redis.conf (at once: CONFIG SET appendonly yes), and RestartSec=15 in the server's unit",
    notes: [
      "systemd starts a server that was killed again at once; its replica then takes what it has and throws its own data away, with writes that were acknowledged",
    ],
  }),
  VR5125: ({ kind, address, isPeer, why, fix }) => ({
    message: `the ${kind} server at ${address}: ${why.en}`,
    label: isPeer ? "database of a peer" : "database of this node",
    help: fix.en,
  }),
  VR5201: ({ endpoint, why }) => ({
    message: `the cloud (${endpoint}) was not asked, or did not answer: ${why}`,
    label: "HAVIP, drift range and quota were not looked at",
    notes: ["keepalived and Baton elect a master without the cloud; only these checks are missing"],
  }),
  VR5202: ({ address, region }) => ({
    message: `${address} is not a HAVIP in ${region}: the network would not let it move to this machine`,
    label: "no HAVIP of this account",
    help: `apply for one: \`baton havip create --vpc ID --name NAME --vip ${address}\``,
  }),
  VR5203: ({ address, havip, subnet, own }) => ({
    message: `HAVIP ${address} (${havip}) is in ${subnet}, and this machine is in ${list(own, "and")}`,
    label: "cannot move to this machine",
    help: "a HAVIP moves inside its subnet only: give this machine an interface there, or apply for a HAVIP here",
  }),
  VR5204: ({ address, havip, instance }) => ({
    message: `${instance} is not in the drift range of HAVIP ${address} (${havip})`,
    label: "the network ignores its announcements",
    help: `add it: \`baton havip associate ${havip} ${instance}\``,
  }),
  VR5205: ({ vpc, used, limit }) => ({
    message: `${vpc} has ${used} of ${limit} HAVIPs: another cannot be made`,
    label: "quota used up",
    help: "release one that nobody needs, or ask the cloud for more",
  }),
  VR5206: ({ addresses, region }) => ({
    message: `public ${addresses.length === 1 ? "address" : "addresses"} bound to nothing in ${region}: ${list(addresses, "and")}`,
    label: "costs money for nothing",
    help: "`baton havip bind-eip HAVIP EIP` binds it to the HAVIP, `baton eip release EIP` gives it back",
  }),
  VR5207: ({ seconds, limit }) => ({
    message: `this machine's clock is ${Math.abs(seconds)} s ${seconds < 0 ? "behind" : "ahead of"} the cloud's, which refuses calls that are more than ${limit} s apart`,
    label: Math.abs(seconds) > limit ? "the cloud would not answer" : "on the way there",
    help: "set the clock, for example with chrony",
  }),
  VR5208: ({ path, mode }) => ({
    message: `others can read the key in \`${path}\` (mode ${mode})`,
    label: "not secret",
    help: `chmod 600 ${path}`,
  }),
};
