/** The socket: bytes to request values and back. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import type { CloudRequest, CloudResponse } from "./message.ts";
import { JSON_TYPE, json } from "./message.ts";

/** The platform's limit for POST. */
const BODY_MAX = 10 * 1024 * 1024;
/** A GET may have 32 KB, all of it in the request line; Node's own limit is 16 KB for the whole head. */
const HEAD_MAX = 256 * 1024;
/** Longer than clients keep idle connections, so that it is they who close. */
const KEEP_ALIVE_MS = 75_000;

export type Handle = (request: CloudRequest) => Promise<CloudResponse>;

export function makeServer(handle: Handle, onError: (error: unknown) => void): Server {
  const server = createServer(
    { maxHeaderSize: HEAD_MAX, keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => {
      serve(handle, request, response).catch((error: unknown) => {
        // A client that went away, or the end of the emulator while a call was waiting, is nobody's fault.
        const isNobodysFault =
          response.socket?.destroyed !== false ||
          (error instanceof Error && error.name === "AbortError");
        response.destroy();
        if (!isNobodysFault) onError(error);
      });
    },
  );
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (!socket.writable) return;
    socket.end(error.code === "HPE_HEADER_OVERFLOW" ? tooLarge() : badRequest());
  });
  return server;
}

/** What the parser refused never became a request: the answer is written by hand. */
function rawAnswer(status: string, Code: string, Message: string): string {
  const { body } = json(200, { Response: { Error: { Code, Message }, RequestId: randomUUID() } });
  const length = Buffer.byteLength(body);
  const head = `Content-Type: ${JSON_TYPE}\r\nContent-Length: ${length}\r\nConnection: close`;
  return `HTTP/1.1 ${status}\r\n${head}\r\n\r\n${body}`;
}
const tooLarge = (): string =>
  rawAnswer("200 OK", "RequestSizeLimitExceeded", "the head of the request is too large");
const badRequest = (): string => rawAnswer("400 Bad Request", "InvalidRequest", "this is not HTTP");

/** Statuses that have no body, which a fault may ask for. */
const hasBody = (status: number): boolean => status !== 204 && status !== 304;

async function serve(
  handle: Handle,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { body, isTooLarge } = await readBody(request);
  const answer = await handle({
    method: request.method ?? "",
    target: request.url ?? "/",
    headers: plainHeaders(request),
    body,
    isTooLarge,
  });
  if (!hasBody(answer.status)) {
    response.writeHead(answer.status).end();
    return;
  }
  const bytes = Buffer.from(answer.body);
  response.writeHead(answer.status, { ...answer.headers, "Content-Length": bytes.length });
  response.end(request.method === "HEAD" ? undefined : bytes);
}

/** A body over the limit is read to its end and thrown away: a client that still writes cannot read an answer. */
async function readBody(
  request: IncomingMessage,
): Promise<{ readonly body: Uint8Array; readonly isTooLarge: boolean }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!(chunk instanceof Uint8Array)) continue;
    size += chunk.length;
    if (size <= BODY_MAX) chunks.push(chunk);
    else chunks.length = 0;
  }
  const isTooLarge = size > BODY_MAX;
  return { body: isTooLarge ? new Uint8Array() : Buffer.concat(chunks), isTooLarge };
}

function plainHeaders({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    plain[name] = Array.isArray(value) ? value.join(", ") : (value ?? "");
  }
  return plain;
}
