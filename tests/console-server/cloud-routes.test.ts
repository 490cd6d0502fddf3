/** The HAVIP page's requests, against the emulated cloud without a port. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Hono } from "hono";
import type { CloudChoices, CloudHavip, HavipList } from "#console/base/cloud-shape";
import { cloudExtension } from "#console-server/cloud-routes";
import { makeConsoleApp } from "#console-server/console-app";
import { Secret } from "#units/secret";
import { openTutorialCloud, type TutorialCloud } from "../support/console-cloud-desk.ts";

const KEY = "0123456789abcdef";

interface Desk extends Omit<TutorialCloud, "access"> {
  readonly app: Hono;
  get<Body>(path: string): Promise<Body>;
  post(path: string, body: unknown, language?: string): Promise<Reply>;
}

interface Reply {
  readonly status: number;
  readonly body: {
    readonly havip?: CloudHavip | null;
    readonly detail?: string;
    readonly help?: string;
  };
}

async function openDesk(): Promise<Desk> {
  const { access, ...tutorial } = await openTutorialCloud();
  const app = makeConsoleApp({
    version: "1.2.3",
    gate: { key: new Secret(KEY), names: [] },
    assets: new Map(),
    nodes: [],
    extensions: [cloudExtension(access)],
    onError: (error) => {
      throw error;
    },
  });
  const own = { host: "127.0.0.1:8080", authorization: `Bearer ${KEY}` };
  return {
    app,
    ...tutorial,
    get: async <Body>(path: string) => {
      const response = await app.request(path, { headers: own });
      assert.equal(response.status, 200, path);
      return (await response.json()) as Body;
    },
    post: async (path, body, language = "en") => {
      const response = await app.request(path, {
        method: "POST",
        headers: { ...own, "accept-language": language },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as Reply["body"] };
    },
  };
}

const application = ({ vpcId, subnetId }: Desk, more: object = {}): object => ({
  vpcId,
  subnetId,
  name: "db",
  checksRange: true,
  range: [],
  ...more,
});

test("apply, rename, drift range, bind, unbind, release: each is answered when it is done", async () => {
  const desk = await openDesk();
  const { body } = await desk.post(
    "/api/cloud/havips",
    application(desk, { address: "172.16.0.135", range: desk.instances.slice(0, 1) }),
  );
  const id = body.havip?.id ?? "";
  assert.deepEqual(
    [body.havip?.state, body.havip?.address, body.havip?.range],
    ["UNBIND", "172.16.0.135", desk.instances.slice(0, 1)],
  );
  const change = async (wanted: object): Promise<CloudHavip | null | undefined> => {
    const reply = await desk.post(`/api/cloud/havips/${id}`, wanted);
    assert.equal(reply.status, 200, JSON.stringify(reply));
    return reply.body.havip;
  };
  assert.equal((await change({ change: "rename", name: "mysql" }))?.name, "mysql");
  const wider = await change({ change: "add-to-range", ids: [desk.instances[1]] });
  assert.deepEqual([...(wider?.range ?? [])].toSorted(), [...desk.instances].toSorted());
  const less = await change({ change: "take-from-range", ids: [desk.instances[0]] });
  assert.deepEqual(less?.range, [desk.instances[1]]);

  const made = await desk.post("/api/cloud/addresses", { name: "public" });
  assert.equal(made.status, 201);
  const { addresses } = await desk.get<CloudChoices>("/api/cloud/choices");
  assert.deepEqual(
    addresses.map(({ name, status }) => [name, status]),
    [["public", "UNBIND"]],
  );
  const address = addresses[0]?.address ?? "";
  assert.equal((await change({ change: "bind", address }))?.publicAddress, address);
  // The platform does not give back what has a public address.
  const early = await desk.post(`/api/cloud/havips/${id}`, { change: "release" });
  assert.equal(early.status, 409);
  assert.equal((await change({ change: "unbind" }))?.publicAddress, "");
  assert.equal(await change({ change: "release" }), null);
  assert.deepEqual((await desk.get<HavipList>("/api/cloud/havips")).havips, []);
});

test("the dialogs' choices: networks, instances with their addresses, the quota", async () => {
  const desk = await openDesk();
  const { vpcs, subnets, interfaces, havipsPerVpc } =
    await desk.get<CloudChoices>("/api/cloud/choices");
  assert.deepEqual(
    vpcs.map(({ name, cidr }) => [name, cidr]),
    [["tutorial", "172.16.0.0/16"]],
  );
  assert.deepEqual(
    subnets.map(({ name, cidr, vpcId }) => [name, cidr, vpcId]),
    [["front", "172.16.0.0/24", desk.vpcId]],
  );
  assert.deepEqual(
    interfaces.map(({ name, instanceId, isPrimary }) => [name, instanceId, isPrimary]),
    [
      ["a", desk.instances[0], true],
      ["b", desk.instances[1], true],
    ],
  );
  assert.equal(havipsPerVpc, 10);
});

test("a refusal is the platform's, in the page's language, with what to do", async () => {
  const desk = await openDesk();
  const outside = application(desk, { address: "10.0.0.9" });
  const english = await desk.post("/api/cloud/havips", outside);
  assert.equal(english.status, 409);
  assert.match(english.body.detail ?? "", /10\.0\.0\.9.*\(InvalidParameterValue\.Range\)/);
  assert.match(english.body.help ?? "", /RequestId [0-9a-f-]{36}/);
  const chinese = await desk.post("/api/cloud/havips", outside, "zh-CN");
  assert.match(chinese.body.detail ?? "", /[一-鿿].*InvalidParameterValue\.Range/);
});

test("what the page would not send is refused before the platform is asked", async () => {
  const desk = await openDesk();
  const cases: readonly (readonly [string, unknown, RegExp])[] = [
    ["/api/cloud/havips", {}, /vpcId is missing/],
    ["/api/cloud/havips", application(desk, { name: "x".repeat(61) }), /name/],
    ["/api/cloud/havips", application(desk, { address: "nine" }), /address is "nine"/],
    ["/api/cloud/havips", application(desk, { range: ["ins-1; rm"] }), /range/],
    ["/api/cloud/havips", application(desk, { owner: "me" }), /owner is not known here/],
    ["/api/cloud/havips/havip-1", { change: "explode" }, /change/],
    ["/api/cloud/havips?region=%0d%0a", application(desk), /not the name of a region/],
  ];
  for (const [path, body, problem] of cases) {
    const reply = await desk.post(path, body);
    assert.equal(reply.status, 422, path);
    assert.match(reply.body.detail ?? "", problem);
  }
  assert.deepEqual((await desk.get<HavipList>("/api/cloud/havips")).havips, []);
});

test("the session names the cloud and no key; without the key of the console nothing is asked", async () => {
  const desk = await openDesk();
  const session = await desk.get<unknown>("/api/session");
  assert.match(JSON.stringify(session), /"region":"ap-guangzhou"/);
  assert.doesNotMatch(JSON.stringify(session), /secret|baton"/i);
  const headers = { host: "127.0.0.1:8080" };
  assert.equal((await desk.app.request("/api/cloud/havips", { headers })).status, 401);
});
