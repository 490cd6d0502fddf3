/** Codes about virtual MAC addresses. */
import type { VmacFacts } from "../facts-vmac.ts";
import type { CodeFamily, Messages } from "../messages.ts";

const REFUSED: Readonly<Record<VmacFacts["VR2150"]["why"], string>> = {
  name: "is no name of an interface: at most 15 bytes, without `/`",
  mac: "is no MAC address: five bytes, to which the VRID is added, or six, such as `02:00:00:00:01`",
  multicast: "is the address of a group: the first byte of a MAC address of one machine is even",
  rfc: "is in the range that RFC 9568 gives to routers by VRID, which is used without it",
  second: "is a second name",
};

export const VMAC: Messages<CodeFamily<"VR215">> = {
  VR2150: ({ word, instance, why }) => ({
    message: `\`${word}\` ${REFUSED[why]}; \`${instance}\` runs without it`,
    label: "ignored",
    help: "`use_vmac [NAME] [MAC]`; each may be left out",
  }),
  VR2151: ({ name, instance, by }) => ({
    message:
      by === undefined
        ? `\`${name}\` is an interface of this file: the device of \`${instance}\` gets another name`
        : `\`${name}\` is the device of \`${by}\` already: that of \`${instance}\` gets another name`,
    label: "taken",
    help: "choose a name that nothing else has, or none: then it is called after its VRID",
  }),
  VR2152: ({ instance }) => ({
    message: `with unicast \`${instance}\` advertises from the interface itself, not from its virtual MAC address`,
    label: "without `vmac_xmit_base`",
    notes: ["`use_vmac` with unicast means `vmac_xmit_base`, here as in keepalived"],
    help: "write `vmac_xmit_base`, so that the file says what happens",
  }),
  VR2154: ({ instance }) => ({
    message: `the IPv6 addresses of \`${instance}\` would be on the interface itself, with its MAC address`,
    label: "of IPv4 addresses only",
    notes: ["clients learn the new owner's MAC address by neighbour advertisements, as without it"],
  }),
  VR2153: ({ keyword, instance, why }) => ({
    message: `\`${keyword}\` has no effect in \`${instance}\``,
    label: why === "no-vmac" ? "without `use_vmac`" : "without `interface`",
    help:
      why === "no-vmac"
        ? "write `use_vmac`, or delete the line"
        : "write the `interface` that its device is to be on",
  }),
};
