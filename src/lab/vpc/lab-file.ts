/**
 * The lab file: YAML in, a lab to build or every mistake with its line and column. Reads no
 * file itself.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { Language } from "#diagnostics/diagnostic";
import { readIpv4 } from "#units/address";
import { nearest } from "#units/nearest";
import { type Micros, toMillis } from "#units/time";
import type { SecurityRule } from "../network/plan.ts";
import type {
  HavipDescription,
  InstanceDescription,
  LabDescription,
  SubnetDescription,
  VpcDescription,
} from "./description.ts";
import { readDuration } from "./duration.ts";
import { bilingual, keyOf, type LabText, refusalText } from "./lab-messages.ts";
import { OWN_FOLDERS, ownPath } from "./own-path.ts";
import { type Objection, rehearse } from "./rehearsal.ts";
import { readRule } from "./security-rules.ts";

export interface LabFile {
  readonly description: LabDescription;
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

/** A file that cannot be read: which, and why. */
export interface Unreadable {
  readonly problem: LabText;
}

/** Text of a file that the lab file names, relative to it. */
type ReadFile = (path: string) => string | Unreadable;

export function readLabFile(
  text: string,
  readFile: ReadFile,
  language: Language = "en",
): LabReading {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const reader = new Reader(lines, readFile, language);
  for (const { pos, message } of document.errors) reader.syntaxError(pos[0], message);
  if (document.errors.length > 0) return { kind: "problems", problems: reader.problems() };
  const lab = reader.lab(document.contents);
  for (const objection of rehearse(lab.description)) reader.object(objection);
  const problems = reader.problems();
  return problems.length > 0 ? { kind: "problems", problems } : { kind: "lab", lab };
}

type Fields = ReadonlyMap<string, Node>;

/** The place of a description in the file. */
interface Place {
  readonly node: Node;
  readonly fields: Fields;
  readonly vpcCidr?: string;
}

const REGION = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const CALLS_MAX = 1_000_000;
/** How many mistakes are shown; if a file has more, most of them have the same cause. */
const PROBLEMS_MAX = 100;

/**
 * Walks the YAML nodes themselves, which know their places (docs/adr/0021 says why there is no
 * schema).
 */
class Reader {
  readonly #lines: LineCounter;
  readonly #problems: LabProblem[] = [];
  #problemCount = 0;
  readonly #readFile: ReadFile;
  readonly #language: Language;
  readonly #names = new Set<string>();
  readonly #places = new Map<object, Place>();

  constructor(lines: LineCounter, readFile: ReadFile, language: Language) {
    this.#lines = lines;
    this.#readFile = readFile;
    this.#language = language;
  }

