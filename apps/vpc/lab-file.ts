/** The lab file: YAML in, a world to build or every mistake with its line and column. Reads no file itself. */
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { SecurityRule } from "#fabric/plan";
import { readIpv4 } from "#units/address";
import { type Micros, toMillis } from "#units/time";
import type {
  HavipDescription,
  InstanceDescription,
  SubnetDescription,
  VpcDescription,
  WorldDescription,
} from "./description.ts";
import { readDuration } from "./duration.ts";
import { readRule } from "./rule-words.ts";

export interface LabFile {
  readonly world: WorldDescription;
  readonly claimLatency: Micros | undefined;
  readonly apiLatencyMs: number | undefined;
  readonly callsPerSecond: number | undefined;
}

export interface LabProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type LabReading =
  | { readonly kind: "lab"; readonly lab: LabFile }
  | { readonly kind: "problems"; readonly problems: readonly LabProblem[] };

/** @param readFile text of a file that the lab file names, relative to it; undefined: cannot be read */
export function readLabFile(
  text: string,
  readFile: (path: string) => string | undefined,
): LabReading {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problems: LabProblem[] = document.errors.map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    return { line, column: col, message: error.message };
  });
  if (problems.length > 0) return { kind: "problems", problems };
  const reader = new Reader(lines, problems, readFile);
  const lab = reader.lab(document.contents);
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  return problems.length > 0 ? { kind: "problems", problems } : { kind: "lab", lab };
}

type Fields = ReadonlyMap<string, Node>;

class Reader {
  readonly #lines: LineCounter;
  readonly #problems: LabProblem[];
  readonly #readFile: (path: string) => string | undefined;
  readonly #names = new Set<string>();

  constructor(
    lines: LineCounter,
    problems: LabProblem[],
    readFile: (path: string) => string | undefined,
  ) {
    this.#lines = lines;
    this.#problems = problems;
    this.#readFile = readFile;
  }

  lab(node: Node | null): LabFile {
    const known = [
      "region",
      "internet",
      "claim_latency",
      "api_latency",
      "calls_per_second",
      "vpcs",
    ];
    const fields = this.#fields(node, "the lab", known);
    const apiLatency = this.#duration(fields, "api_latency");
    return {
      world: {
        region: this.#text(fields, "region") ?? "ap-guangzhou",
        internet: this.#flag(fields, "internet") ?? true,
        vpcs: this.#list(fields, "vpcs").map((one) => this.#vpc(one)),
      },
      claimLatency: this.#duration(fields, "claim_latency"),
      apiLatencyMs: apiLatency === undefined ? undefined : toMillis(apiLatency),
      callsPerSecond: this.#number(fields, "calls_per_second"),
    };
  }

