/** `/openapi.json`, made from the schemas that bodies are checked with and answers are held to. */
import { toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { EVENT_KINDS, EVENT_SEVERITIES } from "#events/record";
import { BODIES } from "./actions.ts";
import { PAGE_MAX, type QueryName } from "./event-query.ts";
import {
  CHECK,
  EVENTS,
  HEALTH,
  MAINTENANCE,
  PROBLEM,
  PROMOTED,
  STATUS,
  SWITCHED,
} from "./shapes.ts";

type Schema = v.GenericSchema;

/** Messages of a schema, and its checks by code, have no place in JSON Schema. */
const schemaOf = (schema: Schema): object => {
  const { $schema: _, ...rest } = toJsonSchema(schema, {
    target: "draft-2020-12",
    errorMode: "ignore",
  });
  return rest;
};

const content = (type: string, schema: object) => ({ [type]: { schema } });
const problem = (description: string) => ({
  description,
  content: content("application/problem+json", { $ref: "#/components/schemas/Problem" }),
});
const answer = (description: string, name: string) => ({
  description,
  content: content("application/json", { $ref: `#/components/schemas/${name}` }),
});
const stream = (description: string) => ({
  "text/event-stream": { schema: { type: "string", description } },
});

const SCHEMAS: Readonly<Record<string, Schema>> = {
  Status: STATUS,
  Events: EVENTS,
  Health: HEALTH,
  Check: CHECK,
  Problem: PROBLEM,
  Switched: SWITCHED,
  Maintenance: MAINTENANCE,
  SwitchBody: BODIES.switch,
  MaintenanceBody: BODIES.maintenance,
  Promoted: PROMOTED,
  PromoteBody: BODIES.promote,
};

const text = { type: "string" } as const;
const time = {
  type: "string",
  description: "ISO 8601 with a zone, or seconds since 1970",
} as const;
const number = { type: "integer", minimum: 0 } as const;

const PARAMETERS: Readonly<Record<QueryName, readonly [schema: object, description: string]>> = {
  since: [time, "from then on"],
  until: [time, "before then"],
  instance: [{ type: "array", items: text }, "of these instances"],
  kind: [{ type: "array", items: { enum: EVENT_KINDS } }, "of these kinds"],
  severity: [{ enum: EVENT_SEVERITIES }, "this one and those more important"],
  after: [number, "with a greater number; in a stream Last-Event-ID counts before it"],
  before: [number, "with a smaller number"],
  limit: [{ type: "integer", minimum: 1, maximum: PAGE_MAX, default: 200 }, "at most so many"],
  newest: [{ type: "boolean" }, "of more than `limit` the newest, not the oldest"],
};

const GUARDED = {
  401: problem("on an address that other machines reach: no token, or nobody's"),
  403: problem("from a web page, or under a name that is not this node's"),
} as const;

const reading = (summary: string, good: object, more: object = {}): object => ({
  get: { summary, responses: { 200: good, ...GUARDED }, security: [{}, { token: [] }], ...more },
});

const acting = (summary: string, body: string, name: string): object => ({
  post: {
    summary,
    security: [{ token: [] }],
    requestBody: {
      required: true,
      content: content("application/json", { $ref: `#/components/schemas/${body}` }),
    },
    responses: {
      200: answer("done, or with dryRun: it would be", name),
      401: problem("no token, or nobody's"),
      403: problem("a token that may only read, or a node that knows no callers"),
      409: problem("refused: the members of the answer say why"),
      413: problem("a body of more than 64 KB"),
      415: problem("a body that is not application/json"),
      422: problem("a body that is not understood: which member, and what is wanted"),
    },
  },
});

/** @param routes the paths that this node answers */
export function openApiDocument(version: string, routes: ReadonlySet<string>): object {
  const paths = Object.entries(PATHS).filter(([path]) => routes.has(path));
  return {
    openapi: "3.1.0",
    info: {
      title: "Baton",
      version,
      description:
        "State, events and metrics of a node, and what may be asked of it. Sentences come in the language of Accept-Language: en or zh-CN.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    paths: Object.fromEntries(paths),
    components: {
      schemas: Object.fromEntries(
        Object.entries(SCHEMAS).map(([name, schema]) => [name, schemaOf(schema)]),
      ),
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
  };
}

const PATHS: Readonly<Record<string, object>> = {
  "/healthz": {
    get: { summary: "The supervisor runs", responses: { 200: answer("it does", "Health") } },
  },
  "/readyz": {
    get: {
      summary: "The engine answers, and has taken over the configuration",
      responses: { 200: answer("ready", "Health"), 503: problem("not ready, and why") },
    },
  },
  "/metrics": reading("Metrics", {
    description: "the text format of Prometheus",
    content: { "text/plain": { schema: text } },
  }),
  "/v1/status": reading("What `baton status --json` shows", {
    description: "the status; as a stream `event: status` at every change, at most four a second",
    content: {
      ...content("application/json", { $ref: "#/components/schemas/Status" }),
      ...stream("data: a Status"),
    },
  }),
  "/v1/events": reading(
    "What happened",
    {
      description: "events, oldest first; as a stream `event: event` with its number as `id`",
      content: {
        ...content("application/json", { $ref: "#/components/schemas/Events" }),
        ...stream("id: its number, event: event, data: an event"),
      },
    },
    {
      parameters: Object.entries(PARAMETERS).map(([name, [schema, description]]) => ({
        name,
        in: "query",
        description,
        schema,
      })),
    },
  ),
  "/v1/check": reading("What `baton check --json` says of the file", answer("findings", "Check")),
  "/openapi.json": reading("This document", {
    description: "OpenAPI 3.1",
    content: content("application/json", { type: "object" }),
  }),
  "/v1/switch": acting("Hands ownership over, as `baton switch`", "SwitchBody", "Switched"),
  "/v1/maintenance": acting(
    "Begins or ends maintenance, as `baton maintenance`",
    "MaintenanceBody",
    "Maintenance",
  ),
  "/v1/promote": acting(
    "Promotes this node where its gate holds it back, as `baton promote`",
    "PromoteBody",
    "Promoted",
  ),
};
