/**
 * Every call of every notify script, and every line of the notify pipe, by Baton and by
 * keepalived 2.2.7 over one long scenario: the same calls with the same arguments in the same
 * steps. Each difference that is meant has a name and a reason here, and must be there.
 *
 * Needs: keepalived
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { findKeepalived } from "#lab/measure/daemon";
import { type Kind, Witness } from "../support/script-witness.ts";

const KINDS: readonly Kind[] = ["keepalived", "baton"];
/** keepalived requires setgroups, which a user namespace of an ordinary user forbids. */
const mayChangeGroups = (): boolean => {
  try {
    return readFileSync("/proc/self/setgroups", "utf8").trim() === "allow";
  } catch {
    return true;
  }
};
const skip =
  findKeepalived() === undefined
    ? "needs keepalived"
    : mayChangeGroups()
      ? false
      : "keepalived runs no scripts in a user namespace";

/** In which what has begun must have come to its end; nothing is expected to come later. */
const SETTLE_MS = 1_500;

function scripts(name: string, more = ""): string {
  const backup = name === "VI_1" ? "facts" : "backup";
  return `
    notify_master "FOLDER/call master ${name}"
    notify_backup "FOLDER/call ${backup} ${name}"
    notify_fault "FOLDER/call fault ${name}"
    notify_stop "FOLDER/call stop ${name}"
    notify "FOLDER/call notify"
    ${more}`;
}

const instance = (number: number, more = "", priority = 100): string => `
vrrp_instance VI_${number} {
    state BACKUP
    interface eth0
    version 3
    virtual_router_id ${50 + number}
    priority ${priority}
    advert_int 0.2
    virtual_ipaddress {
        192.0.2.${100 + number}/32
    }
    ${scripts(`VI_${number}`, more)}
}
`;

const HEAD = `
global_defs {
    script_user root
    vrrp_notify_fifo FOLDER/pipe
    vrrp_notify_priority_changes true
}
vrrp_script weighted {
    script "/usr/bin/test ! -e FOLDER/sick"
    interval 1
    weight -20
}
vrrp_script gate {
    script "/usr/bin/test -e FOLDER/open"
    interval 1
}
vrrp_sync_group G1 {
    group {
        VI_1
        VI_2
    }
    ${scripts("G1")}
}
`;

const PAIR = `${HEAD}${instance(1)}${instance(2)}`;
const THIRD = instance(
  3,
  `notify_master_rx_lower_pri "FOLDER/call lower VI_3"
    notify_deleted "FOLDER/call deleted VI_3"
    track_script {
        weighted
    }`,
);
const GATED = instance(5, "track_script {\n        gate\n    }");
const WHOLE = `${PAIR}${THIRD}${instance(4)}${GATED}`;

interface Step {
  readonly name: string;
  readonly lines: readonly string[];
  readonly calls: readonly string[];
}

interface Calls {
  readonly steps: readonly Step[];
  readonly facts: ReadonlyMap<string, string>;
}

const master = (number: number, priority = 100): string =>
  `INSTANCE "VI_${number}" MASTER ${priority}`;

async function play(witness: Witness): Promise<Calls> {
  const steps: Step[] = [];
  const step = async (name: string, lines: readonly string[]): Promise<void> => {
    for (const line of lines) await witness.untilLine(line);
    await sleep(SETTLE_MS);
    steps.push({ name, ...witness.take() });
  };
  witness.configure(WHOLE);
  witness.start();
  await step(
    "start",
    [1, 2, 3, 4].map((number) => master(number)),
  );
  writeFileSync(witness.file("open"), "");
  await step("a check succeeds for the first time", [master(5)]);
  rmSync(witness.file("open"));
  await step("a check fails", ['INSTANCE "VI_5" FAULT 100']);
  let stopAdvertising = witness.speak(53, 50, ["192.0.2.103"]);
  await witness.untilLine('INSTANCE "VI_3" MASTER_RX_LOWER_PRI 100', 5);
  await stopAdvertising();
  await step("a weaker master is heard", []);
  writeFileSync(witness.file("sick"), "");
  await step("the priority of a master falls", ['INSTANCE "VI_3" MASTER_PRIORITY 80']);
  rmSync(witness.file("sick"));
  await step("and rises again", ['INSTANCE "VI_3" MASTER_PRIORITY 100']);
  stopAdvertising = witness.speak(51, 200, ["192.0.2.101"]);
  await step("a stronger master of a member of the group", ['GROUP "G1" BACKUP 0']);
  await stopAdvertising();
  await step("it stops advertising", ['GROUP "G1" MASTER 0']);
  stopAdvertising = witness.speak(53, 200, ["192.0.2.103"]);
  await step("a stronger master", ['INSTANCE "VI_3" BACKUP 100']);
  writeFileSync(witness.file("sick"), "");
  await step("the priority of a backup falls", ['INSTANCE "VI_3" BACKUP_PRIORITY 80']);
  rmSync(witness.file("sick"));
  await step("and rises again", ['INSTANCE "VI_3" BACKUP_PRIORITY 100']);
  await stopAdvertising();
  await step("it stops advertising", [master(3)]);
  witness.setCarrier(false);
  await step("the carrier goes", ['INSTANCE "VI_4" FAULT 100', 'GROUP "G1" FAULT 0']);
  witness.setCarrier(true);
  await step(
    "the carrier is back",
    [1, 2, 3, 4].map((number) => master(number)),
  );
  witness.signal("SIGHUP");
  await step("a reload without a change", []);
  witness.configure(PAIR);
  witness.signal("SIGHUP");
  await step("a reload takes instances away", ['INSTANCE "VI_4" FAULT 100']);
  witness.configure(`${PAIR}${instance(4)}`);
  witness.signal("SIGHUP");
  await step("a reload adds one", [master(4)]);
  witness.configure(`${HEAD}${instance(1)}${instance(2)}${instance(4, "", 120)}`);
  witness.signal("SIGHUP");
  await step("a reload changes a priority", []);
  witness.signal("SIGTERM");
  await witness.ended();
  await step("stop", ['GROUP "G1" STOP 0']);
  const facts = readFileSync(witness.file("facts"), "utf8").trim().split("\n");
  return { steps, facts: new Map(facts.map(splitFact)) };
}

