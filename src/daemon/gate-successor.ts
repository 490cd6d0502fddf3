/**
 * After a planned demotion the address stays, fenced, until the successor announces it: who
 * connects anew then finds somebody. A network that answers ARP itself (a VPC) lets no announcement
 * through, so the databases are asked as well: the other one takes writes as soon as it has been
 * promoted.
 */
import type { Standing } from "#databases/port/database";

/** From one look to the next: clients wait for it. */
const LOOK_MS = 50;

export interface SuccessorWatch {
  readonly look: () => Promise<Standing>;
  /** Called once. */
  readonly serves: () => void;
  /** No longer than this. */
  readonly forMs: number;
}

/** @returns ends it */
export function watchSuccessor({ look, serves, forMs }: SuccessorWatch): () => void {
  const until = performance.now() + forMs;
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  const next = async (): Promise<void> => {
    // Whoever does not answer is asked again.
    const standing = await look().catch(() => undefined);
    if (isOver) return;
    if (standing?.peer?.isWritable === true) {
      isOver = true;
      serves();
    } else if (performance.now() < until) {
      timer = setTimeout(() => void next(), LOOK_MS);
      timer.unref();
    }
  };
  void next();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
