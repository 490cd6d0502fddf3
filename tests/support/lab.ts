/**
 * A lab for one test: made in a temporary folder, taken down afterwards, its logs shown when the
 * test fails.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { findKeepalived, HOW_TO_INSTALL_KEEPALIVED } from "#lab/measure/daemon";
import { Lab, type LabOptions } from "#lab/measure/lab";

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
