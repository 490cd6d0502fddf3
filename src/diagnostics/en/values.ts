/** VR20xx in English. */
import type { Facts } from "../facts.ts";
import type { CodeFamily, Message, Messages } from "../messages.ts";
import { API } from "./api.ts";
import { EVENTS } from "./events.ts";
import { list, ticked } from "./phrases.ts";

function used(value: string, isOwn?: true): readonly string[] {
  const counts = `the value is then \`${value}\``;
  if (isOwn === true) return [value === "" ? "it does not count" : counts];
  return [value === "" ? "keepalived ignores the line" : `keepalived refuses it; ${counts}`];
}

const TRACKERS: Readonly<Record<string, string>> = {
  vrrp_script: "check",
  check: "check",
  track_file: "tracked file",
  vrrp_track_process: "process check",
  bfd_instance: "BFD session",
};

export const VALUES: Messages<CodeFamily<"VR20">> = {
  ...API,
  ...EVENTS,
  VR2001: ({ keyword, text, decimal, used: value, isOwn }) => ({
    message: `\`${text}\` is not a ${decimal ? "number of seconds" : "whole number"} for \`${keyword}\``,
    label: "not a number",
    notes: used(value, isOwn),
    ...(/^[0-9.]+(s|sec|ms|m)$/.test(text)
      ? { help: "write the number alone: times have no unit" }
      : {}),
  }),
  VR2002: ({ keyword, text, min, max, used: value, isOwn }) => ({
    message: `\`${keyword} ${text}\` is out of range: ${min} to ${max}`,
    label: `from ${min} to ${max}`,
    notes: used(value, isOwn),
  }),
  VR2003: ({ keyword, text }) => ({
    message: `\`${keyword}\` is on or off, not \`${text}\``,
    label: "not a yes or no",
    notes: ["keepalived ignores the line"],
    help: "write `on`, `true` or `yes`, or `off`, `false` or `no`, in lower case",
  }),
  VR2004: ({ keyword, text, choices, suggestion, used: value, isOwn }) => ({
    message: `\`${keyword}\` cannot be \`${text}\``,
    label: `one of ${choices.join(", ")}`,
    notes: used(value, isOwn),
    help:
      suggestion === undefined
        ? `write ${ticked(choices, "or")}`
        : `did you mean \`${suggestion}\`?`,
  }),
  VR2005: ({ keyword, text }) => ({
    message: `\`${text}\` is not an address`,
    label: `in \`${keyword}\``,
    notes: ["keepalived ignores the line"],
  }),
  VR2006: ({ text, mask, prefix, address }) => ({
    message: `\`${text}\`: a netmask is written as a prefix length, \`/${prefix}\``,
    label: `\`${mask}\` is not read`,
    notes: [`keepalived would use ${address}/32`],
    help: `write \`${address}/${prefix}\``,
  }),
  VR2007: ({ text, max }) => ({
    message: `\`${text}\` has no valid prefix length (0 to ${max})`,
    label: "not a prefix length",
    notes: [`keepalived would use /${max}`],
  }),
  VR2008: ({ address, family, first }) => ({
    message: `\`${address}\` is ${family}, but this instance is ${first}: the address is refused`,
    label: family,
    related: [`the first address makes the instance ${first}`],
    help: "use a second instance for the other family and join both in a `vrrp_sync_group`",
  }),
  VR2009: ({ asked, used: value, version }) => ({
    message: `\`advert_int ${asked}\` becomes ${value}`,
    label: version === 2 ? "version 2 has whole seconds" : "version 3 has hundredths up to 40.95",
    help:
      version === 2
        ? "use `version 3` on every node for shorter intervals, or write a whole number"
        : "write the value that will be used",
  }),
  VR2010: ({ tracker, name, user, suggestion }) => ({
    message: `\`${user}\` would run without the ${TRACKERS[tracker]} \`${name}\`: there is no \`${tracker} ${name}\``,
    label: "not defined",
    notes: ["keepalived says so in its log, ignores the name and starts"],
    help:
      suggestion === undefined
        ? `define \`${tracker} ${name} { … }\` above the instance`
        : `did you mean \`${suggestion}\`?`,
  }),
  VR2011: ({ tracker, name }) => ({
    message: `the ${TRACKERS[tracker]} \`${name}\` is defined, but nobody tracks it: it never runs`,
    label: "not used",
    help: `add it to a \`${LISTS[tracker]} { … }\` of the instance it is for`,
  }),
  VR2012: ({ group, name, suggestion }) => ({
    message: `\`${name}\` in sync group \`${group}\` is no instance`,
    label: "not an instance",
    notes: ["keepalived ignores the name, so the group does not hold what it should"],
    ...(suggestion === undefined ? {} : { help: `did you mean \`${suggestion}\`?` }),
  }),
  VR2013: ({ group }) => ({
    message: `sync group \`${group}\` has one member only`,
    label: "nothing to keep in step",
  }),
  VR2014: ({ instance, first, second }) => ({
    message: `\`${instance}\` is in sync groups \`${first}\` and \`${second}\`; it can be in one`,
    label: `already in \`${first}\``,
  }),
  VR2015: ({ instance }) => ({
    message: `\`${instance}\` has no \`virtual_router_id\`: keepalived would not start`,
    label: "incomplete",
    help: "add a number from 1 to 255: the same on every node of this pair, another one for every other pair",
  }),
  VR2016: ({ instance, unicast }) => ({
    message: unicast
      ? `\`${instance}\` has neither \`interface\` nor \`unicast_src_ip\`: nothing says which address its advertisements come from`
      : `\`${instance}\` has no \`interface\`: keepalived would not start`,
    label: "incomplete",
    ...(unicast
      ? {
          notes: [
            "without an interface the routes decide the way to the peers, and the source address cannot be derived",
          ],
        }
      : {}),
    help: unicast
      ? "add `unicast_src_ip` with the address of this machine that the peers know, or `interface eth0` with the name of the network interface"
      : "add `interface eth0` with the name of the network interface",
  }),
  VR2017: ({ vrid, interface: device, first, second }) => ({
    message: `\`${second}\` and \`${first}\` both use virtual_router_id ${vrid} ${device === undefined ? "from one address to one peer" : `on \`${device}\``}: keepalived would not start`,
    label: "taken",
    related: [`used by \`${first}\``],
    help: "give each instance on an interface its own number",
  }),
  VR2018: ({ instance }) => ({
    message: `\`${instance}\` has no virtual address: it would run and move nothing`,
    label: "no `virtual_ipaddress`",
  }),
  VR2019: ({ instance, version }) => ({
    message:
      version === 3
        ? `\`${instance}\` has no virtual address: with version 3 keepalived would not start`
        : `\`${instance}\` has no virtual address: keepalived would not start`,
    label: "no `virtual_ipaddress`",
  }),
  VR2020: ({ address }) => ({
    message: `\`${address}\` is this node's own address; \`unicast_peer\` takes the other nodes`,
    label: "this is us",
    related: ["own address"],
    help: "write the other node's address here",
  }),
  VR2021: ({ address, first, second }) => ({
    message:
      first === second
        ? `virtual address ${address} stands twice in \`${first}\``
        : `virtual address ${address} is in \`${first}\` and in \`${second}\``,
    label: "again",
    related: ["first here"],
    notes:
      first === second ? [] : ["when one of them steps down it takes the address from the other"],
  }),
  VR2022: ({ address, role }) => ({
    message:
      role === "unicast_peer"
        ? `virtual address ${address} is the address of a peer`
        : `virtual address ${address} is this node's own address (\`${role}\`)`,
    label: "a host's address",
    notes: ["the virtual address is one that no machine has by itself; it moves between them"],
  }),
  VR2023: ({ instance, priority }) => ({
    message: `\`nopreempt\` has no effect in \`${instance}\`: it needs \`state BACKUP\` on every node`,
    label: "cleared",
    related: ["because of this"],
    notes: [
      `as soon as it returns, the node takes the address back from every node with a priority below ${priority}`,
    ],
    help: "write `state BACKUP`; who becomes master is decided by the priority all the same",
  }),
  VR2024: ({ instance, keyword, why, seconds }) => ({
    message: `\`${keyword} ${seconds}\` has no effect in \`${instance}\` together with \`${why}\``,
    label: keyword === "preempt_delay" ? "set to 0" : "without effect",
    related: ["because of this"],
    help:
      why === "nopreempt"
        ? "keep `nopreempt` or the delay, not both: a node that never preempts has nothing to delay"
        : "write `state BACKUP` to keep the delay",
  }),
  VR2025: ({ instance }) => ({
    message: `\`nopreempt\` has no effect in \`${instance}\`: priority 255 owns the address`,
    label: "cleared",
    help: "use a priority below 255",
  }),
  VR2026: ({ instance, trackers }) => ({
    message: `\`${instance}\` has priority 255, so the weights of ${ticked(trackers)} do nothing`,
    label: "an owner's priority never changes",
    help: "use a priority below 255, or checks without weight",
  }),
  VR2027: ({ instance }) => ({
    message: `\`state MASTER\` without \`priority\` makes \`${instance}\` priority 255, the address owner`,
    label: "becomes 255",
    notes: ["an owner is master at once and its weighted checks are removed"],
    help: "write the priority: 100 is usual, more on the preferred node",
  }),
  VR2028: ({ instance }) => ({
    message: `\`${instance}\` would run without a password: version 3 has none`,
    label: "dropped",
    help: "remove the block, or use version 2 on every node",
  }),
  VR2029: ({ has, lacks }) => ({
    message: `this would run without a password: \`${has}\` is there, \`${lacks}\` is not`,
    label: `no \`${lacks}\``,
    notes: [
      "peers that do have a password would drop our advertisements, and both sides become master",
    ],
  }),
  VR2030: ({ bytes }) => ({
    message: `the password has ${bytes} bytes; the first 8 count`,
    label: "cut after 8 bytes",
    notes: ["VRRP version 2 sends it in clear: it keeps groups apart and is no protection"],
  }),
  VR2031: ({ keyword, instance, isFault }) => ({
    message: isFault
      ? `\`${keyword}\` without \`unicast_peer\`: \`${instance}\` stays in FAULT`
      : keyword === "unicast_peer"
        ? `\`unicast_peer\` is empty: \`${instance}\` would use multicast`
        : `\`${keyword}\` without \`unicast_peer\`: \`${instance}\` would use multicast`,
    label: isFault ? "there is no peer" : "has no effect",
    notes: isFault
      ? []
      : ["where multicast does not get through, as in most clouds, every node becomes master"],
    help: "add `unicast_peer { … }` with the other node's address",
  }),
  VR2032: ({ label, bytes, address }) => ({
    message: `this would run without ${address}: label \`${label}\` has ${bytes} bytes, 15 are allowed`,
    label: "too long, so the whole address is dropped",
  }),
  VR2033: ({ word, address, suggestion }) => ({
    message: `\`${word}\` after ${address} is not understood`,
    label: "ignored",
    ...(suggestion === undefined ? {} : { help: `did you mean \`${suggestion}\`?` }),
  }),
  VR2034: ({ block, name, keyword }) => ({
    message: `\`${block} ${name}\` has no \`${keyword}\`: there is nothing to check, so it is dropped`,
    label: `no \`${keyword}\``,
    notes: ["whoever tracks it runs without it"],
  }),
  VR2053: ({ name, first, neighbor, line }) => ({
    message: `the BFD sessions \`${first}\` and \`${name}\` have the same neighbor, \`${neighbor}\`: \`${name}\` is dropped`,
    label: `the neighbor of \`${first}\` (line ${line})`,
    notes: ["between two addresses there is one session (RFC 5881); instances may share it"],
    help: `track \`${first}\` instead, or give each a \`source_ip\` of its own`,
  }),
  VR2035: ({ interface: device }) => ({
    message: `\`${device}\` is the instance's own interface, which is tracked anyway`,
    label: "not needed",
  }),
  VR2036: ({ keyword, first, last, line }) => ({
    message:
      first === "" && last === ""
        ? `\`${keyword}\` is given twice (first on line ${line}); the last one counts`
        : `\`${keyword}\` is given twice: \`${last}\` counts, \`${first}\` of line ${line} does not`,
    label: "this one counts",
    related: ["first here"],
  }),
  VR2037: () => ({
    message: "there is no `vrrp_instance`: this would run and do nothing",
  }),
  VR2038: ({ instance, count, max }) => ({
    message: `\`${instance}\` has ${count} addresses and an advertisement holds ${max}`,
    label: "the rest is not advertised",
    help: "move the rest to `virtual_ipaddress_excluded`, in the same order on every node",
  }),
  VR2039: ({ text, address, why }) => ({
    message:
      why === "prefix"
        ? `\`brd ${text}\` needs a network: ${address} has none (prefix /30 or shorter)`
        : `this would run without ${address}: \`brd ${text}\` is not a broadcast address for it`,
    label: why === "prefix" ? "ignored" : "the whole address is dropped",
  }),
  VR2040: ({ group }) => ({
    message: `sync group \`${group}\` has no members`,
    label: "no `group { … }`",
  }),
  VR2041: ({ name, bytes }) => ({
    message: `\`${name}\` has ${bytes} characters; an interface name has at most 15`,
    label: "no such interface can exist",
    notes: ["keepalived ignores the line and would not start"],
  }),
  VR2042: ({ kept, ignored }) => ({
    message: `a second \`state\` is ignored: \`${kept}\` stays, not \`${ignored}\``,
    label: "ignored",
    related: ["this one counts"],
  }),
  VR2043: ({ name, block }) => ({
    message: `\`${name}\` stands twice in \`${block}\``,
    label: "again",
  }),
  VR2044: ({ keyword, command, rest, user }) => ({
    message: user
      ? `\`${keyword}\` would run \`${command}\` as the user \`${rest.split(" ")[0]}\`, not with that argument`
      : `\`${keyword}\` would run \`${command}\` without \`${rest}\``,
    label: user ? "taken for user and group" : "dropped",
    related: ["the whole command"],
    notes: user
      ? ["there is no such account, so keepalived disables the script"]
      : ["keepalived reads one word; what follows it is dropped without a message"],
    help: `put the whole command in double quotes: "${command} ${rest}"`,
  }),
  VR2045: ({ command, problem }) => ({
    message: {
      quote: `a quote inside \`${command}\` is not closed, so there is no command`,
      escape: `\`${command}\` ends in a backslash, so there is no command`,
      empty: "the command is empty",
    }[problem],
    label: "cannot be run",
  }),
  VR2046: ({ address }) => ({
    message: `\`${address}\` is not a multicast address`,
    label: "224.0.0.0 to 239.255.255.255, or ff00::/8",
    notes: ["keepalived ignores the line"],
  }),
  VR2052: ({ keyword, name }) => ({
    message: `\`${keyword} "${name}"\` looks for a program with a blank in its name, not for one with parameters`,
    label: "one word, the name",
    help: "write the program and each parameter as a word of its own, without quotes around all of them",
  }),
  VR2047: ({ keyword, word, suggestion, dropped }) => ({
    message: dropped
      ? `\`${word}\` is not understood in \`${keyword}\`: the node would run without this check`
      : `\`${word}\` is not understood in \`${keyword}\``,
    label: dropped ? "keepalived drops the whole line" : "ignored",
    ...(suggestion === undefined ? {} : { help: `did you mean \`${suggestion}\`?` }),
  }),
  VR2048: ({ min, max }) => ({
    message: `\`min_ttl ${min}\` is above \`max_ttl ${max}\`: every advertisement of this peer would be dropped`,
    label: "nothing passes",
  }),
  VR2051: ({ text, address }) => ({
    message: `a peer is one address: the prefix of \`${text}\` is ignored`,
    label: "one machine, not a network",
    help: `write \`${address}\``,
  }),
  VR2050: ({ interface: device, weight, tracked }) => ({
    message: tracked
      ? `\`${device}\` is the instance's own interface: weight ${weight} is ignored, and its failure is FAULT`
      : `\`${device}\` is the instance's own interface, which \`dont_track_primary\` leaves unwatched: this line does not change that`,
    label: "ignored",
    help: tracked
      ? "delete the line; the own interface cannot have a weight"
      : "delete `dont_track_primary` to have it watched",
  }),
  VR2060: ({ keyword, line }) => ({
    message: `\`${keyword}\` in line ${line}: a secret has no place in this file, which is copied, shown and kept in repositories`,
    label: "the key belongs in a file of its own",
    help: "put it into a file that only root may read, and write `credentials_file /etc/baton/credentials`; then make a new key",
    notes: ["the line is not carried out"],
  }),
  VR2061: ({ keyword, text, wanted }) => ({
    message: `\`${keyword} ${text}\` is not ${CLOUD_VALUES[wanted]}`,
    label: "the cloud would not know it",
  }),
  VR2062: () => ({
    message: "there is no virtual address here that the cloud could be asked about",
    label: "no effect",
    notes: ["it is asked about the IPv4 addresses in `virtual_ipaddress`"],
  }),
  VR2080: ({ keyword, problem }) => ({
    message: `nothing can be sent to this address: ${ADDRESS_PROBLEMS[problem]}`,
    label: "not shown here, since its key is secret",
    help: `write \`${keyword} https://HOST/PATH\`, as the robot's settings show it`,
  }),
  VR2081: () => ({
    message: "this `alert` reports to nobody",
    label: "no destination in it",
    help: "write `webhook URL`, `wecom URL`, `dingtalk URL SECRET`, `feishu URL SECRET` or `email` in it, or delete it",
  }),
  VR2082: ({ keyword, server, recipients }) => ({
    message: `\`${keyword}\` asks for mail, and none can be sent: ${missingForMail(server, recipients)}`,
    label: "no effect",
    help: "write `smtp_server HOST` and `notification_email { ADDRESS }` in `global_defs`",
    notes: ["keepalived sends none either, and does not say so"],
  }),
  VR2083: ({ keyword, text }) => ({
    message: `\`${text}\` is not an address that a mail server takes`,
    label:
      keyword === "notification_email" ? "nothing is sent to it" : "`root@HOST` is used instead",
    help: 'write `ops@example.com`, or `"Name <ops@example.com>"` with quotes around both',
  }),
  VR2049: ({ keyword, text, used: value }) => ({
    message: `\`${keyword} ${text}\` has more than six decimals and becomes ${value}`,
    label: "rounded to the microsecond",
  }),
};

