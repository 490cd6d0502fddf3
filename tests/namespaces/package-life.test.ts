/**
 * The life of an installation on a pair of machines under systemd: installed, without a
 * configuration, with the tutorial's, upgraded while a client asks, removed and purged. The
 * machines have this one's files, in an overlay of their own, and no way out. On a fresh Debian,
 * with a table of what breaks: `npm run test:package`.
 *
 * Needs: systemctl, keepalived, xz
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeDeb } from "../../tools/package/deb.ts";
import { make } from "../../tools/package/make.ts";
import { lifeOfPackage } from "../support/installed-life.ts";
import { bootPair, type InstalledPair } from "../support/installed-pair.ts";
import { LOG, whyNoMachine } from "./systemd-machine.ts";

const root = join(import.meta.dirname, "../..");
const skip = whyNoMachine() ?? false;

test("a package lives on two machines: installed, started, upgraded, removed, purged", {
  skip,
}, async (context) => {
  const given = mkdtempSync(join(tmpdir(), "baton-life-"));
  context.after(() => rmSync(given, { recursive: true }));
  const made = make(root, "0.9.7", 1_700_000_000);
  for (const version of ["0.9.7", "0.9.8"])
    writeFileSync(join(given, `baton_${version}.deb`), makeDeb({ ...made, version }, 0));
  const pair = await bootPair(context, { lower: "/", given, units: "baton" });
  const step = async (name: string, work: () => Promise<void>): Promise<void> => {
    await context.test(name, work);
  };
  await lifeOfPackage(pair, step, {
    log: async (node) => await node.sh(`cat ${LOG}`),
    onSeen: (what, seen) => context.diagnostic(`${what}: ${JSON.stringify(seen)}`),
    whileRunning: async () => {
      await step(
        "keepalived beside it: one is stopped before the other is started",
        async () => await besideKeepalived(pair),
      );
    },
  });
});

/** On the backup, so that nothing moves. */
async function besideKeepalived(pair: InstalledPair): Promise<void> {
  const { a, b } = pair;
  await b.sh(`cp /lib/systemd/system/keepalived.service /run/units/; systemctl daemon-reload
    ! systemctl is-active keepalived
    systemctl start keepalived`);
  assert.equal(await b.machine.show("ActiveState"), "inactive");
  assert.match(await b.sh("ps -eo args"), /^\/usr\/sbin\/keepalived/m);
  assert.doesNotMatch(await b.sh("ps -eo args"), /lib\/baton/);
  await b.sh("systemctl start baton; ! systemctl is-active keepalived");
  assert.doesNotMatch(await b.sh("ps -eo args"), /^\/usr\/sbin\/keepalived/m);
  await pair.settled(a);
  await b.sh("rm /run/units/keepalived.service; systemctl daemon-reload");
}
