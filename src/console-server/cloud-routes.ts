/** `/api/cloud/…`: HAVIPs and elastic addresses, asked for with the keys that stay here. */
import type { Context, Hono } from "hono";
import * as v from "valibot";
import { type ClientOptions, type CloudClient, makeClient } from "#cloud/client/client";
import { printEndpoint } from "#cloud/client/endpoint";
import { describeFailure } from "#cloud/client/failure-text";
import { isRegion } from "#cloud/client/sendable";
import type { ChangedHavip, HavipList } from "#console/base/cloud-shape";
import { wanted } from "#json/problem";
import { closedObject, type Shape } from "#json/shape";
import {
  allocateAddress,
  applyForHavip,
  changeHavip,
  DeskFailure,
  listChoices,
  listHavips,
} from "./cloud-desk.ts";
import type { Extension } from "./console-app.ts";
import { languageOf, problem, text } from "./problem.ts";
import { readBody } from "./read-body.ts";

/** Where the cloud is and as whom it is asked, as `baton havip` finds it. */
export type CloudAccess = Pick<ClientOptions, "endpoint" | "region" | "credentials"> &
  Pick<Partial<ClientOptions>, "transport">;

const NAME = v.pipe(
  v.string(wanted("a name", "名称")),
  v.maxLength(60, wanted("at most 60 characters", "不超过 60 个字符的名称")),
);
const ID = v.pipe(
  v.string(wanted("an id", " ID")),
  v.regex(
    /^[a-z]+-[a-z0-9]{1,32}$/,
    wanted("an id such as ins-1a2b3c4d", "形如 ins-1a2b3c4d 的 ID"),
  ),
);
const IDS = v.pipe(
  v.array(ID, wanted("a list of ids", " ID 的列表")),
  v.maxLength(10, wanted("at most ten ids", "不超过十个 ID")),
);
const IPV4 = wanted("an IPv4 address", " IPv4 地址");
const ADDRESS = v.pipe(v.string(IPV4), v.ipv4(IPV4));

const APPLICATION = closedObject(
  {
    vpcId: ID,
    subnetId: ID,
    name: NAME,
    address: v.exactOptional(ADDRESS),
    checksRange: v.boolean(wanted("true or false", " true 或 false")),
    range: IDS,
  },
  wanted(
    "an object with vpcId, subnetId, name, checksRange and range",
    "由 vpcId、subnetId、name、checksRange、range 组成的对象",
  ),
);

const CHANGE = v.variant(
  "change",
  [
    v.strictObject({ change: v.literal("rename"), name: NAME }),
    v.strictObject({ change: v.picklist(["release", "unbind"]) }),
    v.strictObject({ change: v.literal("bind"), address: ADDRESS }),
    v.strictObject({ change: v.picklist(["add-to-range", "take-from-range"]), ids: IDS }),
  ],
  wanted("an object with a change", "含有 change 的对象"),
);

const ALLOCATION = closedObject({ name: NAME }, wanted("an object with name", "含有 name 的对象"));

export function cloudExtension(access: CloudAccess): Extension {
  const { endpoint, region } = access;
  return {
    session: { cloud: { endpoint: printEndpoint(endpoint), region } },
    add: (app) => addCloudRoutes(app, access),
  };
}

type Handler = (client: CloudClient, context: Context) => Promise<Response>;

function addCloudRoutes(app: Hono, access: CloudAccess): void {
  const asked =
    (handler: Handler) =>
    async (context: Context): Promise<Response> => {
      const region = context.req.query("region") ?? access.region;
      if (!isRegion(region)) return notARegion(context, region);
      const language = languageOf(context.req.header("accept-language"));
      const client = makeClient({
        ...access,
        region,
        language: language === "en" ? "en-US" : "zh-CN",
        signal: context.req.raw.signal,
      });
      try {
        return await handler(client, context);
      } catch (error) {
        if (!(error instanceof DeskFailure)) throw error;
        return refusal(context, error.failure);
      }
    };
  const taking = <Body>(
    shape: Shape<Body>,
    handler: (client: CloudClient, context: Context, body: Body) => Promise<Response>,
  ): ((context: Context) => Promise<Response>) =>
    asked(async (client, context) => {
      const read = await readBody(context, shape);
      return read.kind === "refused" ? read.response : await handler(client, context, read.body);
    });

  app.get(
    "/api/cloud/havips",
    asked(async (client, context) => {
      const list: HavipList = {
        region: client.options.region,
        havips: await listHavips(client),
      };
      return context.json(list);
    }),
  );
  app.get(
    "/api/cloud/choices",
    asked(async (client, context) => context.json(await listChoices(client))),
  );
  app.post(
    "/api/cloud/havips",
    taking(APPLICATION, async (client, context, body) => {
      const havip = await applyForHavip(client, body);
      return context.json({ havip } satisfies ChangedHavip, 201);
    }),
  );
  app.post(
    "/api/cloud/havips/:id",
    taking(CHANGE, async (client, context, body) => {
      const id = context.req.param("id") ?? "";
      const havip = (await changeHavip(client, id, body)) ?? null;
      return context.json({ havip } satisfies ChangedHavip);
    }),
  );
  app.post(
    "/api/cloud/addresses",
    taking(ALLOCATION, async (client, context, { name }) => {
      const address = await allocateAddress(client, name);
      return context.json({ address: address ?? null }, 201);
    }),
  );
}

const notARegion = (context: Context, region: string): Response => {
  const shown = region.slice(0, 40);
  return problem(context, {
    status: 422,
    detail: text(
      `${shown} is not the name of a region, such as ap-guangzhou`,
      `${shown} 不是地域名称，应形如 ap-guangzhou`,
    ),
  });
};

/** The platform's own message, with what to do about it where that is known. */
function refusal(context: Context, failure: DeskFailure["failure"]): Response {
  const language = languageOf(context.req.header("accept-language"));
  const { code, message, help, requestId } = describeFailure(failure, language);
  const detail = failure.kind === "refused" ? `${message} (${code})` : message;
  const support = requestId === undefined ? "" : `RequestId ${requestId}`;
  const advice = [help, support].filter(Boolean).join(" · ");
  return problem(context, {
    status: statusOf(failure),
    detail: text(detail, detail),
    ...(advice !== "" && { help: text(advice, advice) }),
  });
}

function statusOf(failure: DeskFailure["failure"]): 409 | 429 | 502 | 504 {
  switch (failure.kind) {
    case "refused":
      return failure.code.startsWith("RequestLimitExceeded") ? 429 : 409;
    case "failed":
      return 409;
    case "timeout":
    case "still-running":
      return 504;
    case "http":
    case "unsendable":
    case "unreachable":
    case "unreadable":
    case "done":
      return 502;
  }
}
