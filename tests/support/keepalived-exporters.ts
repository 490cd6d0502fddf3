/**
 * How programs read keepalived's dump files, after the rules of those that people run:
 * mehdy/keepalived-exporter (data, scripts, stats, JSON), gen2brain/keepalived_exporter (data and
 * stats, paired by place) and the collectors that split lines at ` = `. Written after what they do
 * with a line, mistakes included, and not after keepalived.
 */

export interface SeenData {
  readonly name: string;
  state?: string;
  wanted?: string;
  device?: string;
  garpDelay?: number;
  vrid?: number;
  lastTransition?: number;
  readonly addresses: string[];
}

const KNOWN_STATES = ["INIT", "BACKUP", "MASTER", "FAULT"];

function knownState(text: string): string {
  if (!KNOWN_STATES.includes(text)) throw new Error(`unknown state ${text}`);
  return text;
}

function wholeNumber(text: string): number {
  if (!/^-?[0-9]+$/.test(text)) throw new Error(`no whole number: ${text}`);
  return Number(text);
}

/** As strings.Split does, and the first two parts only. */
function halves(line: string, separator: string): readonly [string, string] {
  const [key = "", value = ""] = line.trim().split(separator);
  return [key.trim(), value.trim()];
}

const linesOf = (text: string): readonly string[] => text.replace(/\n$/, "").split("\n");

/** mehdy: instances of `keepalived.data`; an unknown state or a bad number fails the scrape. */
export function readDataLikeMehdy(text: string): ReadonlyMap<string, SeenData> {
  const found = new Map<string, SeenData>();
  let current: SeenData | undefined;
  let key = "";
  for (const line of linesOf(text)) {
    if (line.startsWith(" VRRP Instance") && line.includes("=")) {
      const [, name] = halves(line, "=");
      current = { name, addresses: [] };
      found.set(name, current);
    } else if (line.startsWith("   ") && current !== undefined) {
      let value = line.trim();
      if (!line.startsWith("     ")) {
        const separator = line.includes("=") ? "=" : line.includes(":") ? ":" : undefined;
        if (separator === undefined) continue;
        [key, value] = halves(line, separator);
        if (key === "Virtual IP") continue;
      }
      if (/^Virtual IP(?: \(|$)/.test(key) && value !== "") current.addresses.push(value);
      takeMehdy(current, key, value);
    } else if (!line.startsWith(" VRRP Version") && !line.startsWith(" VRRP Script"))
      current = undefined;
  }
  return found;
}

function takeMehdy(current: SeenData, key: string, value: string): void {
  if (key === "State") current.state = knownState(value);
  else if (key === "Wantstate") current.wanted = knownState(value);
  else if (key === "Interface" || key === "Listening device") current.device = value;
  else if (key === "Gratuitous ARP delay") current.garpDelay = wholeNumber(value);
  else if (key === "Virtual Router ID") current.vrid = wholeNumber(value);
}

/** mehdy: `ADDRESS dev DEVICE …` of a line of `Virtual IP`. */
export function readAddressLikeMehdy(line: string): readonly [string, string] {
  const parts = line.split(" ");
  if (parts.length < 3) throw new Error(`no address: ${line}`);
  return [parts[0] ?? "", parts[2] ?? ""];
}

export interface SeenScript {
  readonly name: string;
  status: string;
  state: string;
}

export function readScriptsLikeMehdy(text: string): readonly SeenScript[] {
  const found: SeenScript[] = [];
  let current: SeenScript | undefined;
  for (const line of linesOf(text)) {
    if (line.startsWith(" VRRP Script") && line.includes("=")) {
      current = { name: halves(line, "=")[1], status: "", state: "" };
      found.push(current);
    } else if (line.startsWith("   ") && current !== undefined) {
      if (!line.includes("=")) continue;
      const [key, value] = halves(line, "=");
      if (key === "Status") current.status = value;
      else if (key === "State") current.state = value;
    } else if (!line.startsWith("    ")) current = undefined;
  }
  return found;
}

export type SeenStats = Record<string, number>;

/** Both exporters: `keepalived.stats` by section and name, one map for each instance. */
export function readStats(text: string): ReadonlyMap<string, SeenStats> {
  const found = new Map<string, SeenStats>();
  let current: SeenStats | undefined;
  let section = "";
  for (const line of linesOf(text)) {
    if (line.startsWith("VRRP Instance") && line.includes(":")) {
      current = {};
      found.set(halves(line, ":")[1], current);
    } else if (line.startsWith("  ") && line.endsWith(":")) {
      [section] = halves(line, ":");
    } else if (current !== undefined && line.startsWith("    ") && section !== "") {
      const [key, value] = halves(line, ":");
      current[`${section}/${key}`] = wholeNumber(value);
    } else if (current !== undefined && line.startsWith("  ")) {
      const [key, value] = halves(line, ":");
      section = "";
      current[key] = wholeNumber(value);
    }
  }
  return found;
}

/**
 * gen2brain: instances of `keepalived.data` in their order. `Flags: none` has no `=` and ends an
 * instance for it, so with keepalived 2.2 it sees what stands before.
 */
export function readDataLikeGen2brain(text: string): readonly Omit<SeenData, "addresses">[] {
  const found: SeenData[] = [];
  let current: SeenData | undefined;
  for (const line of linesOf(text)) {
    if (line.startsWith(" VRRP Instance") && line.includes("="))
      current = { name: halves(line, "=")[1], addresses: [] };
    else if (line.startsWith("   ") && line.includes("=") && current !== undefined) {
      const [key, value] = halves(line, "=");
      if (key === "Interface") current.device = value;
      else if (key === "Virtual Router ID") current.vrid = wholeNumber(value);
      else if (key === "Last transition") current.lastTransition = Number.parseFloat(value);
      else if (key === "State") current.state = value;
      else if (key === "Wantstate") current.wanted = value;
    } else if (!line.startsWith(" VRRP Version") && current !== undefined) {
      found.push(current);
      current = undefined;
    }
  }
  return found;
}

/** `Key = value` of each instance, whatever the key: for a comparison of all of them. */
export function readEveryKey(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const found = new Map<string, Map<string, string>>();
  let current: Map<string, string> | undefined;
  let last = "";
  for (const line of linesOf(text)) {
    const head =
      /^ (VRRP Instance|VRRP Script|VRRP Sync Group|Track file|VRRP Track process) = ([^,]+)/;
    const [, kind, name] = head.exec(line) ?? [];
    if (kind !== undefined) {
      current = new Map();
      found.set(`${kind} ${name}`, current);
    } else if (/^(?:------| \S)/.test(line)) current = undefined;
    else if (line.startsWith("     ")) {
      current?.set(last, `${current.get(last) ?? ""}\n${line.trim()}`.trim());
    } else {
      const [, key = line.trim(), value = ""] = /^ {3}(.*?)(?: = | ?: ?|: )(.*)$/.exec(line) ?? [];
      last = key.trim();
      current?.set(last, value.trim());
    }
  }
  return found;
}