function splitFact(line: string): [string, string] {
  const at = line.indexOf(":");
  const [name, fact] = [line.slice(0, at), line.slice(at + 1).trim()];
  return [
    name,
    name === "descriptors" ? fact.replace(/(?<=^0 1 2) .*/, " and inherited ones") : fact,
  ];
}

/**
 * Instances beside each other change by timers of their own, so lines are compared for each
 * subject, and the place of a group among its members by itself. keepalived starts scripts side
 * by side, so calls are sorted; and how many calls a weaker master makes depends on when it was
 * stopped.
 */
function canonical({ name, lines, calls }: Step): Step {
  const subject = (line: string): string => line.split('"')[1] ?? "";
  const grouped = lines.toSorted((one, other) => subject(one).localeCompare(subject(other)));
  const once = (list: readonly string[], word: string): readonly string[] =>
    list.filter((one, at) => !one.includes(word) || list.indexOf(one) === at);
  return { name, lines: once(grouped, "RX_LOWER"), calls: once(calls.toSorted(), "lower ") };
}

/** For each line of the group: do both members have theirs of that state already? */
function placesOfGroup({ lines }: Step): readonly string[] {
  return lines.flatMap((line, at) => {
    if (!line.startsWith("GROUP")) return [];
    const [, , state = ""] = line.split(" ");
    const before = lines.slice(0, at).filter((one) => /"VI_[12]"/.test(one));
    const has = (member: string): boolean =>
      before.findLast((one) => one.includes(member))?.split(" ")[2] === state;
    const isAfter = has('"VI_1"') && has('"VI_2"');
    return [`${state} ${isAfter ? "after" : "before"} its members`];
  });
}

interface Difference {
  readonly why: string;
  readonly keepalived: unknown;
  readonly baton: unknown;
}

const VARIABLES =
  "ADDRESSES INTERFACE KIND NAME PREVIOUS_STATE PRIORITY REASON SEQUENCE STATE VRID WHY".split(" ");

/** By step and what of it, or by the name of a fact. */
const MEANT: Readonly<Record<string, Difference>> = {
  "0. start: place of the group": {
    why: "who reads the pipe learns of a group when all of it is so; keepalived does the same later on",
    keepalived: ["BACKUP before its members", "MASTER after its members"],
    baton: ["BACKUP after its members", "MASTER after its members"],
  },
  descriptors: {
    why: "what the daemon got from who started it (here: this test) is not for scripts",
    keepalived: "0 1 2 and inherited ones",
    baton: "0 1 2",
  },
  environment: {
    why: "the daemon's may hold secrets (adr/0016)",
    keepalived: "LANG PATH SECRET_KEY",
    baton: `${VARIABLES.map((name) => `BATON_${name}`).join(" ")} HOME LANG LOGNAME PATH USER`,
  },
  output: {
    why: "the log and `status` show what a script that fails has said (adr/0016)",
    keepalived: "null",
    baton: "pipe",
  },
  umask: {
    why: "0177 takes the x off folders that a script makes; Baton leaves what the daemon was started with",
    keepalived: "0177",
    baton: "0022",
  },
};

test("Baton calls scripts and writes to the pipe as keepalived does", {
  skip,
  timeout: 240_000,
}, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "baton-scripts-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const before = process.umask(0o022);
  context.after(() => process.umask(before));
  const [theirs, ours] = await Promise.all(
    KINDS.map(async (kind) => {
      const witness = new Witness(kind, folder);
      try {
        return await play(witness);
      } catch (error) {
        context.diagnostic(readFileSync(witness.file("log"), "utf8").slice(-4_000));
        throw error;
      } finally {
        await witness.close();
      }
    }),
  );
  assert.ok(theirs && ours);
  const found: Record<string, Omit<Difference, "why">> = {};
  const compare = (name: string, keepalived: unknown, baton: unknown): void => {
    if (JSON.stringify(keepalived) !== JSON.stringify(baton)) found[name] = { keepalived, baton };
  };
  for (const [at, step] of theirs.steps.entries()) {
    const their = canonical(step);
    const our = canonical(ours.steps[at] ?? { name: "?", lines: [], calls: [] });
    assert.equal(our.name, their.name);
    compare(`${at}. ${their.name}: lines`, their.lines, our.lines);
    const places = [step, ours.steps[at]].map((one) => one && placesOfGroup(one));
    compare(`${at}. ${their.name}: place of the group`, places[0], places[1]);
    compare(`${at}. ${their.name}: calls`, their.calls, our.calls);
  }
  for (const [name, fact] of theirs.facts) compare(name, fact, ours.facts.get(name));
  const meant = Object.entries(MEANT).map(([name, { keepalived, baton }]) => [
    name,
    { keepalived, baton },
  ]);
  assert.deepEqual(found, Object.fromEntries(meant));
});
