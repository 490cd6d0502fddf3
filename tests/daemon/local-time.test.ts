import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

const MODULE = join(import.meta.dirname, "../../src/daemon/local-time.ts");

/** The zone belongs to a process, so each is asked in one of its own. */
function inZone(zone: string, at: string): string {
  const program = `
    import { printLocalTime } from ${JSON.stringify(MODULE)};
    process.stdout.write(printLocalTime(new Date(${JSON.stringify(at)})));`;
  const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", program];
  return execFileSync(process.execPath, args, {
    env: { ...process.env, TZ: zone },
    encoding: "utf8",
  });
}

test("local time carries its zone, also half hours, west of Greenwich and in summer", () => {
  const at = "2026-01-31T16:05:09.007Z";
  assert.equal(inZone("Asia/Shanghai", at), "2026-02-01 00:05:09.007 +08:00");
  assert.equal(inZone("Asia/Kolkata", at), "2026-01-31 21:35:09.007 +05:30");
  assert.equal(inZone("America/St_Johns", at), "2026-01-31 12:35:09.007 -03:30");
  assert.equal(inZone("UTC", at), "2026-01-31 16:05:09.007 +00:00");
  assert.equal(
    inZone("Europe/Berlin", "2026-07-01T12:00:00.000Z"),
    "2026-07-01 14:00:00.000 +02:00",
  );
});
