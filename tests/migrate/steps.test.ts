/**
 * A migration that is killed, and a machine that is started again, between any two actions: what
 * comes next ends with one daemon, the right one, and never has two.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Carried, carryOut } from "#cli/migrate-carry-out";
import { type Direction, type Journal, phaseOf, turned } from "#migrate/journal";
import { AFTER, BEFORE, journalOf, Killed, Machine, type MachineState } from "./machine.ts";

interface Disk {
  journal: Journal;
  /** Writes until the program is killed, before or after the write itself. */
  left: number | undefined;
  isLate: boolean;
  isFull: boolean;
}

const diskOf = (journal: Journal): Disk => ({
  journal,
  left: undefined,
  isLate: false,
  isFull: false,
});

/** As the command does it: the direction is on the disk before anything else happens. */
async function drive(machine: Machine, disk: Disk, direction: Direction): Promise<Carried> {
  const write = (journal: Journal): string | undefined => {
    if (disk.isFull) return "ENOSPC";
    const isLast = disk.left === 0;
    if (disk.left !== undefined) disk.left -= 1;
    if (!isLast || disk.isLate) disk.journal = journal;
    if (isLast) throw new Killed();
    return undefined;
  };
  const journal = turned(disk.journal, direction);
  write(journal);
  return await carryOut(journal, {
    observe: () => Promise.resolve(machine.observe()),
    perform: (command) => Promise.resolve(machine.perform(command)),
    write,
    onStep: () => undefined,
    pause: () => Promise.resolve(),
  });
}

/** True if it was killed. */
async function driveUntilKilled(
  machine: Machine,
  disk: Disk,
  direction: Direction,
): Promise<boolean> {
  try {
    await drive(machine, disk, direction);
    return false;
  } catch (error) {
    assert.ok(error instanceof Killed, String(error));
    return true;
  }
}

async function finish(
  machine: Machine,
  disk: Disk,
  direction: Direction,
  start: MachineState,
): Promise<void> {
  // After a reboot before anything was stopped, what runs is what was enabled, and stays.
  const { "stop-keepalived": stopped, "start-baton": started } = disk.journal.progress;
  const isOwn = stopped === undefined && started === undefined;
  const { keepalivedActive, batonActive } = machine.state;
  machine.left = undefined;
  disk.left = undefined;
  const { journal, troubles } = await drive(machine, disk, direction);
  const history = machine.commands.join(", ");
  assert.deepEqual(troubles, [], history);
  assert.equal(phaseOf(journal), direction === "apply" ? "applied" : "undone", history);
  assert.equal(phaseOf(disk.journal), phaseOf(journal), history);
  const wanted = isOwn ? { ...start, keepalivedActive, batonActive } : start;
  assert.deepEqual(machine.state, direction === "apply" ? AFTER : wanted, history);
}

const STARTS: readonly (readonly [string, MachineState])[] = [
  ["the usual", BEFORE],
  ["keepalived is not started at boot", { ...BEFORE, keepalivedEnabled: false }],
  ["Baton is enabled already", { ...BEFORE, batonEnabled: true }],
  ["a drop-in is there", { ...BEFORE, dropIn: "older", loadedDropIn: "older" }],
];

const DIRECTIONS: readonly Direction[] = ["apply", "undo"];

for (const [name, start] of STARTS) {
  test(`forth and back: ${name}`, async () => {
    const machine = new Machine(start);
    const disk = diskOf(journalOf(start));
    await finish(machine, disk, "apply", start);
    await finish(machine, disk, "undo", start);
  });

  test(`killed at any command and any write, with and without a reboot, twice: ${name}`, async () => {
    let cases = 0;
    /** One run that is killed at its n-th command or write; false if it came to its end. */
    const runs = [1, 2].flatMap((isLate) =>
      (["command", "write"] as const).flatMap((what) =>
        Array.from({ length: 12 }, (_, at) => ({ what, at, isLate: isLate === 2 })),
      ),
    );
    const reboots = [undefined, "keepalived", "baton"] as const;
    for (const first of DIRECTIONS)
      for (const kill of runs)
        for (const reboot of reboots)
          for (const second of DIRECTIONS)
            for (const again of [undefined, 0, 1, 2, 3])
              for (const last of DIRECTIONS) {
                const machine = new Machine(start);
                const disk = diskOf(journalOf(start));
                if (first === "undo") await finish(machine, disk, "apply", start);
                disk.isLate = kill.isLate;
                if (kill.what === "command") machine.left = kill.at;
                else disk.left = kill.at;
                if (!(await driveUntilKilled(machine, disk, first))) continue;
                if (reboot !== undefined) machine.reboot(reboot);
                if (again !== undefined) {
                  disk.left = undefined;
                  machine.left = again;
                  await driveUntilKilled(machine, disk, second);
                } else if (second !== last) continue;
                await finish(machine, disk, last, start);
                cases += 1;
              }
    assert.ok(cases > 500, `only ${cases}`);
  });
}