  /** The mistakes in the order of the file. */
  problems(): readonly LabProblem[] {
    const shown = this.#problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
    const hiddenCount = this.#problemCount - shown.length;
    const last = shown.at(-1);
    if (last === undefined || hiddenCount === 0) return shown;
    const text = bilingual(
      `${hiddenCount} more mistakes in this file are not shown`,
      `此文件中还有 ${hiddenCount} 处错误未列出`,
    );
    return [...shown, { ...last, message: text[this.#language] }];
  }

  syntaxError(offset: number, message: string): void {
    this.#add(offset, bilingual(message, `YAML 语法错误：${message}`));
  }

  /** Adds what the cloud would refuse, unless its place already has a mistake. */
  object({ about, refusal }: Objection): void {
    const place = this.#places.get(about);
    if (place === undefined) return;
    const key = keyOf(refusal);
    const node = key === undefined ? place.node : place.fields.get(key);
    // A missing key has been reported already.
    if (node === undefined) return;
    const { line, column } = this.#placeOf(node);
    if (this.#problems.some((one) => one.line === line && one.column === column)) return;
    this.#problem(node, refusalText(refusal, place.vpcCidr));
  }

  #placed<T extends object>(description: T, place: Place): T {
    this.#places.set(description, place);
    return description;
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
    const fields = this.#fields(node, bilingual("the lab", "lab 文件"), known);
    const apiLatency = this.#duration(fields, "api_latency");
    return {
      description: {
        region: this.#region(fields),
        internet: this.#flag(fields, "internet") ?? true,
        vpcs: this.#list(fields, "vpcs").map((one) => this.#vpc(one)),
      },
      claimLatency: this.#duration(fields, "claim_latency"),
      apiLatencyMs: apiLatency === undefined ? undefined : toMillis(apiLatency),
      callsPerSecond: this.#calls(fields),
    };
  }

  #region(fields: Fields): string {
    const region = this.#text(fields, "region") ?? "ap-guangzhou";
    const node = fields.get("region");
    if (node !== undefined && (!REGION.test(region) || region.length > 64))
      this.#problem(
        node,
        bilingual(
          `${region} is not the name of a region such as ap-guangzhou`,
          `${region} 不是地域名称，应形如 ap-guangzhou`,
        ),
      );
    return region;
  }

  #calls(fields: Fields): number | undefined {
    const calls = this.#number(fields, "calls_per_second");
    const node = fields.get("calls_per_second");
    if (node === undefined || calls === undefined) return undefined;
    if (!Number.isInteger(calls) || calls < 1 || calls > CALLS_MAX)
      this.#problem(
        node,
        bilingual(
          `calls_per_second: ${calls} is not a whole number from 1 to ${CALLS_MAX}`,
          `calls_per_second：${calls} 不是 1 到 ${CALLS_MAX} 的整数`,
        ),
      );
    return calls;
  }

  #vpc(node: Node): VpcDescription {
    const fields = this.#fields(node, bilingual("a VPC", "VPC"), [
      "name",
      "cidr",
      "multicast",
      "subnets",
    ]);
    const name = this.#needed(fields, node, "name");
    const cidr = this.#needed(fields, node, "cidr");
    const multicast = this.#flag(fields, "multicast") ?? false;
    const subnets = this.#list(fields, "subnets").map((one) => this.#subnet(one, cidr));
    return this.#placed({ name, cidr, multicast, subnets }, { node, fields });
  }

  #subnet(node: Node, vpcCidr: string): SubnetDescription {
    const fields = this.#fields(node, bilingual("a subnet", "子网"), [
      "name",
      "cidr",
      "instances",
      "havips",
    ]);
    const instances = this.#list(fields, "instances").map((one) => this.#instance(one));
    const names = new Set(instances.map((one) => one.name));
    const name = this.#needed(fields, node, "name");
    const cidr = this.#needed(fields, node, "cidr");
    const havips = this.#list(fields, "havips").map((one) => this.#havip(one, names));
    return this.#placed({ name, cidr, instances, havips }, { node, fields, vpcCidr });
  }

  #instance(node: Node): InstanceDescription {
    const fields = this.#fields(node, bilingual("an instance", "实例"), [
      "name",
      "address",
      "allow",
      "run",
      "files",
    ]);
    const name = this.#needed(fields, node, "name");
    const nameNode = fields.get("name");
    if (nameNode !== undefined) this.#checkInstanceName(name, nameNode);
    const description = {
      name,
      address: this.#address(fields),
      ingress: fields.has("allow") ? this.#rules(fields) : undefined,
      run: this.#texts(fields, "run"),
      files: this.#files(fields),
    };
    return this.#placed(description, { node, fields });
  }

  #checkInstanceName(name: string, node: Node): void {
    if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name))
      this.#problem(
        node,
        bilingual(
          `\`${name}\` is not a name of small letters, digits and hyphens`,
          `\`${name}\` 不是由小写字母、数字和连字符组成的名称`,
        ),
      );
    if (name === "internet")
      this.#problem(
        node,
        bilingual(
          "internet is the name of the host outside",
          "internet 是 VPC 外部那台机器的名称，不能用作实例名称",
        ),
      );
    if (this.#names.has(name))
      this.#problem(
        node,
        bilingual(`there are two instances called ${name}`, `有两个名为 ${name} 的实例`),
      );
    this.#names.add(name);
  }

  #havip(node: Node, instances: ReadonlySet<string>): HavipDescription {
    const fields = this.#fields(node, bilingual("a HAVIP", "HAVIP"), [
      "name",
      "address",
      "members",
      "eip",
    ]);
    for (const member of this.#list(fields, "members")) {
      const name = isScalar(member) ? String(member.value) : "";
      if (!instances.has(name))
        this.#problem(
          member,
          bilingual(`the subnet has no instance called ${name}`, `该子网中没有名为 ${name} 的实例`),
        );
    }
    const description = {
      name: this.#needed(fields, node, "name"),
      address: this.#address(fields),
      members: fields.has("members") ? this.#texts(fields, "members") : undefined,
      eip: this.#flag(fields, "eip") ?? false,
    };
    return this.#placed(description, { node, fields });
  }

  #rules(fields: Fields): readonly SecurityRule[] {
    return this.#list(fields, "allow").flatMap((one) => {
      const rule = readRule(isScalar(one) ? String(one.value) : "");
      if (!("en" in rule)) return [rule];
      this.#problem(one, rule);
      return [];
    });
  }

  #files(fields: Fields): Readonly<Record<string, string>> {
    const files: Record<string, string> = {};
    const taken = new Set<string>();
    for (const [path, node] of this.#fields(
      fields.get("files") ?? null,
      bilingual("files", "files"),
      undefined,
    )) {
      this.#checkPath(path, node, taken);
      if (isScalar(node) && typeof node.value === "string") {
        files[path] = node.value;
        continue;
      }
      const source = this.#fields(node, bilingual("a file", "文件"), ["from"]);
      const from = this.#needed(source, node, "from");
      const text = this.#readFile(from);
      if (typeof text === "string") files[path] = text;
      else this.#problem(source.get("from") ?? node, text.problem);
    }
    return files;
  }

  /** @param taken the paths of the files before it */
  #checkPath(path: string, node: Node, taken: Set<string>): void {
    const own = ownPath(path);
    if (own === undefined) {
      const folders = OWN_FOLDERS;
      this.#problem(
        node,
        bilingual(
          `${path}: an instance has files of its own only below ${folders.join(", ")}`,
          `${path}：实例自己的文件只能放在 ${folders.join("、")} 之下`,
        ),
      );
      return;
    }
    const other = [...taken].find(
      (one) => one === own || one.startsWith(`${own}/`) || own.startsWith(`${one}/`),
    );
    if (other !== undefined)
      this.#problem(
        node,
        bilingual(
          `${path}: another file of this instance has that place, or needs it as a folder`,
          `${path}：该实例的另一个文件已占用此位置，或需要它作为目录`,
        ),
      );
    taken.add(own);
  }

  #address(fields: Fields): string | undefined {
    const text = this.#text(fields, "address");
    const node = fields.get("address");
    if (text !== undefined && node !== undefined && readIpv4(text) === undefined)
      this.#problem(node, bilingual(`${text} is not an IPv4 address`, `${text} 不是 IPv4 地址`));
    return text;
  }

  #duration(fields: Fields, key: string): Micros | undefined {
    const node = fields.get(key);
    if (node === undefined) return undefined;
    const text = isScalar(node) ? String(node.value) : "";
    const value = readDuration(text);
    if (value === undefined)
      this.#problem(
        node,
        bilingual(
          `${key}: ${text} is not a time such as 4s or 100ms`,
          `${key}：${text} 不是时间，应形如 4s 或 100ms`,
        ),
      );
    return value;
  }

  #needed(fields: Fields, parent: Node, key: string): string {
    // If it is not a mapping, that has been reported already.
    if (!fields.has(key) && isMap(parent))
      this.#problem(parent, bilingual(`${key} is missing`, `缺少 ${key}`));
    return this.#text(fields, key) ?? "";
  }

  #text(fields: Fields, key: string): string | undefined {
    return this.#scalar(fields, key, bilingual("a text", "文本"), (value) =>
      typeof value === "string" || typeof value === "number" ? String(value) : undefined,
    );
  }

  #flag(fields: Fields, key: string): boolean | undefined {
    return this.#scalar(fields, key, bilingual("true or false", " true 或 false"), (value) =>
      typeof value === "boolean" ? value : undefined,
    );
  }

  #number(fields: Fields, key: string): number | undefined {
    return this.#scalar(fields, key, bilingual("a number", "数字"), (value) =>
      typeof value === "number" ? value : undefined,
    );
  }

  #scalar<T>(
    fields: Fields,
    key: string,
    wanted: LabText,
    read: (value: unknown) => T | undefined,
  ): T | undefined {
    const node = fields.get(key);
    if (node === undefined) return undefined;
    const value = isScalar(node) ? read(node.value) : undefined;
    if (value === undefined)
      this.#problem(node, bilingual(`${key} is not ${wanted.en}`, `${key} 应为${wanted["zh-CN"]}`));
    return value;
  }

  /** A text or a list of texts. */
  #texts(fields: Fields, key: string): readonly string[] {
    const node = fields.get(key);
    if (isScalar(node) && typeof node.value === "string") return [node.value];
    return this.#list(fields, key).flatMap((one) => {
      if (isScalar(one) && typeof one.value === "string") return [one.value];
      this.#problem(
        one,
        bilingual(`${key} has something that is not a text`, `${key} 中有不是文本的内容`),
      );
      return [];
    });
  }

  #list(fields: Fields, key: string): readonly Node[] {
    const node = fields.get(key);
    if (node === undefined) return [];
    if (isSeq(node)) return node.items as readonly Node[];
    this.#problem(node, bilingual(`${key} is not a list`, `${key} 应为列表`));
    return [];
  }

  /** @param known the allowed keys; undefined for any */
  #fields(node: Node | null, what: LabText, known: readonly string[] | undefined): Fields {
    const fields = new Map<string, Node>();
    if (node === null) return fields;
    if (!isMap(node)) {
      this.#problem(node, bilingual(`${what.en} is not a mapping`, `${what["zh-CN"]}应为键值映射`));
      return fields;
    }
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : "";
      if (known !== undefined && !known.includes(name)) {
        this.#problem(key as Node | null, unknownKey(what, name, known));
      } else if (value !== null) fields.set(name, value as Node);
    }
    return fields;
  }

  #placeOf(node: Node | null): { readonly line: number; readonly column: number } {
    return this.#placeAt(offsetOf(node));
  }

  #placeAt(offset: number): { readonly line: number; readonly column: number } {
    const { line, col } = this.#lines.linePos(offset);
    return { line, column: col };
  }

  #problem(node: Node | null, message: LabText): void {
    this.#add(offsetOf(node), isAlias(node) ? aliasText(node.source) : message);
  }

  #add(offset: number, message: LabText): void {
    this.#problemCount += 1;
    if (this.#problems.length >= PROBLEMS_MAX) return;
    this.#problems.push({ ...this.#placeAt(offset), message: message[this.#language] });
  }
}

/** An empty key (`: value`) is null. */
const offsetOf = (node: Node | null): number => node?.range?.[0] ?? 0;

/** Aliases of aliases can expand to more than fits into memory. */
const aliasText = (name: string): LabText =>
  bilingual(
    `*${name} is an alias, which a lab file cannot have: write out what it stands for`,
    `*${name} 是 YAML 别名，lab 文件不支持：请直接写出它所代表的内容`,
  );

function unknownKey(what: LabText, name: string, known: readonly string[]): LabText {
  const near = nearest(name, known);
  const en = `${what.en} has no ${name}, only ${known.join(", ")}`;
  const zh = `${what["zh-CN"]}没有 ${name}，只有 ${known.join("、")}`;
  return near === undefined
    ? bilingual(en, zh)
    : bilingual(`${en}; did you mean ${near}?`, `${zh}；是否要用 ${near}？`);
}