const ADDRESS_PROBLEMS: Readonly<Record<Facts["VR2080"]["problem"], string>> = {
  scheme: "it does not begin with `https://` or `http://`",
  form: "it has no host, or is not a URL",
  account: "it has a user name or password in it, which is not supported",
};

function missingForMail(server: boolean, recipients: boolean): string {
  if (server && recipients) return "there is no `smtp_server` and no recipient";
  return server ? "there is no `smtp_server`" : "there is no recipient (`notification_email`)";
}

const CLOUD_VALUES: Readonly<Record<Facts["VR2061"]["wanted"], string>> = {
  url: "the address of an API such as `https://vpc.tencentcloudapi.com`",
  region: "a region such as `ap-guangzhou`",
  instance: "the id of an instance such as `ins-1a2b3c4d`",
  path: "an absolute path",
};

const LISTS: Readonly<Record<Facts["VR2011"]["tracker"], string>> = {
  vrrp_script: "track_script",
  check: "track_script",
  track_file: "track_file",
  vrrp_track_process: "track_process",
  bfd_instance: "track_bfd",
};

const addresses = (items: readonly string[]): string =>
  items.length === 0 ? "nothing" : list(items);

const PAIR_SIGNATURES: Readonly<Record<Facts["VR2515"]["differs"], string>> = {
  "one-only": "one node has `auth_hmac`, and the other does not",
  "no-signature": "one node is `receive-only` and sends no signatures, and the other enforces them",
  "no-key": "one node signs with a key that the other does not have",
  "other-key": "the key that one node signs with is another one on the other node",
};

