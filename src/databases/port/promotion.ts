/** What a promotion is in every kind of database: see the peers, keep them quiet, catch up. */
import { setTimeout as sleep } from "node:timers/promises";
import { type DatabaseSettings, type PromoteAsk, printAddress, type Text } from "./database.ts";
import { type Closable, type Link, type PeerView, type Read, see } from "./link.ts";
import { asProblem } from "./problem.ts";
import { Refusal } from "./refusal.ts";
import type { Steps } from "./steps.ts";

/** How long a peer's server may take that accepts connections and does not answer. */
const HUNG_MS = 150;
/** The same where it did not answer the look before, which takes longer. */
const STILL_HUNG_MS = 50;
/** The same while its router says nothing: a slow machine's database may be taking writes. */
const HUNG_AFTER_LOSS_MS = 1_000;
/** A kept connection answers within this, or a new one is tried. */
const KEPT_MS = 100;
export const POLL_MS = 5;
/** Time for what follows the wait. */
export const MARGIN_MS = 100;

/** `M`: what is remembered of the primary. */
export interface Promotion<C extends Closable, M> {
  readonly own: Link<C>;
  readonly peers: readonly Link<C>[];
  readonly settings: DatabaseSettings;
  readonly memory: M | undefined;
  readonly ask: PromoteAsk;
  readonly steps: Steps;
}

export async function seePeers<C extends Closable, F>(
  { peers, ask, steps }: Pick<Promotion<C, unknown>, "peers" | "ask" | "steps">,
  read: Read<C, F>,
): Promise<readonly PeerView<C, F>[]> {
  return await Promise.all(
    peers.map(async (link) => {
      const hungMs = link.isHung ? STILL_HUNG_MS : HUNG_MS;
      const ms = ask.reason === "master-down" ? HUNG_AFTER_LOSS_MS : hungMs;
      return { link, seen: await see(link, read, Math.min(ms, steps.left / 3), KEPT_MS) };
    }),
  );
}

/** How a peer is kept from taking writes. */
export interface Quieting<C extends Closable, F> {
  readonly isWritable: (facts: F) => boolean;
  /** Resolves with its facts from then on. */
  readonly close: (link: Link<C>) => Promise<F>;
  readonly refused: (where: string, why: string) => Text;
  /** Where it takes writes although it was closed. */
  readonly why: string;
}

/** Nobody else takes writes any more; facts from then on. */
export async function quieten<C extends Closable, F>(
  { acceptLoss }: PromoteAsk,
  peers: readonly PeerView<C, F>[],
  { isWritable, close, refused, why }: Quieting<C, F>,
): Promise<readonly PeerView<C, F>[]> {
  const stillPrimary = (link: Link<C>, reason: string): Refusal =>
    new Refusal("peer-still-primary", refused(printAddress(link.at), reason));
  return await Promise.all(
    peers.map(async (view): Promise<PeerView<C, F>> => {
      const { link, seen } = view;
      if (seen.facts === undefined || !isWritable(seen.facts)) return view;
      try {
        const facts = await close(link);
        if (!isWritable(facts)) return { link, seen: { facts } };
      } catch (error) {
        if (acceptLoss) return view;
        throw stillPrimary(link, whyOf(error));
      }
      if (acceptLoss) return view;
      throw stillPrimary(link, why);
    }),
  );
}

function whyOf(error: unknown): string {
  if (!(error instanceof Refusal)) return asProblem(error).message;
  return error.answer.ok ? "-" : error.answer.text.en;
}

export interface CatchUp<C extends Closable, F, M> {
  readonly read: Read<C, F>;
  /** Nothing of the other server is missing here. */
  readonly has: (facts: F, theirs: F) => boolean;
  readonly lacking: (facts: F, theirs: F) => Refusal;
  readonly reasons: (
    settings: DatabaseSettings,
    view: { readonly own: F; readonly peers: readonly PeerView<C, F>[] },
    memory: M | undefined,
  ) => readonly Text[];
}

/** Everything of the peers that answer has come, or it is refused; its facts from then on. */
export async function catchUp<C extends Closable, F, M>(
  { own, settings, memory, ask, steps }: Promotion<C, M>,
  first: F,
  peers: readonly PeerView<C, F>[],
  { read, has, lacking, reasons }: CatchUp<C, F, M>,
): Promise<F> {
  if (ask.acceptLoss) return first;
  const all = peers.flatMap(({ seen }) => (seen.facts === undefined ? [] : [seen.facts]));
  let facts = first;
  await steps.run("receive", async () => {
    for (;;) {
      const lost = all.find((theirs) => !has(facts, theirs));
      if (lost === undefined) return;
      if (steps.left < MARGIN_MS) throw lacking(facts, lost);
      await sleep(POLL_MS);
      const seen = await see(own, read, steps.left);
      if (seen.problem !== undefined) throw seen.problem;
      ({ facts } = seen);
    }
  });
  // A server that is taken back is the one that had everything.
  if (ask.reason === "taken-back") return facts;
  const [why] = reasons(settings, { own: facts, peers }, memory);
  if (why !== undefined) throw new Refusal("not-eligible", why);
  return facts;
}
