/**
 * A client of a web server behind the virtual address: a new connection for each request, so many
 * a second, whatever becomes of the others. Its first line says that one was
 * answered, its second, when its input ends, what became of all of them.
 *
 * With control addresses it first waits until each of them answers, and then asks them as well, one
 * request for each ten.
 *
 *   web-load-main.ts ADDRESS PORT REQUESTS_PER_SECOND [CONTROL_ADDRESS…]
 */
import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { OwnPauses } from "./own-pauses.ts";
import type { LoadFailure, LoadFigures, RequestFigures } from "./web-load.ts";

const [host = "", port = "", rate = "0", ...controls] = process.argv.slice(2);
const TIMEOUT_MS = 2_000;
/** A SYN is sent again after a second. */
const LATE_MS = 500;
const CONTROL_EVERY = 10;
/** A millisecond: what is due after a pause of this program is not asked all at once. */
const AT_ONCE = 5;
const READY_MS = 20_000;
const AGAIN_MS = 50;

let pauses = new OwnPauses(performance.now());

class Requests {
  #asked = 0;
  #answered = 0;
  #open = 0;
  #late = 0;
  #slowest = 0;
  readonly #turnedAway: Record<string, number> = {};
  readonly #cut: Record<string, number> = {};
  readonly #by: Record<string, number> = {};
  readonly #failures: LoadFailure[] = [];

  get asked(): number {
    return this.#asked;
  }

  get answered(): number {
    return this.#answered;
  }

  get open(): number {
    return this.#open;
  }

  figures(): RequestFigures {
    return {
      asked: this.#asked,
      answered: this.#answered,
      turnedAway: this.#turnedAway,
      cut: this.#cut,
      failures: this.#failures,
      by: this.#by,
      late: this.#late,
      slowest: this.#slowest,
    };
  }

  ask(address: string): void {
    this.#asked += 1;
    this.#open += 1;
    const begunAt = performance.now();
    let isConnected = false;
    let isOver = false;
    const end = (count: () => void): void => {
      if (isOver) return;
      isOver = true;
      this.#open -= 1;
      this.#slowest = Math.max(this.#slowest, performance.now() - begunAt);
      count();
    };
    const failed = ({ code = "?" }: NodeJS.ErrnoException): void =>
      end(() => {
        // The kernel says ECONNREFUSED of an RST to a SYN: this one was connected, and reset before
        // this program looked.
        if (isConnected || code === "ECONNRESET") add(this.#cut, code);
        else this.#failures.push(failure(code, begunAt));
      });
    const options = { host: address, port: Number(port), agent: false, timeout: TIMEOUT_MS };
    const request = get(options, (answer) => {
      answer.resume();
      answer.once("end", () =>
        end(() => {
          if (answer.statusCode !== 200) return add(this.#turnedAway, String(answer.statusCode));
          add(this.#by, String(answer.headers["x-node"] ?? "?"));
          this.#answered += 1;
        }),
      );
      answer.once("error", failed);
    });
    request.once("socket", (socket) =>
      socket.once("connect", () => {
        isConnected = true;
        if (performance.now() - begunAt > LATE_MS) this.#late += 1;
      }),
    );
    request.on("timeout", () => {
      // After a pause of this program timers come first: what has arrived is read before it counts.
      const before = isConnected;
      setImmediate(() => {
        if (isConnected === before)
          request.destroy(Object.assign(new Error(), { code: "ETIMEDOUT" }));
      });
    });
    request.once("error", failed);
  }
}

const add = (counts: Record<string, number>, name: string): void => {
  counts[name] = (counts[name] ?? 0) + 1;
};

function failure(code: string, begunAt: number): LoadFailure {
  const endedAt = performance.now();
  pauses.ran(endedAt);
  return {
    code,
    atMs: Math.round(begunAt),
    tookMs: Math.round(endedAt - begunAt),
    pausedMs: Math.round(pauses.within(begunAt, endedAt)),
  };
}

/** Each server serves: otherwise what is measured is how it starts. */
async function untilServed(address: string): Promise<void> {
  const until = performance.now() + READY_MS;
  for (;;) {
    const one = new Requests();
    one.ask(address);
    while (one.open > 0) await sleep(1);
    if (one.answered > 0) return;
    if (performance.now() > until)
      throw new Error(`nobody serves at ${address}: ${JSON.stringify(one.figures())}`);
    await sleep(AGAIN_MS);
  }
}

for (const address of controls) await untilServed(address);

const behindAddress = new Requests();
const atNodes = new Requests();
const startedAt = performance.now();
pauses = new OwnPauses(startedAt);
let hasBegun = false;
let isEnding = false;
setInterval(() => {
  const present = performance.now();
  pauses.ran(present);
  if (isEnding) return;
  const due = Math.floor(((present - startedAt) * Number(rate)) / 1_000);
  for (let n = 0; n < AT_ONCE && behindAddress.asked < due; n++) {
    behindAddress.ask(host);
    const turn = behindAddress.asked / CONTROL_EVERY;
    const control = controls[turn % controls.length];
    if (control !== undefined) atNodes.ask(control);
  }
  if (hasBegun || behindAddress.answered === 0) return;
  hasBegun = true;
  process.stdout.write("begun\n");
}, 1);

process.stdin.resume();
process.stdin.once("end", () => {
  isEnding = true;
  setInterval(() => {
    if (behindAddress.open + atNodes.open > 0) return;
    const figures: LoadFigures = {
      ...behindAddress.figures(),
      control: controls.length === 0 ? undefined : atNodes.figures(),
      pause: pauses.longest,
      seconds: (performance.now() - startedAt) / 1_000,
    };
    process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0));
  }, 10);
});
