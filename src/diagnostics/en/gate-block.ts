/** Codes about `gate { … }` and `check NAME { … }`. */
import type { PatternProblem } from "#units/pattern";
import type { Facts } from "../facts.ts";
import type { CodeFamily, Messages } from "../messages.ts";

export const GATE: Messages<CodeFamily<"VR210" | "VR211">> = {
  VR2100: ({ instance }) => ({
    message: `\`${instance}\` has priority 255 and a \`gate\`: an address owner takes the address at once and asks nobody`,
    label: "the address owner",
    related: ["the gate"],
    help: "use a priority below 255",
  }),
  VR2101: ({ instance, keyword }) => ({
    message: `\`${keyword}\` has no effect in \`${instance}\`: with a \`gate\` the address is never taken from a living master`,
    label: "without effect",
    related: ["because of this"],
    notes: ["a database that moves because a machine came back is a risk that nobody asked for"],
    help: `leave it out${keyword === "state MASTER" ? " (`state BACKUP`)" : ""}; \`baton switch ${instance}\` brings the address back when you want it`,
  }),
  VR2102: ({ instance, group, isTwice }) => ({
    message: isTwice
      ? `\`${instance}\` has a \`gate\` of its own, and its sync group \`${group}\` has one too`
      : `\`${instance}\` has a \`gate\` of its own, but changes state together with sync group \`${group}\``,
    label: "of one member",
    related: [isTwice ? "the group's, which counts" : "the group"],
    help: "write one `gate` in the sync group: it is asked once for all members",
  }),
  VR2103: () => ({
    message: "this `gate` does nothing",
    label: "nothing in it to do",
    help: "write `promote` and `demote`, a `mysql`, `postgresql` or `redis` block, or `fence`, `drain` or `reset_connections` in it, or delete it",
  }),
  VR2104: () => ({
    message: "this `gate` promotes and never demotes: a former owner goes on as it was",
    label: "no `demote`",
    help: 'write `demote "PROGRAM"`: it makes the service refuse writes, and is run again until it succeeds',
    notes: ["only the fence keeps clients from a former owner, and only at the virtual address"],
  }),
  VR2105: ({ first, second }) => ({
    message: `a \`gate\` is for one database, and this one has \`${first}\` and \`${second}\``,
    label: "a second one",
    related: ["the first one"],
    help: "give each database an address and an instance of its own",
  }),
  VR2106: ({ port, protocol, why }) =>
    why === "vrrp"
      ? {
          message: `112 is the number of the protocol VRRP, and \`${protocol}\` port 112 is something else`,
          label: "probably not meant",
          notes: ["a fence never drops advertisements"],
          help: "write the port of the service that clients connect to",
        }
      : {
          message: `port ${port} is that of Baton's own API, which would not answer at the virtual address while this node is not promoted`,
          label: "Baton's own",
          help: "write the port of the service that clients connect to",
        },
  VR2107: ({ seconds }) => ({
    message: `\`drain ${seconds}\` lets connections end while new ones come, and those are cut by the demotion: there is no \`fence\` that keeps them out`,
    label: "new ones still come",
    help: "write `fence tcp PORT` with the port of the service",
  }),
  VR2108: ({ seconds, max }) => ({
    message: `stopping the daemon may take ${seconds} s here, and systemd ends it after 90 s`,
    label: `\`drain\`, demotion and \`handover_wait\` together are longer than ${max} s`,
    notes: ["a demotion that is cut off leaves this node marked, and its fence closed"],
    help: "use shorter times, or set `TimeoutStopSec=` for the unit",
  }),
  VR2109: () => ({
    message: "`takeover_probe service` has no port to connect to",
    label: "`arp` is used instead",
    help: "write `fence tcp PORT`: its first port is asked",
  }),
  VR2110: ({ database, why }) => ({
    message:
      why === undefined
        ? `\`${database}\` has no \`peer\`: nothing can be compared with the other node`
        : `\`${database}\` has no \`peer\`, and \`${why}\` cannot be decided without asking it`,
    label: "no `peer`",
    help: "write `peer HOST:PORT` with the other node's database, at its own address",
  }),
  VR2111: ({ keyword, text, why }) => ({
    message: `\`${keyword} ${text}\` is no place of a database: ${PLACE_PROBLEMS[why]}`,
    label: "nothing can be reached here",
    help:
      keyword === "socket"
        ? "write the absolute path of its Unix socket, `/run/mysqld/mysqld.sock` for example"
        : `write \`${keyword} HOST:PORT\`, \`${keyword} 10.0.0.2:3306\` for example`,
  }),
  VR2112: ({ database }) => ({
    message: `\`max_lag 0\` makes nearly every standby of \`${database}\` not eligible`,
    label: "a replica is always a little behind",
    help: "use 1 or more; what was received is replayed before a promotion is done",
  }),
  VR2113: ({ peer }) => ({
    message: `\`peer ${peer}\` is the virtual address: after a move it is this node itself`,
    label: "not the other node",
    help: "write the address that the other node has by itself",
  }),
  VR2114: ({ script, database }) => ({
    message: `\`${script}\` asks the same \`${database}\` as the gate, and one failure is FAULT: a demotion that was not planned`,
    label: "every hiccup moves the database",
    help: `use \`check ${script} { ${database}; interval 1; timeout 1; fall 3 }\`, one setting a line, or \`fall 3\` here`,
  }),
  VR2115: ({ keyword }) => ({
    message: `\`${keyword}\` does not count: the other place of this database is written behind it`,
    label: "without effect",
    related: ["this one counts"],
    help: "keep one of `socket` and `address`",
  }),
  VR2116: ({ peer, isLoopback }) => ({
    message: `\`peer ${peer}\` is this node itself`,
    label: isLoopback ? "this machine, and the port of its own database" : "its own source address",
    help: "write the address of the other node",
  }),
  VR2118: ({ database }) => ({
    message: `a former primary of \`${database}\` never follows the new one: there is no \`rejoin\` program`,
    label: "no `rejoin` in the gate",
    notes: [
      "a standby is made by starting the server as one, after pg_rewind where that is needed: a program's work",
      "until a person has done it there is one copy of the data, and nobody to take over",
    ],
    help: 'write `rejoin "PROGRAM"` in the gate (examples/postgresql/rejoin.sh is one), or `rejoin manual` here',
  }),
  VR2119: ({ database }) => ({
    message: `the \`rejoin\` program is never run: \`rejoin manual\` leaves that to a person`,
    label: "without effect",
    help: `delete it, or \`rejoin manual\` in \`${database}\``,
  }),
};

