/** Of each address that a cloud is asked about. */
import { type Family, type Labels, oneHot, type Sample } from "./family.ts";
import { INSTANCE_LABELS, labelsOf } from "./instance-labels.ts";
import type { CloudReading } from "./reading.ts";

const PLATFORM = ["agrees", "disagrees", "disputed", "doubtful", "unknown", "not-asked"].map(
  (state) => ({ state }),
);

const ofCloud = (
  about: Omit<Family, "samples" | "labels">,
  more: readonly string[],
  samples: (cloud: CloudReading, labels: Labels) => Iterable<Sample>,
): Family => ({
  ...about,
  labels: [...INSTANCE_LABELS, "address", ...more],
  samples: function* ({ instances }) {
    for (const instance of instances)
      for (const cloud of instance.cloud)
        yield* samples(cloud, { ...labelsOf(instance), address: cloud.address });
  },
});

const counter = (
  name: string,
  unit: Family["unit"],
  help: string,
  value: (counters: CloudReading["counters"]) => number,
): Family =>
  ofCloud({ name, type: "counter", unit, help }, [], ({ counters }, labels) => [
    { labels, value: value(counters) },
  ]);

export const CLOUD_FAMILIES: readonly Family[] = [
  ofCloud(
    {
      name: "baton_cloud_agreement",
      type: "gauge",
      unit: "0 or 1",
      help: "1 for what the cloud says about the owner of the address, 0 for all others; not-asked while this node is not MASTER.",
    },
    ["state"],
    ({ platform }, labels) => oneHot(labels, PLATFORM, ({ state }) => state === platform),
  ),
  ofCloud(
    {
      name: "baton_cloud_answers_total",
      type: "counter",
      unit: "number",
      help: "Answers of the cloud: the address is ours, it is not, there was no answer or an error.",
    },
    ["answer"],
    ({ counters: { agreed, refused, unanswered } }, labels) => [
      { labels, more: { answer: "ours" }, value: agreed },
      { labels, more: { answer: "not-ours" }, value: refused },
      { labels, more: { answer: "none" }, value: unanswered },
    ],
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
