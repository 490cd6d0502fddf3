/**
 * A lab for one test: made in a temporary folder, taken down afterwards, its logs shown when the
 * test fails. And what tests do in one: commands on a node, and waiting for an owner.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { BATON, findKeepalived, HOW_TO_INSTALL_KEEPALIVED } from "#lab/measure/daemon";
import { Lab, type LabOptions } from "#lab/measure/lab";
import type { LabNode } from "#lab/measure/node";

const TIMEOUT = 4;

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

export interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command on a node, to its end. */
export async function baton(node: LabNode, ...args: readonly string[]): Promise<Ran> {
  const child = node.spawn([BATON, ...args], "pipe");
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

/** Of a pair. */
export function other(lab: Lab, node: LabNode): LabNode {
  const found = lab.nodes.find((one) => one !== node);
  assert.ok(found !== undefined);
  return found;
}
