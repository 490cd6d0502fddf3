/** Prints lines with the time since the start, and progress while something takes long. */

const QUIET_MILLISECONDS = 2_000;
const ERASE_LINE = "\r\u001B[2K";

export interface Narrator {
  say(text: string): void;
  /** Prints without the time, for titles and tables. */
  print(text: string): void;
  /** Reports every two seconds that `what` is still in progress. */
  during<T>(what: string, work: Promise<T>): Promise<T>;
}

export function createNarrator(
  out: { write(text: string): unknown; readonly isTTY?: boolean | undefined },
  progress: (what: string, seconds: number) => string,
): Narrator {
  const startedAt = performance.now();
  const seconds = (): string => ((performance.now() - startedAt) / 1000).toFixed(1).padStart(5);
  let transient = false;
  let lastAt = startedAt;

  const write = (text: string): void => {
    out.write(transient ? `${ERASE_LINE}${text}\n` : `${text}\n`);
    transient = false;
    lastAt = performance.now();
  };
  const live = (text: string): void => {
    if (out.isTTY === true) {
      out.write(`${ERASE_LINE}[${seconds()} s]   ${text}`);
      transient = true;
    } else {
      write(`[${seconds()} s]   ${text}`);
    }
  };

  return {
    say: (text) => write(`[${seconds()} s] ${text}`),
    print: write,
    during: async (what, work) => {
      const from = performance.now();
      const timer = setInterval(() => {
        const current = performance.now();
        if (transient || current - lastAt >= QUIET_MILLISECONDS) {
          live(progress(what, (current - from) / 1000));
        }
      }, QUIET_MILLISECONDS / 2);
      try {
        return await work;
      } finally {
        clearInterval(timer);
      }
    },
  };
}
