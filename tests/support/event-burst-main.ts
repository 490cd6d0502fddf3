/**
 * A process that records events as fast as they are kept, and writes the number of each to stdout
 * when it is in the file. It goes on until it is killed.
 *
 * Arguments: the state directory, the first number.
 */
import { writeSync } from "node:fs";
import { EventRecorder } from "#daemon/event-recorder";
import { DEFAULT_BOUNDS } from "#events/bounds";

const [folder = "", first = "1"] = process.argv.slice(2);
const WAITING_MAX = 200;

const log = Object.assign(
  (level: string, text: string): void => void process.stderr.write(`${level}: ${text}\n`),
  { dropped: () => 0 },
);
const recorder = new EventRecorder({
  folder,
  bounds: DEFAULT_BOUNDS,
  group: undefined,
  node: "db1",
  log,
  language: "en",
});
let next = Number(first);
let waiting = 0;

recorder.onKept((events) => {
  const numbers = events.flatMap(({ data }) => ("number" in data ? [data["number"]] : []));
  writeSync(1, numbers.map((one) => `${String(one)}\n`).join(""));
  waiting -= numbers.length;
});

function record(): void {
  for (; waiting < WAITING_MAX; waiting += 1) {
    const data = {
      action: "reload",
      by: { via: "signal", signal: "SIGHUP" },
      outcome: "done",
    } as const;
    recorder.record({
      kind: "operator",
      severity: "info",
      text: { en: `number ${next}`, "zh-CN": `第 ${next} 条` },
      data: { ...data, number: next },
    });
    next += 1;
  }
  setImmediate(record);
}
record();
