/** Of each address that a cloud is asked about. */
import type { Family } from "./family.ts";
import { INSTANCE_LABELS } from "./instance-labels.ts";
import type { CloudReading } from "./reading.ts";
import type { Labels } from "./series.ts";

const PLATFORM = ["agrees", "disagrees", "disputed", "doubtful", "unknown", "not-asked"] as const;

/** Takes a sample of one address. */
type PutMore = (more: Labels, key: string, value: number) => void;

const ofCloud = (
  about: Omit<Family, "write" | "labels">,
  more: readonly string[],
  write: (cloud: CloudReading, put: PutMore) => void,
): Family => ({
  ...about,
  labels: [...INSTANCE_LABELS, "address", ...more],
  write: ({ instances }, put) => {
    for (const { cloud, series } of instances)
      for (const one of cloud) {
        const { address } = one;
        write(one, (others, key, value) => {
          const all = `${address} ${key}`;
          const known = series.get("cloud", all);
          const labels = { ...series.labels, address, ...others };
          put(known ?? series.add("cloud", all, labels), value);
        });
      }
  },
});

const counter = (
  name: string,
  unit: Family["unit"],
  help: string,
  value: (counters: CloudReading["counters"]) => number,
): Family =>
  ofCloud({ name, type: "counter", unit, help }, [], ({ counters }, put) =>
    put({}, "", value(counters)),
  );

export const CLOUD_FAMILIES: readonly Family[] = [
  ofCloud(
    {
      name: "baton_cloud_agreement",
      type: "gauge",
      unit: "0 or 1",
      help: "1 for what the cloud says about the owner of the address, 0 for all others; not-asked while this node is not MASTER.",
    },
    ["state"],
    ({ platform }, put) => {
      for (const state of PLATFORM) put({ state }, state, state === platform ? 1 : 0);
    },
  ),
  ofCloud(
    {
      name: "baton_cloud_answers_total",
      type: "counter",
      unit: "number",
      help: "Answers of the cloud: the address is ours, it is not, there was no answer or an error.",
    },
    ["answer"],
    ({ counters: { agreed, refused, unanswered } }, put) => {
      put({ answer: "ours" }, "ours", agreed);
      put({ answer: "not-ours" }, "not-ours", refused);
      put({ answer: "none" }, "none", unanswered);
    },
  ),
  counter("baton_cloud_questions_total", "number", "Questions to the cloud.", ({ asked }) => asked),
  counter(
    "baton_cloud_announcements_total",
    "number",
    "Announcements repeated because the cloud did not agree.",
    ({ announced }) => announced,
  ),
  counter(
    "baton_cloud_disagreement_seconds_total",
    "seconds",
    "Time as MASTER without the agreement of the cloud.",
    ({ disagreementSeconds }) => disagreementSeconds,
  ),
];
