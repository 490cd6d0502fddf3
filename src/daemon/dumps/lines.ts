/** Sections, lists and weights as every part of `keepalived.data` has them. */
import type { TrackerConfig } from "#vrrp/router/config";

/** One without lines is left out, as keepalived leaves it out. */
export const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`------< ${title} >------`, ...lines];

/** What belongs to a heading is indented by three. */
export const block = (heading: string, lines: readonly string[]): readonly string[] => [
  ` ${heading}`,
  ...lines.map((line) => `   ${line}`),
];

/** What is in a list is indented by two more. */
export const list = (title: string, items: readonly string[]): readonly string[] =>
  items.length === 0 ? [] : [title, ...items.map((item) => `  ${item}`)];

export const printWeight = ({ weight, reverse }: TrackerConfig): string =>
  `weight ${weight}${reverse ? " reverse" : ""}`;
