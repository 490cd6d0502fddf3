/** The command line of the demonstration. */
import { parseArgs } from "node:util";
import type { Micros } from "#units/time";
import { readDuration } from "../vpc/duration.ts";
import { FAULT_NAMES, type FaultName } from "./faults.ts";

export interface DemoOptions {
  readonly help: boolean;
  readonly keep: boolean;
  readonly versus: boolean;
  readonly faults: readonly FaultName[];
  readonly seed: number;
  readonly json: string | undefined;
  readonly report: string | undefined;
  readonly lang: string | undefined;
  /** A plain bridge instead of the VPC: no cloud, no HAVIP, no public address. */
  readonly bridge: boolean;
  /** Of the platform, from an announcement to the moved address. */
  readonly claimLatency: Micros;
}

/** Step 5 of the tutorial: stop, kill, cut off, restart; and its health check, which the tutorial left broken. */
const STEP_FIVE: readonly FaultName[] = [
  "stop",
  "kill-engine",
  "kill-all",
  "link",
  "script",
  "restart",
];
const DEFAULT_SEED = 1;

export const DEMO_HELP: string = `usage: npm start -- [options]

  --vs keepalived   the same with keepalived beside it, fault by fault
  --keep            leave everything running at the end, and tell how to look, break and leave
  --faults LIST     which faults, in order: ${FAULT_NAMES.join(",")} or "none"
                    (default: ${STEP_FIVE.join(",")})
  --claim-latency TIME  how long the platform takes to move a HAVIP, such as 4s (default 0)
  --bridge          a plain bridge instead of the VPC: no HAVIP, no public address
  --seed NUMBER     decides when within an advertisement interval each fault falls (default ${DEFAULT_SEED})
  --json FILE       results for programs
  --report FILE.md  results for people
  --lang en|zh      language (default: LANG)
`;

export type ParsedOptions =
  | { readonly kind: "ok"; readonly options: DemoOptions }
  | { readonly kind: "bad"; readonly message: string };

export function parseDemoOptions(argv: readonly string[]): ParsedOptions {
  let values: ReturnType<typeof readValues>;
  try {
    values = readValues(argv);
  } catch (error) {
    return { kind: "bad", message: error instanceof Error ? error.message : String(error) };
  }
  if (values.vs !== undefined && values.vs !== "keepalived") {
    return { kind: "bad", message: `--vs knows keepalived only, not \`${values.vs}\`` };
  }
  const words = values.faults === "none" ? [] : values.faults?.split(",");
  const unknown = words?.find((word) => !FAULT_NAMES.includes(word as FaultName));
  if (unknown !== undefined) {
    return {
      kind: "bad",
      message: `no fault is called \`${unknown}\`; there are ${FAULT_NAMES.join(", ")}`,
    };
  }
  const seed = Number(values.seed ?? DEFAULT_SEED);
  if (!Number.isInteger(seed) || seed < 0) {
    return { kind: "bad", message: `--seed wants a whole number, not \`${values.seed}\`` };
  }
  const claimLatency = readDuration(values["claim-latency"] ?? "0");
  if (claimLatency === undefined) {
    const message = `--claim-latency wants a time such as 4s, not \`${values["claim-latency"]}\``;
    return { kind: "bad", message };
  }
  return {
    kind: "ok",
    options: {
      help: values.help ?? false,
      keep: values.keep ?? false,
      versus: values.vs !== undefined,
      faults: (words as readonly FaultName[] | undefined) ?? STEP_FIVE,
      seed,
      json: values.json,
      report: values.report,
      lang: values.lang,
      bridge: values.bridge ?? false,
      claimLatency,
    },
  };
}

function readValues(argv: readonly string[]): {
  help?: boolean;
  keep?: boolean;
  vs?: string;
  faults?: string;
  seed?: string;
  json?: string;
  report?: string;
  lang?: string;
  bridge?: boolean;
  "claim-latency"?: string;
} {
  return parseArgs({
    args: [...argv],
    options: {
      help: { type: "boolean", short: "h" },
      keep: { type: "boolean" },
      vs: { type: "string" },
      faults: { type: "string" },
      seed: { type: "string" },
      json: { type: "string" },
      report: { type: "string" },
      lang: { type: "string" },
      bridge: { type: "boolean" },
      "claim-latency": { type: "string" },
    },
  }).values;
}
