/** Packages are installed without their services being started, whatever becomes of the setup. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { enabledUnits, withoutServices } from "../../tools/service-policy.mjs";
import { makeFolder } from "../support/daemon-bench.ts";

/** What invoke-rc.d is answered; null: there is no policy, so everything may be started. */
const asked = (path: string): number | null =>
  existsSync(path) ? spawnSync(path, ["nginx", "start"]).status : null;

test("nothing may be started meanwhile, and afterwards it is as it was", (context) => {
  const path = join(makeFolder(context).path, "policy-rc.d");
  withoutServices(() => assert.equal(asked(path), 101), path);
  assert.equal(asked(path), null);

  writeFileSync(path, "#!/bin/sh\nexit 7\n", { mode: 0o700 });
  withoutServices(() => assert.equal(asked(path), 101), path);
  assert.equal(asked(path), 7);
  assert.equal(lstatSync(path).mode & 0o777, 0o700);
  assert.throws(() =>
    withoutServices(() => {
      throw new Error("apt");
    }, path),
  );
  assert.equal(asked(path), 7, "after a failure too");
  assert.deepEqual(readdirSync(join(path, "..")), ["policy-rc.d"]);
});

test("a link stays a link; a policy that somebody puts there meanwhile stays", (context) => {
  const folder = makeFolder(context).path;
  const [path, target] = [join(folder, "policy-rc.d"), join(folder, "target")];
  writeFileSync(target, "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  symlinkSync(target, path);
  withoutServices(() => assert.equal(asked(path), 101), path);
  assert.ok(lstatSync(path).isSymbolicLink());
  assert.equal(readFileSync(target, "utf8"), "#!/bin/sh\nexit 0\n");
  const other = join(folder, "other");
  withoutServices(() => writeFileSync(other, "#!/bin/sh\nexit 9\n", { mode: 0o755 }), other);
  assert.equal(asked(other), 9);
});

for (const had of [undefined, 7])
  test(`killed while it installs, before that ${had ?? "nothing"}: it takes itself away`, async (context) => {
    const path = join(makeFolder(context).path, "policy-rc.d");
    if (had !== undefined) writeFileSync(path, `#!/bin/sh\nexit ${had}\n`, { mode: 0o755 });
    const module = new URL("../../tools/service-policy.mjs", import.meta.url).href;
    const code = `import { withoutServices } from ${JSON.stringify(module)};
      withoutServices(() => {
        process.stdout.write("ready\\n");
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      }, ${JSON.stringify(path)});`;
    const setup = spawn(process.execPath, ["--input-type=module", "-e", code]);
    await once(setup.stdout, "data");
    assert.equal(asked(path), 101);
    setup.kill("SIGKILL");
    await once(setup, "close");
    assert.equal(asked(path), had ?? 0, "the first question removes it and is answered");
    assert.equal(asked(path), had ?? null);
  });

test("where the folder cannot be written the work is done all the same", () => {
  let isDone = false;
  withoutServices(() => {
    isDone = true;
  }, "/proc/no/policy-rc.d");
  assert.ok(isDone);
});

test("units that start with the machine: those of every target", (context) => {
  const folder = makeFolder(context).path;
  mkdirSync(join(folder, "multi-user.target.wants"));
  mkdirSync(join(folder, "nginx.service.d"));
  writeFileSync(join(folder, "multi-user.target.wants", "nginx.service"), "");
  writeFileSync(join(folder, "nginx.service.d", "more.conf"), "");
  assert.deepEqual(enabledUnits(folder), ["nginx.service"]);
  assert.deepEqual(enabledUnits(join(folder, "none")), []);
});
