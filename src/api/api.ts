/**
 * The HTTP API of a daemon while it runs: what is listened on follows the configuration, and what
 * cannot be listened on is tried again. Loaded when a configuration or the line asks for it.
 */
import { chmodSync, chownSync, lstatSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import type { ApiHost, RunningApi } from "#daemon/api-port";
import type { Language } from "#diagnostics/diagnostic";
import { isLocal, printApiAddress } from "#keepalived/plan/api";
import type { ApiAddress, ApiPlan } from "#keepalived/plan/run-plan";
import { assert } from "#units/assert";
import { makeApp } from "./app.ts";
import { Attempts } from "./attempts.ts";
import { type Callers, NOBODY, readTokens } from "./callers.ts";
import type { Entrance } from "./connection.ts";
import { Listener } from "./listener.ts";
import { type ApiMessages, apiMessages } from "./messages.ts";
import { readTls, type SecureFiles } from "./secure-files.ts";
import { Streams } from "./streams.ts";
import { Unsent } from "./unsent.ts";
import { UserShare } from "./user-share.ts";

/** In all; the rest of the connections is left for questions. */
const STREAMS_MAX = 200;
const CONNECTIONS_MAX = 256;
/** Of one user of this machine, at a loopback address. */
const USER_CONNECTIONS_MAX = 64;
/** At a Unix socket: its clients are of one group, and few. */
const SOCKET_CONNECTIONS_MAX = 64;
const RETRY_MS = [100, 500, 2_000, 10_000];

/** What is listened on, or is to be. */
interface Place {
  readonly entrance: Entrance;
  listener: Listener | undefined;
  tries: number;
  timer: NodeJS.Timeout | undefined;
  /** Why it could not be opened, as it was logged. */
  reported: string | undefined;
  isClosed: boolean;
}

export const openApi = (host: ApiHost): RunningApi => new Api(host);

class Api implements RunningApi {
  readonly #host: ApiHost;
  readonly #messages: ApiMessages;
  readonly #app: ReturnType<typeof makeApp>;
  readonly #streams = new Streams({ most: STREAMS_MAX });
  readonly #unsent = new Unsent();
  readonly #places = new Map<string, Place>();
  #callers: Callers = NOBODY;
  #secure: SecureFiles | undefined;

  constructor(host: ApiHost) {
    this.#host = host;
    this.#messages = apiMessages(host.language);
    this.#app = makeApp({
      node: host.node,
      streams: this.#streams,
      attempts: new Attempts({
        report: (count, from) => {
          host.log("warning", this.#messages.wrongTokens(count, from));
          const text = (language: Language): string =>
            apiMessages(language).wrongTokens(count, from);
          host.wrongTokens({ en: text("en"), "zh-CN": text("zh-CN") }, count, from);
        },
      }),
      callers: () => this.#callers,
      failed: (what, error) => this.#failed(what, error),
    });
  }

  get listens(): readonly string[] {
    return [...this.#places.values()].flatMap(({ listener, entrance }) =>
      listener === undefined ? [] : [printApiAddress(entrance.address)],
    );
  }

  configure(plan: ApiPlan | undefined): void {
    this.#callers = this.#readCallers(plan?.tokenFile);
    const secure = this.#readSecure(plan);
    const wanted = new Map(
      (plan === undefined ? [] : this.#entrances(plan)).map((one) => [keyOf(one), one] as const),
    );
    for (const [key, place] of this.#places)
      if (!wanted.has(key)) {
        this.#close(place);
        this.#places.delete(key);
      }
    // With new files that cannot be used those that are open keep the ones that they have.
    if (secure !== undefined)
      for (const { listener } of this.#places.values()) listener?.secure(secure);
    this.#secure = plan?.tls === undefined ? undefined : (secure ?? this.#secure);
    for (const [key, entrance] of wanted) {
      if (this.#places.has(key) || (entrance.isTls && this.#secure === undefined)) continue;
      const place: Place = {
        entrance,
        listener: undefined,
        tries: 0,
        timer: undefined,
        reported: undefined,
        isClosed: false,
      };
      this.#places.set(key, place);
      this.#open(place);
    }
  }

  close(): void {
    for (const place of this.#places.values()) this.#close(place);
    this.#places.clear();
    this.#streams.endAll();
  }

  /** Every API has the group's socket. */
  #entrances(plan: ApiPlan): readonly Entrance[] {
    const isTls = plan.tls !== undefined;
    const asksCertificate = plan.tls?.clientCaFile !== undefined;
    const addresses: readonly ApiAddress[] = [
      { kind: "unix", path: this.#host.socket },
      ...plan.listen,
    ];
    return addresses.map((address) =>
      address.kind === "unix"
        ? { address, through: "socket", isTls: false, asksCertificate: false }
        : { address, through: isLocal(address) ? "loopback" : "network", isTls, asksCertificate },
    );
  }

  #readCallers(file: string | undefined): Callers {
    if (file === undefined) return NOBODY;
    const { log, readFile } = this.#host;
    const read = readFile(file, "secret");
    if (read.kind === "refused") {
      log("error", this.#messages.fileRefused("token_file", read.why));
      return NOBODY;
    }
    const { callers, problems } = readTokens(read.text);
    for (const one of problems) log("warning", this.#messages.tokenLine(file, one));
    log("info", this.#messages.callers(callers.names));
    return callers;
  }

  #readSecure(plan: ApiPlan | undefined): SecureFiles | undefined {
    if (plan?.tls === undefined) return undefined;
    const read = readTls(plan.tls, this.#host.readFile);
    if (read.kind === "files") return read.files;
    this.#host.log("error", this.#messages.noTls(read.why));
    return undefined;
  }

  #open(place: Place): void {
    const { entrance } = place;
    let listener: Listener | undefined;
    const opened = async (): Promise<void> => {
      if (entrance.address.kind === "unix") this.#makeRoom(entrance.address.path);
      listener = this.#newListener(entrance);
      await listener.listen();
      if (place.isClosed) return listener.close();
      if (entrance.address.kind === "unix") this.#share(entrance.address.path);
      place.listener = listener;
      place.tries = 0;
      place.reported = undefined;
      this.#host.log("info", this.#messages.listening(printApiAddress(entrance.address)));
    };
    opened().catch((error: unknown) => {
      listener?.close();
      this.#retry(place, error);
    });
  }

  #newListener(entrance: Entrance): Listener {
    assert(!entrance.isTls || this.#secure !== undefined, "TLS without a certificate");
    const isUnix = entrance.address.kind === "unix";
    return new Listener({
      entrance,
      secure: entrance.isTls ? this.#secure : undefined,
      app: this.#app,
      connectionsMax: isUnix ? SOCKET_CONNECTIONS_MAX : CONNECTIONS_MAX,
      share:
        entrance.through === "loopback"
          ? new UserShare(USER_CONNECTIONS_MAX, this.#host.userOf)
          : undefined,
      unsent: this.#unsent,
      failed: (what, error) => this.#failed(what, error),
    });
  }

  #retry(place: Place, error: unknown): void {
    if (place.isClosed) return;
    const why = reasonOf(error);
    // The first try may only have come before an earlier server of ours was gone.
    if (place.tries > 0 && why !== place.reported) {
      place.reported = why;
      const address = printApiAddress(place.entrance.address);
      this.#host.log("warning", this.#messages.cannotListen(address, why));
    }
    const pause = RETRY_MS[place.tries] ?? RETRY_MS.at(-1);
    place.tries += 1;
    place.timer = setTimeout(() => this.#open(place), pause);
    place.timer.unref();
  }

  #close(place: Place): void {
    place.isClosed = true;
    clearTimeout(place.timer);
    if (place.listener === undefined) return;
    place.listener.close();
    this.#host.log("info", this.#messages.closed(printApiAddress(place.entrance.address)));
  }

  /** One of an earlier daemon goes; what is no socket stays. Throws the reason. */
  #makeRoom(path: string): void {
    const problem = this.#host.folderProblem(dirname(path));
    if (problem !== undefined) throw new Error(problem);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return;
    if (!stats.isSocket()) throw new Error(this.#messages.isNoSocket(path));
    unlinkSync(path);
  }

  /** Of the group that may read, if there is one. */
  #share(path: string): void {
    const { group } = this.#host;
    if (group === undefined) return;
    chownSync(path, process.geteuid?.() ?? 0, group);
    chmodSync(path, 0o660);
  }

  #failed(what: string, error: unknown): void {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#host.log("error", this.#messages.failed(what, why));
  }
}

/** With another key a place has to be opened again. */
const keyOf = ({ address, isTls, asksCertificate }: Entrance): string =>
  `${printApiAddress(address)} ${isTls} ${asksCertificate}`;

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return (error as NodeJS.ErrnoException).code ?? error.message;
}