test("a command that is refused: all is taken back", async () => {
  for (const refuses of ["daemon-reload", "enable b", "disable k", "stop k", "start b"]) {
    const machine = new Machine(BEFORE);
    machine.refuses = refuses;
    const disk = diskOf(journalOf(BEFORE));
    const { journal, troubles } = await drive(machine, disk, "apply");
    assert.equal(troubles[0]?.why, "refused by the test", refuses);
    assert.equal(troubles[0]?.direction, "apply");
    assert.equal(troubles.length, 1, refuses);
    assert.equal(phaseOf(journal), "undone");
    assert.deepEqual(machine.state, BEFORE, refuses);
  }
});

test("a command that is refused on the way back: it is said, and the next one goes on", async () => {
  for (const refuses of ["daemon-reload", "disable b", "enable k", "stop b"]) {
    const machine = new Machine(BEFORE);
    const disk = diskOf(journalOf(BEFORE));
    await finish(machine, disk, "apply", BEFORE);
    machine.refuses = refuses;
    const { troubles, isStuck } = await drive(machine, disk, "undo");
    assert.deepEqual(
      troubles.map(({ direction, why }) => [direction, why]),
      [["undo", "refused by the test"]],
      refuses,
    );
    assert.ok(isStuck);
    assert.ok(machine.state.keepalivedActive || machine.state.batonActive, "a daemon runs");
    assert.equal(phaseOf(disk.journal), "undoing");
    machine.refuses = undefined;
    await finish(machine, disk, "undo", BEFORE);
  }
});

test("keepalived does not start on the way back: Baton starts again", async () => {
  const machine = new Machine(BEFORE);
  const disk = diskOf(journalOf(BEFORE));
  await finish(machine, disk, "apply", BEFORE);
  machine.refuses = "start k";
  const { troubles, isStuck } = await drive(machine, disk, "undo");
  assert.deepEqual(
    troubles.map(({ step, direction }) => [step, direction]),
    [["stop-keepalived", "undo"]],
  );
  assert.ok(!isStuck);
  assert.deepEqual(machine.state, AFTER);
  assert.equal(phaseOf(disk.journal), "applied");
  // Neither does Baton: nothing is left to try.
  machine.refuses = "start k";
  const perform = machine.perform.bind(machine);
  machine.perform = (command) => {
    const isStart = command.kind === "systemctl" && command.args[0] === "start";
    return isStart ? "nothing starts" : perform(command);
  };
  const again = await drive(machine, disk, "undo");
  assert.ok(again.isStuck);
  assert.deepEqual(
    again.troubles.map(({ step, direction }) => [step, direction]),
    [
      ["stop-keepalived", "undo"],
      ["start-baton", "apply"],
    ],
  );
});

test("keepalived stops but leaves an address: Baton is not started, keepalived is again", async () => {
  const machine = new Machine(BEFORE);
  const disk = diskOf(journalOf(BEFORE));
  const observe = machine.observe.bind(machine);
  machine.observe = () => ({ ...observe(), addresses: ["192.0.2.100"] });
  const { troubles } = await drive(machine, disk, "apply");
  assert.deepEqual(
    troubles.map(({ step }) => step),
    ["stop-keepalived"],
  );
  assert.ok(!machine.commands.includes("start b"));
  assert.deepEqual(machine.state, BEFORE);
});

test("a disk without room for the journal: nothing is begun that it does not know", async () => {
  const machine = new Machine(BEFORE);
  const disk = diskOf(journalOf(BEFORE));
  disk.isFull = true;
  const { troubles } = await drive(machine, disk, "apply");
  assert.equal(troubles[0]?.why, "ENOSPC");
  assert.deepEqual(machine.state, BEFORE);
  assert.deepEqual(machine.commands, []);
});
