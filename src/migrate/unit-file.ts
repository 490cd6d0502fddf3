/**
 * What unit files say (systemd.syntax(7)), as `systemctl cat` prints them: the file, then its
 * drop-ins. Only what migrating needs: no specifiers are expanded, and values stay as written.
 */

export interface UnitLine {
  /** "Unit", "Service", "Install". */
  readonly section: string;
  readonly key: string;
  /** As written, continuation lines joined with a blank. */
  readonly value: string;
}

/** More than any unit file has; the rest is not read. */
const LINES_MAX = 5_000;

/** An assignment without a value takes back the earlier ones of its key: they are left out. */
export function readUnit(text: string): readonly UnitLine[] {
  let found: UnitLine[] = [];
  let section = "";
  for (const line of logicalLines(text)) {
    const header = /^\[(.+)\]$/.exec(line);
    if (header !== null) {
      section = header[1] ?? "";
      continue;
    }
    const at = line.indexOf("=");
    if (at < 1) continue;
    const key = line.slice(0, at).trim();
    const value = line.slice(at + 1).trim();
    if (value === "") {
      found = found.filter((one) => one.section !== section || one.key !== key);
    } else found.push({ section, key, value });
  }
  return found;
}

function* logicalLines(text: string): Generator<string, undefined> {
  let joined = "";
  for (const raw of text.split("\n", LINES_MAX)) {
    const line = raw.trim();
    // Comments are left out within continued lines too.
    if (/^[#;]/.test(line)) continue;
    if (line.endsWith("\\")) {
      joined += `${line.slice(0, -1).trim()} `;
      continue;
    }
    const whole = `${joined}${line}`.trim();
    joined = "";
    if (whole !== "") yield whole;
  }
}

/**
 * The program and arguments of a line such as `-/usr/sbin/keepalived --dont-fork $DAEMON_ARGS`
 * (systemd.service(5), COMMAND LINES): quotes, `$NAME` alone as several arguments, `${NAME}` as
 * one.
 */
export function readCommandLine(
  value: string,
  environment: ReadonlyMap<string, string>,
): readonly string[] {
  const argv: string[] = [];
  for (const part of splitQuoted(value.replace(/^[-@:+!]+/, ""))) {
    const alone = /^\$(\w+)$/.exec(part);
    if (alone !== null) {
      argv.push(...splitQuoted(environment.get(alone[1] ?? "") ?? ""));
      continue;
    }
    argv.push(
      part
        .replace(/\$\{(\w+)\}/g, (_, name: string) => environment.get(name) ?? "")
        .replaceAll("$$", "$")
        .replaceAll("%%", "%"),
    );
  }
  return argv;
}

/** Blanks separate, quotes join, `\` takes the next character as it is. */
export function splitQuoted(text: string): readonly string[] {
  const found: string[] = [];
  let part: string | undefined;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? "";
    if (char === "\\" && quote !== "'" && at + 1 < text.length) {
      at += 1;
      part = `${part ?? ""}${text[at] ?? ""}`;
    } else if (quote !== "") {
      if (char === quote) quote = "";
      else part = `${part ?? ""}${char}`;
    } else if (char === '"' || char === "'") {
      quote = char;
      part ??= "";
    } else if (/\s/.test(char)) {
      if (part !== undefined) found.push(part);
      part = undefined;
    } else part = `${part ?? ""}${char}`;
  }
  if (part !== undefined) found.push(part);
  return found;
}

/** `NAME=value` lines of an EnvironmentFile= (systemd.exec(5)); what is none is left out. */
export function readEnvironmentFile(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of logicalLines(text)) {
    const match = /^([A-Za-z_]\w*)\s*=\s*(.*)$/s.exec(line);
    if (match === null) continue;
    const value = (match[2] ?? "").trim();
    const quoted = /^(["'])(.*)\1$/s.exec(value);
    found.set(match[1] ?? "", quoted === null ? value : (quoted[2] ?? ""));
  }
  return found;
}
