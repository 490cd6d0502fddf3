/**
 * An account at an endpoint that can be asked, and which of its instances this machine is.
 * Nothing here throws because of outside failures.
 */

import type { View } from "#cloud/agreement/agreement-state";
import { viewOf } from "#cloud/agreement/ownership-lookup";
import type { AnswerOf } from "#cloud/api/actions";
import type { CallFailure } from "#cloud/client/call-failure";
import { printCallFailure } from "#cloud/client/call-failure";
import { type CloudClient, makeClient } from "#cloud/client/client";
import {
  type CloudAccount,
  type Credentials,
  EMULATOR_CREDENTIALS,
  EMULATOR_REGION,
  findAccount,
  readCredentials,
} from "#cloud/client/credentials";
import { CLOUD_ENDPOINT, type Endpoint, isLoopback, readEndpoint } from "#cloud/client/endpoint";
import { isInstanceId, isRegion } from "#cloud/client/sendable";
import type { Transport } from "#cloud/client/transport";
import type { Language } from "#diagnostics/diagnostic";
import { type HavipMessages, havipMessages } from "./havip-messages.ts";
import { readShortFile } from "./own-files.ts";

const METADATA_URL = "http://metadata.tencentyun.com";
const METADATA_MAX = 4_096;
/** The time limit of one question: no longer than the time until the next. */
const ASK_MS = 3_000;

/**
 * Where to ask. Undefined values are looked up in the environment, in the files of tccli and
 * the SDKs, and in the metadata.
 */
export interface CloudQuestion {
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly instanceId: string | undefined;
  readonly credentialsFile: string | undefined;
}

export interface CloudSourceOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly language: Language;
  /** Aborts everything in progress. */
  readonly signal?: AbortSignal;
  readonly transport?: Transport;
  /** Milliseconds since 1970, for signatures. */
  readonly now?: () => number;
}

/** This machine as the cloud sees it. */
export interface Self {
  readonly instanceId: string;
  readonly interfaces: readonly AnswerOf<"DescribeNetworkInterfaces">["NetworkInterfaceSet"][number][];
}

/** A text is the reason why not. */
type Maybe<T> = { readonly kind: "found"; readonly value: T } | Missing;
interface Missing {
  readonly kind: "missing";
  readonly why: string;
}
const found = <T>(value: T): Maybe<T> => ({ kind: "found", value });
const missing = (why: string): Missing => ({ kind: "missing", why });

export class CloudSource {
  readonly #question: CloudQuestion;
  readonly #options: CloudSourceOptions;
  readonly #messages: HavipMessages;
  #client: CloudClient | undefined;
  #self: Self | undefined;

  constructor(question: CloudQuestion, options: CloudSourceOptions) {
    this.#question = question;
    this.#options = options;
    this.#messages = havipMessages(options.language);
  }

  get endpoint(): string {
    const { env } = this.#options;
    return this.#question.endpoint ?? (env["BATON_CLOUD_ENDPOINT"] || CLOUD_ENDPOINT);
  }

  /** Asks who has the address. */
  async ask(address: string): Promise<View> {
    const client = await this.connect();
    if (client.kind === "missing") return { kind: "unknown", why: client.why };
    const self = await this.self();
    if (self.kind === "missing") return { kind: "unknown", why: self.why };
    const Filters = [{ Name: "vip", Values: [address] }];
    const result = await client.value.call("DescribeHaVips", { Filters });
    if (result.kind !== "answer") return { kind: "unknown", why: this.failed(result) };
    const { instanceId, interfaces } = self.value;
    const subnetIds = interfaces.map((one) => one.SubnetId);
    return viewOf(result.answer.HaVipSet, address, { instanceId, subnetIds });
  }

  async connect(): Promise<Maybe<CloudClient>> {
    if (this.#client !== undefined) return found(this.#client);
    const { env, language, signal, transport, now } = this.#options;
    const endpoint = readEndpoint(this.endpoint);
    if (endpoint === undefined) return missing(this.#messages.noEndpoint(this.endpoint));
    const account = findAccount({ env, profile: undefined, readFile: readShortFile });
    const credentials = this.#credentials(account, endpoint);
    if (credentials.kind === "missing") return credentials;
    const region =
      this.#question.region ??
      account.region ??
      (isLoopback(endpoint) && env["BATON_METADATA_URL"] === undefined
        ? EMULATOR_REGION
        : await this.#metadata("placement/region"));
    if (region === undefined) return missing(this.#messages.noRegion);
    if (!isRegion(region)) return missing(this.#messages.badRegion(cut(region)));
    this.#client = makeClient({
      endpoint,
      region,
      credentials: credentials.value,
      language: language === "en" ? "en-US" : "zh-CN",
      attemptTimeoutMs: ASK_MS,
      deadlineMs: ASK_MS,
      ...(signal !== undefined && { signal }),
      ...(transport !== undefined && { transport }),
      ...(now !== undefined && { now }),
    });
    return found(this.#client);
  }

  /** The instance and its interfaces, asked for once. */
  async self(): Promise<Maybe<Self>> {
    if (this.#self !== undefined) return found(this.#self);
    const client = await this.connect();
    if (client.kind === "missing") return client;
    const instanceId = this.#question.instanceId ?? (await this.#metadata("instance-id"));
    if (instanceId === undefined) return missing(this.#messages.noInstance);
    if (!isInstanceId(instanceId)) return missing(this.#messages.badInstance(cut(instanceId)));
    const Filters = [{ Name: "attachment.instance-id", Values: [instanceId] }];
    const result = await client.value.call("DescribeNetworkInterfaces", { Filters });
    if (result.kind !== "answer") return missing(this.failed(result));
    this.#self = { instanceId, interfaces: result.answer.NetworkInterfaceSet };
    return found(this.#self);
  }

  /** A file that was named takes precedence over the environment. */
  #credentials(account: CloudAccount, endpoint: Endpoint): Maybe<Credentials> {
    const { credentialsFile } = this.#question;
    if (credentialsFile !== undefined) {
      const section = this.#options.env["TCCLI_PROFILE"] ?? "default";
      const text = readShortFile(credentialsFile);
      const read = text === undefined ? undefined : readCredentials(text, section);
      return read === undefined
        ? missing(this.#messages.noCredentialsIn(credentialsFile))
        : found(read);
    }
    const fallback = isLoopback(endpoint) ? EMULATOR_CREDENTIALS : undefined;
    const credentials = account.credentials ?? fallback;
    return credentials === undefined
      ? missing(this.#messages.noCredentials(account.lookedAt))
      : found(credentials);
  }

  /** The name of the endpoint in messages. */
  failed(failure: CallFailure): string {
    // Keys change while a daemon runs, and temporary ones expire: they are read again before
    // the next call.
    if (failure.kind === "refused" && failure.code.startsWith("AuthFailure"))
      this.#client = undefined;
    return printCallFailure(failure, this.#options.language);
  }

  async #metadata(path: string): Promise<string | undefined> {
    const { env, signal } = this.#options;
    const base = env["BATON_METADATA_URL"] ?? METADATA_URL;
    const limit = AbortSignal.timeout(ASK_MS);
    try {
      const response = await fetch(`${base}/latest/meta-data/${path}`, {
        signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
      });
      return response.ok ? (await readStart(response)).trim() : undefined;
    } catch {
      return undefined;
    }
  }
}

/** Ids and names are short, but a page that a proxy returns instead may be endless. */
async function readStart(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    // Leaving the loop cancels the rest.
    if (text.length > METADATA_MAX) break;
  }
  return text;
}

/** For a log line. */
const cut = (text: string): string => JSON.stringify(text.slice(0, 60));
