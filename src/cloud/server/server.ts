/**
 * The socket: bytes to request values and back.
 *
 * No client has been authenticated here yet, so everything that a request can occupy is
 * bounded: its head, its body, the bodies of all requests together, the connections, and the
 * time that a head or a body may take.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { printError } from "../api/errors.ts";
import { isAdmin } from "./admin.ts";
import { Connections } from "./connections.ts";
import { readLanguage } from "./envelope.ts";
import { checkHead, type GateRefusal } from "./gate.ts";
import type { CloudRequest, CloudResponse } from "./message.ts";
import { JSON_TYPE, json } from "./message.ts";

/** The platform's limit for POST. */
const BODY_MAX = 10 * 1024 * 1024;
/** The limit for the bodies of all unanswered requests. */
const BODIES_MAX = 64 * 1024 * 1024;
/**
 * A GET may have 32 KB, all of it in the request line; Node's own limit is 16 KB for the whole
 * head.
 */
const HEAD_MAX = 64 * 1024;
const CONNECTIONS_MAX = 512;
const HEAD_TIME_MS = 10_000;
/** The time limit for head and body together. */
const REQUEST_TIME_MS = 30_000;
/** How often Node.js looks for connections that have exceeded these times. */
const CHECK_MS = 1_000;
/** Longer than clients keep idle connections, so that the client is the side that closes. */
const KEEP_ALIVE_MS = 75_000;

export type Handle = (request: CloudRequest) => Promise<CloudResponse>;

/** The bytes that the requests of one server hold together. */
interface Held {
  readonly connections: Connections;
  readonly names: readonly string[];
  bodyBytes: number;
}

/** @param names by which clients may call it, besides addresses and `localhost` (gate.ts) */
export function makeServer(
  handle: Handle,
  onError: (error: unknown) => void,
  names: readonly string[] = [],
): Server {
  const held: Held = { connections: new Connections(CONNECTIONS_MAX), names, bodyBytes: 0 };
  const server = createServer(
    {
      maxHeaderSize: HEAD_MAX,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEAD_TIME_MS,
      requestTimeout: REQUEST_TIME_MS,
      connectionsCheckingInterval: CHECK_MS,
    },
    (request, response) => {
      serve(handle, held, request, response).catch((error: unknown) => {
        // A client that went away, or the end of the emulator while a call was waiting, is not
        // an error.
        const isNobodysFault =
          response.socket?.destroyed !== false ||
          (error instanceof Error && error.name === "AbortError");
        response.destroy();
        if (!isNobodysFault) onError(error);
      });
    },
  );
  server.on("connection", (socket) => held.connections.add(socket));
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (!socket.writable) return;
    socket.end(error.code === "HPE_HEADER_OVERFLOW" ? tooLarge() : badRequest());
  });
  return server;
}

/** Input that the parser refused never became a request, so the answer is written by hand. */
function rawAnswer(status: string, Code: string, Message: string): string {
  const { body } = json(200, { Response: { Error: { Code, Message }, RequestId: randomUUID() } });
  const length = Buffer.byteLength(body);
  const head = `Content-Type: ${JSON_TYPE}\r\nContent-Length: ${length}\r\nConnection: close`;
  return `HTTP/1.1 ${status}\r\n${head}\r\n\r\n${body}`;
}
const tooLarge = (): string =>
  rawAnswer("200 OK", "RequestSizeLimitExceeded", "the head of the request is too large");
const badRequest = (): string => rawAnswer("400 Bad Request", "InvalidRequest", "this is not HTTP");

/** Statuses without a body, which a fault may ask for. */
const hasBody = (status: number): boolean => status !== 204 && status !== 304;

async function serve(
  handle: Handle,
  held: Held,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const head = { target: request.url ?? "/", headers: plainHeaders(request) };
  const refusal = checkHead(head, held.names);
  if (refusal !== undefined) {
    // The body is not read, so that a refused request costs no more than its head.
    response.shouldKeepAlive = false;
    respond(request, response, answerRefusal(refusal, head.target, head.headers));
    return;
  }
  const { body, isTooLarge, isBusy } = await readBody(request, held);
  try {
    const whole = { method: request.method ?? "", ...head, body, isTooLarge };
    const answer = isBusy
      ? json(503, { error: "too many requests with a body at once, try again" })
      : await held.connections.during(request.socket, () => handle(whole));
    respond(request, response, answer);
  } finally {
    held.bodyBytes -= body.length;
  }
}

function respond(request: IncomingMessage, response: ServerResponse, answer: CloudResponse): void {
  if (!hasBody(answer.status)) {
    response.writeHead(answer.status).end();
    return;
  }
  const bytes = Buffer.from(answer.body);
  response.writeHead(answer.status, { ...answer.headers, "Content-Length": bytes.length });
  response.end(request.method === "HEAD" ? undefined : bytes);
}

/**
 * HTTP 403 for the API and for the admin calls: no SDK ever gets it, and a person sees at once
 * that it is not the platform's answer.
 */
function answerRefusal(
  { kind: situation, value }: GateRefusal,
  target: string,
  headers: Readonly<Record<string, string>>,
): CloudResponse {
  const language = readLanguage(headers["x-tc-language"] ?? "");
  const facts = { situation, value };
  if (isAdmin(target)) return json(403, { error: printError("InvalidRequest", facts, "en-US") });
  const Message = printError("InvalidRequest", facts, language);
  const error = { Code: "InvalidRequest", Message };
  return json(403, { Response: { Error: error, RequestId: randomUUID() } });
}

interface ReadBody {
  readonly body: Uint8Array;
  readonly isTooLarge: boolean;
  /** Whether all requests together hold as much as they may. */
  readonly isBusy: boolean;
}

/**
 * A body over a limit is read to its end and discarded, because a client that is still writing
 * cannot read an answer. What is kept counts in `held.bodyBytes` until the caller subtracts it.
 */
async function readBody(request: IncomingMessage, held: Held): Promise<ReadBody> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let kept = 0;
  let isBusy = false;
  const drop = (): void => {
    chunks.length = 0;
    held.bodyBytes -= kept;
    kept = 0;
  };
  try {
    for await (const chunk of request) {
      if (!(chunk instanceof Uint8Array)) continue;
      size += chunk.length;
      isBusy ||= held.bodyBytes + chunk.length > BODIES_MAX;
      if (size > BODY_MAX || isBusy) {
        drop();
        continue;
      }
      chunks.push(chunk);
      kept += chunk.length;
      held.bodyBytes += chunk.length;
    }
  } catch (error) {
    drop();
    throw error;
  }
  return { body: Buffer.concat(chunks), isTooLarge: size > BODY_MAX, isBusy };
}

function plainHeaders({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    plain[name] = Array.isArray(value) ? value.join(", ") : (value ?? "");
  }
  return plain;
}