const PLACE_PROBLEMS: Readonly<Record<Facts["VR2111"]["why"], string>> = {
  form: "it is not `HOST:PORT`",
  host: "the host is neither a name nor an address",
  port: "the port is not a number from 1 to 65535",
  path: "it does not begin with `/`",
};

export const CHECKS: Messages<CodeFamily<"VR212">> = {
  VR2120: ({ name }) => ({
    message: `\`check ${name}\` asks nothing, so it is dropped`,
    label: "no target",
    help: "write `tcp HOST:PORT`, `http URL`, `mysql`, `postgresql`, `redis`, `dns SERVER NAME` or `ping HOST` in it",
    notes: ["whoever tracks it runs without it"],
  }),
  VR2121: ({ name, first, second }) => ({
    message: `\`check ${name}\` asks one thing, and has \`${first}\` and \`${second}\``,
    label: "this one counts",
    related: ["this one does not"],
    help: "write a second `check`, and track both",
  }),
  VR2122: ({ keyword, text, why }) => {
    const { form, example } = TARGETS[why];
    // What stands in the place of an account is not repeated.
    const shown = why === "account" ? keyword : `${keyword} ${text}`;
    return {
      message: `\`${shown}\` cannot be asked: ${form}`,
      label: "not usable",
      help: `write ${example} for example`,
    };
  },
  VR2123: ({ why, at }) => ({
    message: `\`body\` is no pattern: ${PATTERN_PROBLEMS[why]} (character ${at})`,
    label: "not usable: the body is not looked at",
    notes: [
      "patterns take time in proportion to the text; so there are no references back and no looking around",
      "known: `.` `[a-z]` `[^…]` `\\d \\w \\s` `^` `$` `( )` `|` `* + ?` `{2,5}`, and `(?i)` at the beginning",
    ],
    help: "put `\\` before a character that is meant as itself",
  }),
  VR2124: ({ keyword, option }) => ({
    message: `\`${option}\` in \`${keyword}\` has no value`,
    label: "a value is missing behind it",
  }),
  VR2125: ({ name, host }) => ({
    message: `\`${host}\` is resolved at each run of \`${name}\`, within its time-out`,
    label: "a name",
    notes: ["when the name service does not answer, the check fails"],
    help: "an address, or a line in /etc/hosts, does not depend on it",
  }),
  VR2126: ({ name }) => ({
    message: `the sync group \`${name}\` has a \`gate\` and the name of an instance outside it`,
    label: "an instance has the same name",
    notes: ["promotions, `baton promote` and what is kept of them go by this name"],
    help: "give the group another name",
  }),
  VR2127: ({ ports, max }) => ({
    message: `\`fence\` has ${ports} ports, and ${max} are the most`,
    label: "too many",
    notes: [`it would be for the first ${max} of them`],
    help: "clients connect to a few ports of the address: name those",
  }),
};

const TARGETS: Readonly<
  Record<Facts["VR2122"]["why"], { readonly form: string; readonly example: string }>
> = {
  form: { form: "it is not `HOST:PORT`", example: "`127.0.0.1:80`" },
  host: { form: "the host is neither a name nor an address", example: "`127.0.0.1`" },
  port: { form: "the port is not a number from 1 to 65535", example: "`127.0.0.1:80`" },
  url: {
    form: "it is not a URL with `http://` or `https://` and a host",
    example: "`http http://127.0.0.1/health`",
  },
  account: {
    form: "there is a user name or password in the URL, and this file is copied and shown",
    example: "`http http://127.0.0.1/health`",
  },
  status: {
    form: "it is no status, and no range of them from 100 to 599",
    example: "`status 200-299`",
  },
  server: {
    form: "the server of `dns` is an address, since a name would have to be asked for",
    example: "`dns 127.0.0.1 www.example.com A`",
  },
  name: { form: "it is no name", example: "`dns 127.0.0.1 www.example.com A`" },
  tls: {
    form: "`tls` needs a URL with `https://`",
    example: "`http https://127.0.0.1/health tls name www.example.com`",
  },
};

const PATTERN_PROBLEMS: Readonly<Record<PatternProblem, string>> = {
  bracket: "a `[` is not closed",
  parenthesis: "a parenthesis has no partner",
  repeat: "there is nothing to repeat, or it is repeated more than 100 times",
  escape: "there is nothing behind `\\`",
  range: "a range in `[ ]` does not go from a smaller to a larger character",
  unsupported: "this is not supported",
  "too-large": "it is too large",
};
