/** A run told line by line, for people: faults, changes of state with their numbers, who answers, what the client sees. */
import { type Ipv4, printIpv4 } from "#units/address";
import type { MachineView } from "./cluster-view.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

export interface StoryLine {
  readonly at: number;
  readonly text: string;
}

const KEPT_MAX = 20_000;

export function tellStory(cluster: SimulatedCluster): {
  readonly observer: Observer;
  readonly lines: StoryLine[];
} {
  const lines: StoryLine[] = [];
  const say = (text: string): void => {
    lines.push({ at: cluster.queue.now, text });
    if (lines.length > KEPT_MAX) lines.shift();
  };
  const name = (machine: MachineView): string => `${machine.id} (${printIpv4(machine.address)})`;
  const lastSent = new Map<string, number>();
  return {
    lines,
    observer: {
      fault: (fault, begins) =>
        say(`${begins ? "FAULT" : "END OF FAULT"} ${JSON.stringify(short(fault))}`),
      transition: (machine, { instance, from, to, reason }) =>
        say(
          `machine ${name(machine)} ${instance} ${from} -> ${to}: ${JSON.stringify(reason, printAddresses)}`,
        ),
      engineMessage: (machine, message) => {
        if (message.type === "report")
          say(`machine ${machine.id} reports ${JSON.stringify(message.report, printAddresses)}`);
        if (message.type === "log") say(`machine ${machine.id} logs ${message.text}`);
      },
      ownership: (machine, address, owns) =>
        say(`machine ${name(machine)} ${owns ? "answers" : "is silent"} for ${printIpv4(address)}`),
      engineStarted: (machine, resume) =>
        say(
          `machine ${name(machine)} engine starts${resume.length > 0 ? ` (resumes ${resume.join(" ")})` : ""}`,
        ),
      engineEnded: (machine, how) => say(`machine ${name(machine)} engine ${how}`),
      runs: (machine, runs) =>
        say(`machine ${name(machine)} ${runs ? "runs again" : "stands still"}`),
      advertSent: (machine, vrid, priority) => {
        // Regular ones would drown everything else.
        const key = `${machine.id}/${vrid}/${priority}`;
        const last = lastSent.get(key) ?? Number.NEGATIVE_INFINITY;
        lastSent.set(key, cluster.queue.now);
        // To each unicast peer.
        if (cluster.queue.now === last) return;
        const interval =
          machine.instances.find(({ router }) => router.vrid === vrid)?.router.advertInterval ?? 1;
        if (
          priority === 0 ||
          cluster.queue.now - last < interval * 9_000 ||
          cluster.queue.now - last > interval * 11_500
        )
          say(`machine ${machine.id} advertises ${priority} (vrid ${vrid})`);
      },
      arpAtSwitch: (machine, address, passed) =>
        say(
          `machine ${machine.id} announces ${printIpv4(address)}${passed ? "" : " (not let through)"}`,
        ),
      neighbour: (machine, address, state) => {
        const words = {
          incomplete: "asks for",
          known: "knows",
          doubted: "doubts",
          failed: "gives up",
        };
        say(`machine ${machine.id} ${words[state]} ${printIpv4(address)}`);
      },
      service: (client, address, service, before, since) =>
        say(
          `client ${client.id} ${printIpv4(address)} ${before} -> ${service} after ${cluster.queue.now - since} us`,
        ),
      rivalOwnership: (rival, address, owns) =>
        say(`rival ${rival.id} ${owns ? "answers" : "is silent"} for ${printIpv4(address)}`),
      claimed: (node, address, refusal) => {
        if (refusal !== "") say(`platform refuses node ${node} ${printIpv4(address)}: ${refusal}`);
      },
      addressMoved: (address, from, to) =>
        say(`platform moves ${printIpv4(address)} from ${from ?? "nobody"} to ${to ?? "nobody"}`),
      answered: (machine, { instance, address }, view, askedAt) =>
        say(
          `machine ${machine.id} ${instance} ${printIpv4(address)} is answered ${JSON.stringify(view)} after ${cluster.queue.now - askedAt} us`,
        ),
      agreementReported: (machine, { instance, address }, news) =>
        say(
          `machine ${machine.id} ${instance} ${printIpv4(address)} reports ${JSON.stringify(news)}`,
        ),
      announcedAgain: (machine, { instance, address }) =>
        say(`machine ${machine.id} ${instance} announces ${printIpv4(address)} again`),
      platformFault: (fault, begins) =>
        say(`${begins ? "FAULT" : "END OF FAULT"} ${JSON.stringify(fault)}`),
      calm: () => say("CALM: nothing fails any more"),
      settled: () => say("SETTLED: every promise must hold now"),
    },
  };
}

const short = (fault: object): object =>
  "instances" in fault ? { ...fault, instances: "changed" } : fault;

function printAddresses(key: string, value: unknown): unknown {
  return (key === "from" || key === "ours" || key === "address") &&
    typeof value === "number" &&
    value > 255
    ? printIpv4(value as Ipv4)
    : value;
}
