import assert from "node:assert/strict";
import { test } from "node:test";
import { openCloud } from "#cloud/server/cloud";
import { startCloud } from "#cloud/server/start";
import { explainBuildFailure } from "#lab/vpc/build-failure";
import { CloudCalls } from "#lab/vpc/cloud-calls";
import { LinuxError } from "#linux/result";

const refused = (call: string, errno: string): LinuxError =>
  new LinuxError({ ok: false, call, errno });

test("what the kernel refuses is explained with its reason and what to do", () => {
  const full = refused("unshare(CLONE_NEWNET)", "ENOSPC");
  assert.match(explainBuildFailure(full, "en") ?? "", /ENOSPC\n.*sysctl user\.max_net_namespaces/);
  assert.match(explainBuildFailure(full, "zh-CN") ?? "", /ENOSPC\n.*网络命名空间数量已达上限/);
  const denied = refused("unshare(CLONE_NEWNET)", "EPERM");
  assert.match(explainBuildFailure(denied, "en") ?? "", /EPERM\n.*run it as root/);
  const veth = refused("RTM_NEWLINK", "EOPNOTSUPP");
  assert.match(explainBuildFailure(veth, "en") ?? "", /EOPNOTSUPP\n.*modprobe veth/);
  assert.match(explainBuildFailure(refused("socket", "EWHATEVER"), "en") ?? "", /--bridge/);
});

test("a port that is taken is explained too", async () => {
  const running = await startCloud({ port: 0 });
  try {
    await startCloud({ port: Number(new URL(running.url).port) });
    assert.fail("the port was taken");
  } catch (error) {
    assert.match(explainBuildFailure(error, "en") ?? "", /EADDRINUSE.*\n.*another program/);
  } finally {
    await running.close();
  }
});

test("our own mistakes keep their stack", () => {
  assert.equal(explainBuildFailure(new TypeError("x is undefined"), "en"), undefined);
});

test("a refusal of the emulated cloud is one sentence, in either language", async () => {
  using cloud = openCloud({});
  const calls = new CloudCalls(cloud, "ap-guangzhou");
  const refusals = [
    () => calls.createVpc("shop", "172.16.0.0/33", false),
    () => calls.launch("subnet-aaaaaaaa", "a", undefined),
    () => new CloudCalls(cloud, "nowhere!").createVpc("shop", "172.16.0.0/16", false),
  ];
  for (const refused of refusals) {
    const error: unknown = await refused().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.match(explainBuildFailure(error, "en") ?? "", /^the cloud refuses to make it: /);
    assert.match(explainBuildFailure(error, "zh-CN") ?? "", /^云平台拒绝创建：/);
  }
});