  #vpc(node: Node): VpcDescription {
    const fields = this.#fields(node, "a VPC", ["name", "cidr", "multicast", "subnets"]);
    return {
      name: this.#needed(fields, node, "name"),
      cidr: this.#needed(fields, node, "cidr"),
      multicast: this.#flag(fields, "multicast") ?? false,
      subnets: this.#list(fields, "subnets").map((one) => this.#subnet(one)),
    };
  }

  #subnet(node: Node): SubnetDescription {
    const fields = this.#fields(node, "a subnet", ["name", "cidr", "instances", "havips"]);
    const instances = this.#list(fields, "instances").map((one) => this.#instance(one));
    const names = new Set(instances.map((one) => one.name));
    return {
      name: this.#needed(fields, node, "name"),
      cidr: this.#needed(fields, node, "cidr"),
      instances,
      havips: this.#list(fields, "havips").map((one) => this.#havip(one, names)),
    };
  }

  #instance(node: Node): InstanceDescription {
    const fields = this.#fields(node, "an instance", ["name", "address", "allow", "run", "files"]);
    const name = this.#needed(fields, node, "name");
    const nameNode = fields.get("name") ?? node;
    if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name))
      this.#problem(nameNode, `\`${name}\` is not a name of small letters, digits and hyphens`);
    if (name === "internet") this.#problem(nameNode, "internet is the name of the host outside");
    if (this.#names.has(name)) this.#problem(nameNode, `there are two instances called ${name}`);
    this.#names.add(name);
    return {
      name,
      address: this.#address(fields),
      ingress: fields.has("allow") ? this.#rules(fields) : undefined,
      run: this.#texts(fields, "run"),
      files: this.#files(fields),
    };
  }

  #havip(node: Node, instances: ReadonlySet<string>): HavipDescription {
    const fields = this.#fields(node, "a HAVIP", ["name", "address", "members", "eip"]);
    for (const member of this.#list(fields, "members")) {
      const name = isScalar(member) ? String(member.value) : "";
      if (!instances.has(name)) this.#problem(member, `the subnet has no instance called ${name}`);
    }
    return {
      name: this.#needed(fields, node, "name"),
      address: this.#address(fields),
      members: fields.has("members") ? this.#texts(fields, "members") : undefined,
      eip: this.#flag(fields, "eip") ?? false,
    };
  }

  #rules(fields: Fields): readonly SecurityRule[] {
    return this.#list(fields, "allow").flatMap((one) => {
      const rule = readRule(isScalar(one) ? String(one.value) : "");
      if (typeof rule !== "string") return [rule];
      this.#problem(one, rule);
      return [];
    });
  }

  #files(fields: Fields): Readonly<Record<string, string>> {
    const files: Record<string, string> = {};
    for (const [path, node] of this.#fields(fields.get("files") ?? null, "files", undefined)) {
      if (isScalar(node) && typeof node.value === "string") {
        files[path] = node.value;
        continue;
      }
      const source = this.#fields(node, "a file", ["from"]);
      const from = this.#needed(source, node, "from");
      const text = this.#readFile(from);
      if (text === undefined) this.#problem(source.get("from") ?? node, `${from} cannot be read`);
      else files[path] = text;
    }
    return files;
  }

  #address(fields: Fields): string | undefined {
    const text = this.#text(fields, "address");
    const node = fields.get("address");
    if (text !== undefined && node !== undefined && readIpv4(text) === undefined)
      this.#problem(node, `${text} is not an IPv4 address`);
    return text;
  }

  #duration(fields: Fields, key: string): Micros | undefined {
    const node = fields.get(key);
    if (node === undefined) return undefined;
    const text = isScalar(node) ? String(node.value) : "";
    const value = readDuration(text);
    if (value === undefined)
      this.#problem(node, `${key}: ${text} is not a time such as 4s or 100ms`);
    return value;
  }

  #needed(fields: Fields, parent: Node, key: string): string {
    if (!fields.has(key)) this.#problem(parent, `${key} is missing`);
    return this.#text(fields, key) ?? "";
  }

  #text(fields: Fields, key: string): string | undefined {
    return this.#scalar(fields, key, "a text", (value) =>
      typeof value === "string" || typeof value === "number" ? String(value) : undefined,
    );
  }

  #flag(fields: Fields, key: string): boolean | undefined {
    return this.#scalar(fields, key, "true or false", (value) =>
      typeof value === "boolean" ? value : undefined,
    );
  }

  #number(fields: Fields, key: string): number | undefined {
    return this.#scalar(fields, key, "a number", (value) =>
      typeof value === "number" ? value : undefined,
    );
  }

  #scalar<T>(
    fields: Fields,
    key: string,
    wanted: string,
    read: (value: unknown) => T | undefined,
  ): T | undefined {
    const node = fields.get(key);
    if (node === undefined) return undefined;
    const value = isScalar(node) ? read(node.value) : undefined;
    if (value === undefined) this.#problem(node, `${key} is not ${wanted}`);
    return value;
  }

  /** One text or a list of texts. */
  #texts(fields: Fields, key: string): readonly string[] {
    const node = fields.get(key);
    if (isScalar(node) && typeof node.value === "string") return [node.value];
    return this.#list(fields, key).flatMap((one) => {
      if (isScalar(one) && typeof one.value === "string") return [one.value];
      this.#problem(one, `${key} has something that is not a text`);
      return [];
    });
  }

  #list(fields: Fields, key: string): readonly Node[] {
    const node = fields.get(key);
    if (node === undefined) return [];
    if (isSeq(node)) return node.items as readonly Node[];
    this.#problem(node, `${key} is not a list`);
    return [];
  }

  /** @param known keys; undefined: any */
  #fields(node: Node | null, what: string, known: readonly string[] | undefined): Fields {
    const fields = new Map<string, Node>();
    if (node === null) return fields;
    if (!isMap(node)) {
      this.#problem(node, `${what} is not a mapping`);
      return fields;
    }
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : "";
      if (known !== undefined && !known.includes(name)) {
        this.#problem(key as Node, `${what} has no ${name}, only ${known.join(", ")}`);
      } else if (value !== null) fields.set(name, value as Node);
    }
    return fields;
  }

  #problem(node: Node, message: string): void {
    const { line, col } = this.#lines.linePos(node.range?.[0] ?? 0);
    this.#problems.push({ line, column: col, message });
  }
}
