/**
 * A lab for one test: made in a temporary folder, taken down afterwards, its logs shown when the
 * test fails. And what tests do in one: commands on a node, and waiting for an owner.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { InstanceStatus } from "#daemon/control-protocol";
import { statusOf } from "#lab/measure/control";
import { BATON, findKeepalived, HOW_TO_INSTALL_KEEPALIVED } from "#lab/measure/daemon";
import { Lab, type LabOptions, VIRTUAL_ADDRESS } from "#lab/measure/lab";
import type { LabNode } from "#lab/measure/node";

const TIMEOUT = 4;
const GATE_TRIES = 800;
const GATE_POLL_MS = 50;

export async function withLab(
  context: TestContext,
  options: Omit<LabOptions, "folder">,
  use: (lab: Lab, folder: string) => Promise<void>,
): Promise<void> {
  if (options.kinds.includes("keepalived") && findKeepalived() === undefined) {
    throw new Error(`this test needs keepalived: ${HOW_TO_INSTALL_KEEPALIVED}`);
  }
  const folder = mkdtempSync(join(tmpdir(), "baton-test-"));
  const lab = new Lab({ slowness: TIMEOUT, ...options, folder });
  try {
    await lab.instruments.ready();
    await use(lab, folder);
  } catch (error) {
    context.diagnostic(lab.describe(40));
    throw error;
  } finally {
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Names of the nodes that have the address, as the kernel says. */
export const holders = (lab: Lab): string =>
  lab.nodes
    .filter(({ name }) => lab.network.addressesOf(name).includes(VIRTUAL_ADDRESS))
    .map(({ name }) => name)
    .join();

export interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** A program on a node, to its end. */
export async function run(node: LabNode, ...argv: readonly string[]): Promise<Ran> {
  const child = node.spawn(argv, "pipe");
  let out = "";
  let err = "";
  child.stdout?.on("data", (more: Buffer) => {
    out += more.toString();
  });
  child.stderr?.on("data", (more: Buffer) => {
    err += more.toString();
  });
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { status, out, err };
}

export const baton = async (node: LabNode, ...args: readonly string[]): Promise<Ran> =>
  await run(node, BATON, ...args);

/** What a program that succeeds writes. */
export async function outputOf(node: LabNode, ...argv: readonly string[]): Promise<string> {
  const { status, out, err } = await run(node, ...argv);
  assert.equal(status, 0, `${argv.join(" ")}: ${out}${err}`);
  return out.trim();
}

export type Gate = NonNullable<InstanceStatus["gate"]>;

/** Of the first instance. Undefined: the daemon or its engine does not answer. */
export const gateOf = async (node: LabNode): Promise<Gate | undefined> =>
  (await statusOf(node.folder))?.instances[0]?.gate;

export async function untilGate(node: LabNode, isSo: (gate: Gate) => boolean): Promise<void> {
  let last: Gate | undefined;
  for (let tries = 0; tries < GATE_TRIES; tries += 1) {
    last = await gateOf(node);
    if (last !== undefined && isSo(last)) return;
    await new Promise((resolve) => {
      setTimeout(resolve, GATE_POLL_MS);
    });
  }
  assert.fail(`not so on ${node.name}: ${JSON.stringify(last)}`);
}

/** Of a pair. */
export function other(lab: Lab, node: LabNode): LabNode {
  const found = lab.nodes.find((one) => one !== node);
  assert.ok(found !== undefined);
  return found;
}
