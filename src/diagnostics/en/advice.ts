/** VR3xxx in English. */
import type { CodeFamily, Messages } from "../messages.ts";
import { clouds, list, plural } from "./phrases.ts";

export const ADVICE: Messages<CodeFamily<"VR3">> = {
  VR3001: ({ instance, tracker, weight, isGated }) => ({
    message: `with ${isGated === true ? "a `gate`" : "`nopreempt`"}, the weighted check \`${tracker}\` (${weight}) never moves the address of \`${instance}\``,
    label: "lowers the priority, and nobody takes over",
    notes: [
      "a backup with `nopreempt` or a `gate` accepts any living master, also one with a priority that has dropped",
    ],
    help: "leave the weight out: a failing check is then FAULT, and the address moves",
  }),
  VR3002: ({ script, timeout, interval, isCheck }) => ({
    message: `\`${script}\` may run ${timeout} s but is due every ${interval} s`,
    label: "longer than the interval",
    related: ["the interval"],
    ...(isCheck === true
      ? {}
      : {
          notes: [
            "keepalived up to 2.3.2 starts a second run beside the first; Baton skips a beat",
          ],
        }),
  }),
  VR3003: ({ mark, command }) => ({
    message: `there is no shell: \`${mark}\` in \`${command}\` is passed to the program as a word`,
    label: "shell syntax",
    help: "put the commands in a script file, or write `/bin/sh -c '…'`",
  }),
  VR3021: ({ path }) => ({
    message: `\`${path}\` is found through the daemon's PATH`,
    label: "not an absolute path",
  }),
  VR3004: ({ path }) => ({
    message: `\`${path}\` is not an absolute path: it would be looked for in the daemon's PATH, not beside the configuration`,
    label: "probably not found",
    help: "write the whole path",
  }),
  VR3005: ({ path, folder, user }) => ({
    message: `everybody can write to \`${folder}\`, so everybody can decide what \`${path}\` does as \`${user}\``,
    label: "anybody's program",
    help: "keep scripts in a folder of root, such as /etc/keepalived",
  }),
  VR3006: ({ count }) => ({
    message: `${plural(count, "script")} would run as \`keepalived_script\` if that account exists, else as root`,
    label: "no `script_user`",
    help: "write `script_user` and `enable_script_security` in `global_defs`",
  }),
  VR3007: ({ unicast, authentication, resets }) => ({
    message: "`vrrp_strict` makes the virtual address unreachable unless the priority is 255",
    label: "remove this",
    notes: [
      "traffic to and from the virtual address is dropped, here as in keepalived",
      ...(unicast ? ["strict VRRP has no unicast: the two contradict each other"] : []),
      ...(authentication
        ? [
            "it removes the password, here as in keepalived: a node that sends one rejects this node, and both become MASTER",
          ]
        : []),
      ...(resets.length > 0 ? [`what is written does not count for ${list(resets)}`] : []),
    ],
    help: "delete the line on every node; almost nobody wants strict mode",
  }),
  VR3008: ({ group, tracker, removed }) => ({
    message: removed
      ? `sync group \`${group}\` removes the weighted check \`${tracker}\``
      : `sync group \`${group}\` turns the weight of \`${tracker}\` into FAULT`,
    label: removed ? "not checked at all" : "any failure is FAULT",
    related: ["the group"],
    help: "add `sync_group_tracking_weight` to the group, or leave the weight out",
  }),
  VR3009: ({ address, network, source }) => ({
    message: `\`${address}\` is not in the network of ${source}`,
    label: `network ${network}`,
    related: ["this node's address"],
    notes: ["other machines would not find the address on this network"],
    help: "check address and prefix, or name the interface with `dev`",
  }),
  VR3010: () => ({
    message: "mail is set up but never sent: nothing says `smtp_alert`",
    label: "has no effect",
    help: "delete the mail settings, or run a mail program from `notify`",
  }),
  VR3012: ({ cloud, instance }) => ({
    message: `\`${instance}\` uses multicast, which ${clouds[cloud] ?? cloud} does not carry without being asked`,
    label: "no `unicast_peer`",
    help: "add `unicast_src_ip` and `unicast_peer { … }`",
  }),
  VR3013: ({ cloud, instance, missing }) => ({
    message: `\`${instance}\` announces its address at take-over only; ${clouds[cloud] ?? cloud} asks for \`${missing}\``,
    label: `no \`${missing}\``,
    notes: ["the network there learns where the address is from gratuitous ARP, and may miss one"],
    help: "add `garp_master_delay 1` and `garp_master_refresh 5`",
  }),
  VR3014: ({ cloud, interface: device, count, max }) => ({
    message: `\`${device}\` holds ${count} virtual addresses; ${clouds[cloud] ?? cloud} recommends at most ${max}`,
    label: plural(count, "address").replace("addresss", "addresses"),
  }),
  VR3015: ({ cloud, interface: device, count, repeat }) => ({
    message: `${count} addresses on \`${device}\`, each announced ${repeat} times at once: ${clouds[cloud] ?? cloud} limits gratuitous ARP`,
    label: "a burst at take-over",
    help: "write `vrrp_garp_master_repeat 1` in `global_defs`",
  }),
  VR3016: ({ cloud, instance }) => ({
    message: `a virtual MAC address does not pass in ${clouds[cloud] ?? cloud}: \`${instance}\` would not be heard`,
    label: "remove this",
    notes: ["the network there accepts only the interface's own MAC address"],
  }),
  VR3022: ({ count }) => ({
    message: `without \`script_user\` ${plural(count, "script")} would run as \`keepalived_script\`; where that account does not exist, keepalived runs without ${count === 1 ? "it" : "them"}, and Baton runs ${count === 1 ? "it" : "them"} as root`,
    label: "no `script_user`",
    help: "write `script_user NAME` in `global_defs`, or `user NAME` in each check",
  }),
  VR3017: ({ vrid, first, second, same }) => ({
    message: same
      ? `virtual_router_id ${vrid} is used by \`${first}\` and \`${second}\` on one interface, with other peers or another group`
      : `virtual_router_id ${vrid} is used by \`${first}\` and \`${second}\` on different interfaces`,
    label: "the same number",
    related: [`\`${first}\``],
    notes: [
      same
        ? "that works as long as no other node sends to both; another number each is clearer"
        : "that works as long as the two networks are never bridged",
    ],
  }),
  VR3018: ({ path, folder, user }) => ({
    message: `the owner of \`${folder}\` can decide what \`${path}\` does as \`${user}\``,
    label: "in a home folder",
    help: "keep scripts in a folder of root, such as /etc/keepalived",
  }),
  VR3023: ({ address, network }) => ({
    message: `\`${address}\` is apart from every other address of this instance, which are in ${network}`,
    label: "a digit wrong?",
    related: ["the others"],
    help: "if it is meant, write the prefix of its network behind it; clients find it only if their network contains both",
  }),
  VR3027: ({ instance, address }) => ({
    message: `the first address of \`${instance}\` should be one of the link: RFC 9568 wants \`fe80::…\` there, and ${address} is none`,
    label: "not of the link",
    help: "write a link-local address in front of it (`fe80::100/64`), on both nodes; keepalived and Baton run without it, other routers may refuse the advertisement",
  }),
  VR3028: ({ instance, count, most }) => ({
    message: `\`${instance}\` advertises ${count} IPv6 addresses, and a packet of 1,500 bytes has room for ${most}: no advertisement would leave`,
    label: "too many for one packet",
    help: "move addresses to `virtual_ipaddress_excluded`, on both nodes: they are owned and announced, and not advertised",
  }),
  VR3024: ({ cloud, instance }) => ({
    message: `nothing moves the addresses of \`${instance}\` in ${clouds[cloud] ?? cloud}: gratuitous ARP does not, and no script calls the API`,
    label: "no `notify_master`",
    notes: ["the new owner would have an address that the network still delivers to the old one"],
    help: "let `notify_master` call the cloud's API",
  }),
  VR3019: ({ instance, seconds }) => ({
    message: `a dead master of \`${instance}\` would be noticed after ${seconds} s at the earliest`,
    label: "slow",
  }),
  VR3020: ({ instance, down, interval, seconds }) => ({
    message: `\`${instance}\` takes over after ${seconds} s without an advertisement (${down} × ${interval} s): one lost packet or a short stall is enough`,
    label: "very short",
    help: "wait for at least three intervals, and for at least 100 ms",
  }),
};
