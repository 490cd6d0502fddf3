import assert from "node:assert/strict";
import { test } from "node:test";
import { DAEMON_ORDER_NAMES } from "#lab/vpc/daemon-orders";
import { readFault } from "#lab/vpc/fault-orders";
import type { LabStatus } from "#lab/vpc/lab-protocol";
import { readLabAnswer, readLabRequest } from "#lab/vpc/lab-protocol-shapes";

test("every request of the commands is taken as it was sent", () => {
  const faults = [
    "delay 20ms 5ms",
    "jitter 1.5s",
    "loss 10% vrrp",
    "duplicate 0.1",
    "reorder 100%",
    "one-way from",
    "one-way to",
    "cut",
    "unplug",
    "plug",
    "late 6s",
    "apart b c",
    "arp-limit 10 20",
    "swallow-claims",
    "heal",
  ];
  const requests = [
    { command: "status" },
    { command: "down" },
    { command: "watch" },
    ...DAEMON_ORDER_NAMES.map((order) => ({ command: "daemon", instance: "a", order })),
    { command: "daemon", instance: "a", order: "start", address: "172.16.0.9" },
    { command: "exec", instance: "a" },
    { command: "capture", instance: "a", file: "/tmp/a.pcapng" },
    { command: "capture", instance: "a" },
    ...faults.map((line) => {
      const order = readFault(line.split(" "));
      assert.notEqual(order.kind, "wrong", line);
      return { command: "fault", instance: "a", order };
    }),
  ];
  for (const request of requests)
    assert.deepEqual(readLabRequest(JSON.stringify(request)), request);
});

test("what is no request is refused with the place, the reason and what is wanted", () => {
  const fault = (order: unknown): string =>
    JSON.stringify({ command: "fault", instance: "a", order });
  const cases: readonly (readonly [string, string])[] = [
    ["{", "the line is not JSON"],
    [
      "[]",
      'command is missing; wanted is an object with the command "status", "exec", "fault", "daemon", "capture", "watch" or "down"',
    ],
    [
      '{"command":"reboot"}',
      'command is "reboot"; wanted is an object with the command "status", "exec", "fault", "daemon", "capture", "watch" or "down"',
    ],
    ['{"command":"exec"}', "instance is missing; wanted is an object with command and instance"],
    [
      '{"command":"down","now":true}',
      "now is not known here; wanted is an object with command alone",
    ],
    [
      '{"command":"capture","instance":"a","file":"a.pcapng"}',
      'file is "a.pcapng"; wanted is an absolute path',
    ],
    [
      '{"command":"daemon","instance":"a","order":"explode"}',
      'order is "explode"; wanted is one of start, stop, restart, kill-engine, kill-all, hang, continue, power-off, power-on, service-down, service-up',
    ],
    [
      '{"command":"daemon","instance":"a","order":"start","address":"172.16.0.9; rm"}',
      'address is "172.16.0.9; rm"; wanted is an IPv4 address',
    ],
    [fault({ kind: "merge" }), "order.fault is missing; wanted is an object with kind and fault"],
    [
      fault({ kind: "merge", fault: { loss: 2 } }),
      "order.fault.loss is 2; wanted is a part from 0 to 1",
    ],
    [
      fault({ kind: "merge", fault: { notHearing: [1] } }),
      "order.fault.notHearing is not known here; wanted is an object with faults of a port",
    ],
    [fault({ kind: "cable", plugged: 1 }), "order.plugged is 1; wanted is true or false"],
  ];
  for (const [line, problem] of cases) assert.equal(readLabRequest(line), problem, line);
});

const STATUS: LabStatus = {
  pid: 7,
  region: "ap-guangzhou",
  rootless: true,
  instances: [
    {
      name: "a",
      instanceId: "ins-1",
      interfaceId: "eni-1",
      address: "172.16.0.16",
      subnetId: "subnet-1",
      folder: "/run/baton-lab/default/a",
      faults: { loss: 0.1 },
      faultOrders: ["loss 10%"],
      commands: [{ command: "baton run", state: "running" }],
      received: 1,
      sent: 2,
      dropped: { "not-allowed": 3 },
    },
  ],
  havips: [
    {
      id: "havip-1",
      name: "web",
      address: "172.16.0.135",
      state: "UNBIND",
      subnetId: "subnet-1",
    },
  ],
};

test("an answer is one that a lab of this version gives, or none", () => {
  const good = [
    { ok: true },
    { ok: true, status: STATUS },
    { ok: false, error: "no", text: { en: "no", "zh-CN": "否" } },
    { ok: false, error: "no" },
  ];
  for (const answer of good) assert.deepEqual(readLabAnswer(JSON.stringify(answer)), answer);
  for (const line of ["", "{", "null", "[]", '{"ok":1}', '{"ok":false}', '{"ok":true,"status":{}}'])
    assert.equal(readLabAnswer(line), undefined, line);
});

test("an answer to exec is a process and a region, and nothing else of it is taken", () => {
  const good = { pid: 77, startTime: 5, rootless: false, region: "ap-guangzhou" };
  const read = (exec: unknown): unknown => readLabAnswer(JSON.stringify({ ok: true, exec }));
  assert.deepEqual(read({ ...good, env: { LD_PRELOAD: "/tmp/x.so" } }), { ok: true, exec: good });
  for (const bad of [
    null,
    "x",
    { ...good, pid: 1 },
    { ...good, pid: -5 },
    { ...good, pid: "77" },
    { ...good, startTime: undefined },
    { ...good, rootless: "yes" },
    { ...good, region: "x\nLD_PRELOAD=/tmp/x.so" },
  ])
    assert.equal(read(bad), undefined);
});
