/**
 * Limits of texts that users choose. VPCs, subnets and interfaces count bytes, HAVIPs and addresses
 * count characters.
 */
import type { Refusal } from "./refusal.ts";
import { refuse } from "./refusal.ts";
import type { TagRow } from "./rows.ts";

/** Length in UTF-8; a lone surrogate is written as the three bytes of U+FFFD. */
function byteCount(text: string): number {
  let count = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) count += 1;
    else if (code < 0x800) count += 2;
    else count += code < 0x10000 ? 3 : 4;
  }
  return count;
}

function characterCount(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

export function checkNameBytes(name: string, parameter: string): Refusal | undefined {
  return checkLength(name, parameter, byteCount(name), 60, "bytes");
}

export function checkNameCharacters(
  name: string,
  parameter: string,
  max = 60,
): Refusal | undefined {
  return checkLength(name, parameter, characterCount(name), max, "characters");
}

function checkLength(
  name: string,
  parameter: string,
  count: number,
  max: number,
  unit: string,
): Refusal | undefined {
  if (name === "") {
    return refuse("InvalidParameterValue", { parameter, value: '""', limit: `1 - ${max} ${unit}` });
  }
  if (count <= max) return undefined;
  return refuse("InvalidParameterValue.TooLong", {
    parameter,
    value: `${count} ${unit}`,
    limit: `${max} ${unit}`,
  });
}

const TAGS_MAX = 50;

/** Keys must be unique and not empty. */
export function checkTags(tags: readonly TagRow[], parameter: string): Refusal | undefined {
  if (tags.length > TAGS_MAX) {
    return refuse("InvalidParameterValue.LimitExceeded", {
      parameter,
      value: `${tags.length}`,
      limit: `${TAGS_MAX}`,
    });
  }
  const seen = new Set<string>();
  for (const { key } of tags) {
    if (key === "")
      return refuse("InvalidParameterValue", { parameter, value: '""', limit: "Key" });
    if (seen.has(key)) return refuse("InvalidParameterValue.Duplicate", { parameter, value: key });
    seen.add(key);
  }
  return undefined;
}
