/**
 * A whole daemon reports to a web hook what happens to it, while it happens: a take-over, a link
 * that is cut, a check that fails; and each end.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { WebhookAlert, WebhookDocument } from "#alerts/message";
import { changeLink } from "#linux/links";
import { spawnIn } from "#linux/namespace";
import { mustDo } from "#linux/result";
import { until } from "../support/daemon-bench.ts";
import { Witness } from "../support/script-witness.ts";

const RECEIVER = fileURLToPath(new URL("../support/alert-receiver-main.ts", import.meta.url));
const PORT = 9_080;

const CONF = `
alert {
    webhook http://127.0.0.1:${PORT}/hook
    settle 1
}
vrrp_script sick {
    script "/usr/bin/test ! -e FOLDER/sick"
    interval 1
    weight -10
    user root
}
vrrp_instance VI_1 {
    state BACKUP
    interface eth0
    version 3
    virtual_router_id 51
    priority 100
    advert_int 0.2
    virtual_ipaddress {
        192.0.2.101/32
    }
    track_script {
        sick
    }
}
`;

test("a daemon reports what happens to it while it happens, and when it is over", async () => {
  const folder = mkdtempSync(join(tmpdir(), "baton-alerts-"));
  const witness = new Witness("baton", folder);
  const { left } = witness.cable;
  mustDo(changeLink(left.rtnetlink, 1, { up: true }));
  const file = witness.file("alerts");
  const receiver = spawnIn(left.namespace, [process.execPath, RECEIVER, file, String(PORT)], {
    stdio: ["ignore", "ignore", "inherit"],
    diesWithParent: true,
  });
  const alerts = (): readonly WebhookAlert[] =>
    readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .flatMap((line) => (JSON.parse(line) as WebhookDocument).alerts);
  const reported = async (cause: string, status: WebhookAlert["status"]): Promise<WebhookAlert> => {
    const find = (): WebhookAlert | undefined =>
      alerts().find((one) => one.cause === cause && one.status === status);
    await until(`${cause} ${status}`, () => find() !== undefined);
    const found = find();
    assert.ok(found !== undefined);
    return found;
  };
  try {
    await until("the receiver", () => existsSync(file));
    witness.configure(CONF);
    const endSpeech = witness.speak(51, 200, ["192.0.2.101"]);
    witness.start();
    await until("BACKUP", () => readFileSync(witness.file("log"), "utf8").includes("BACKUP STATE"));
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.deepEqual(alerts(), [], "a start is no alert");
    await endSpeech();
    const moved = await reported("state/VI_1", "event");
    assert.equal(moved.severity, "warning");
    assert.match(moved.text.en, /^BACKUP → MASTER: /);
    writeFileSync(witness.file("sick"), "");
    assert.match((await reported("check/sick", "firing")).text.en, /sick/);
    rmSync(witness.file("sick"));
    assert.equal((await reported("check/sick", "resolved")).count, 1);
    witness.setCarrier(false);
    const fault = await reported("fault/VI_1", "firing");
    assert.equal(fault.severity, "error");
    assert.equal(fault.instance, "VI_1");
    assert.equal(fault.event.kind, "state");
    witness.setCarrier(true);
    await reported("fault/VI_1", "resolved");
    witness.signal("SIGTERM");
    await witness.ended();
  } catch (error) {
    process.stderr.write(readFileSync(witness.file("log"), "utf8"));
    throw error;
  } finally {
    receiver.kill("SIGKILL");
    if (receiver.exitCode === null && receiver.signalCode === null) await once(receiver, "exit");
    await witness.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