export const PAIR: Messages<CodeFamily<"VR25">> = {
  VR2501: ({ what, first, second }): Message => ({
    message: `\`${what}\` differs: ${first} in the first file, ${second} in the second`,
    label: first,
    related: [second],
    notes: [
      "it must be the same on every node, or they do not hear each other and both become master",
    ],
  }),
  VR2502: ({ instance, missing }) => ({
    message: `instance \`${instance}\` is not in \`${missing}\``,
    label: "has no partner",
  }),
  VR2503: ({ first, second, source }) => ({
    message: `${first} sends from ${source}, but ${second} does not list it among its peers`,
    label: "own address",
    related: ["the other node's peers"],
    notes: [
      "the other node would drop its advertisements (or, without a source check, never answer it)",
    ],
    help: "`unicast_src_ip` here and `unicast_peer` there must be mirror images",
  }),
  VR2504: ({ strict }) => ({
    message:
      strict === undefined
        ? "the passwords differ"
        : `the passwords differ: strict mode in \`${strict}\` removes its password, and the other node sends one`,
    label: "in the first file",
    related: ["in the second file"],
    notes: ["each node drops the other's advertisements, so both become master"],
    ...(strict === undefined
      ? {}
      : { help: "write `vrrp_strict` on both nodes or, better, on neither" }),
  }),
  VR2515: ({ differs }) => ({
    message: PAIR_SIGNATURES[differs],
    label: "in the first file",
    related: ["in the second file"],
    notes: ["a node drops the other's advertisements, so both become master"],
  }),
  VR2505: ({ firstOnly, secondOnly }) => ({
    message: `the virtual addresses differ: only in the first ${addresses(firstOnly)}; only in the second ${addresses(secondOnly)}`,
    label: "in the first file",
    related: ["in the second file"],
    notes: [
      "keepalived up to 2.3.2 drops an advertisement with another list, so both become master",
    ],
    help: "write the same list on every node; what is not the same goes to `virtual_ipaddress_excluded`",
  }),
  VR2506: ({ address }) => ({
    message: `both nodes send from ${address}: one file is a copy of the other`,
    label: "in the first file",
    related: ["in the second file"],
  }),
  VR2507: ({ first, second }) => ({
    message: `one node speaks VRRP version ${first}, the other version ${second}: they do not hear each other`,
    label: `version ${first}`,
    related: [`version ${second}`],
  }),
  VR2508: ({ priority, preempt }) => ({
    message: preempt
      ? `both nodes have priority ${priority}: the higher address wins, and takes the address back whenever it returns`
      : `both nodes have priority ${priority}: when both start together, the higher address wins`,
    label: "in the first file",
    related: ["in the second file"],
    help: preempt
      ? "give the preferred node the higher priority, or use `nopreempt` on both"
      : "that is well with `nopreempt`",
  }),
  VR2509: () => ({
    message: "both files say `state MASTER`",
    label: "in the first file",
    related: ["in the second file"],
    notes: ["the word does not make a master; the priority does"],
    help: "write `state BACKUP` in both, and let the priority decide",
  }),
  VR2510: ({ first, second }) => ({
    message: `one node preempts and the other does not: ${first} and ${second}`,
    label: first,
    related: [second],
    notes: ["the address goes back to one of them by itself, but not to the other"],
  }),
  VR2511: ({ weight, gap, tracker }) => ({
    message: `when \`${tracker}\` fails, the priority changes by ${weight}, but the nodes are ${gap} apart: the address does not move`,
    label: "not enough",
    help: `use a weight of more than ${gap}, or no weight: then failure is FAULT`,
  }),
  VR2512: ({ first, second }) => ({
    message: `the nodes advertise every ${first} s and ${second} s`,
    label: `${first} s`,
    related: [`${second} s`],
    notes: [
      "version 3 allows it: each backup follows its master, so detection differs with the direction",
    ],
  }),
  VR2514: ({ what, first, second }): Message => ({
    message: `the gates of the two nodes differ: \`${what}\` is ${first} in the first file, ${second} in the second`,
    label: first,
    related: [second],
    notes: ["each node may become the owner, and then decides by its own file"],
  }),
  VR2513: ({ which }) => ({
    message: `the instances have different names in the two files: ${which}`,
    label: "in the first file",
    related: ["in the second file"],
  }),
};
