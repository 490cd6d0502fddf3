/** `mysql`, `postgresql` and `redis` in a gate: where they are, and what they can promise. */
import { type Block, lastSetting, nameOf, numberOf, placeOf, textOf } from "../blocks/block.ts";
import { DATABASE_PORTS, DATABASE_SECRETS, DEFAULT_SYNC } from "../keywords/gate.ts";
import { addressesOf, excludedOf, groupOf, sourceOf } from "../model/effective.ts";
import { databaseKind, portOf } from "../plan/gate.ts";
import { readHostPort } from "../values/host-port.ts";
import { databasesOf } from "./gate.ts";
import type { Rule, RuleContext } from "./rule.ts";

export const checkGateDatabase: Rule = (context) => {
  for (const { database, gate, members } of databasesOf(context.model)) {
    checkRejoin(context, database, gate);
    checkPlaces(context, database, members);
    checkPeer(context, database);
    checkValues(context, database);
    checkScripts(context, database, members);
  }
};

/** A standby is made by starting a server as one, which no statement does. */
const NEEDS_PROGRAM: readonly string[] = ["postgresql"];

function checkRejoin({ report }: RuleContext, database: Block, gate: Block): void {
  const program = lastSetting(gate, "rejoin");
  const isManual = textOf(database, "rejoin") === "manual";
  const isTried = program !== undefined || gate.attempted.includes("rejoin");
  if (program !== undefined && isManual)
    report("VR2119", program.token.span, { database: database.word ?? "" });
  if (!isTried && !isManual && NEEDS_PROGRAM.includes(database.word ?? ""))
    report("VR2118", placeOf(database), { database: database.word ?? "" });
}

function checkPlaces({ report }: RuleContext, database: Block, members: readonly Block[]): void {
  const virtual = new Set(
    members.flatMap((one) => [...addressesOf(one), ...excludedOf(one)].map(({ ip }) => ip.text)),
  );
  const own = new Set(members.flatMap((one) => sourceOf(one)?.text ?? []));
  const port = DATABASE_PORTS[databaseKind(database)];
  for (const { keyword, args } of database.settings) {
    const [first] = args;
    const { word } = keyword;
    if (first === undefined) continue;
    const { text, span } = first;
    if (word === "socket" || word === "credentials_file") {
      if (text.startsWith("/")) continue;
      if (word === "socket") report("VR2111", span, { keyword: word, text, why: "path" });
      else report("VR2073", span, { keyword: word, text });
    } else if (word === "address" || word === "peer") {
      const read = readHostPort(text, port);
      if (read.kind === "problem") report("VR2111", span, { keyword: word, text, why: read.why });
      else if (word === "peer" && virtual.has(read.at.host))
        report("VR2113", span, { peer: read.at.host });
      else if (word === "peer" && own.has(read.at.host))
        report("VR2116", span, { peer: read.at.host, isLoopback: false });
      // Another port of this machine may be a tunnel to the other node.
      else if (word === "peer" && isLoopback(read.at.host) && read.at.port === portOf(database))
        report("VR2116", span, { peer: read.at.host, isLoopback: true });
    }
  }
}

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host.startsWith("127.");

/** Without the other one's database nothing can be compared. */
function checkPeer({ report }: RuleContext, database: Block): void {
  const isThere =
    lastSetting(database, "peer") !== undefined || database.attempted.includes("peer");
  if (isThere || database.damaged) return;
  const sync = textOf(database, "sync") ?? DEFAULT_SYNC[databaseKind(database)];
  const rejoin = textOf(database, "rejoin") ?? "auto";
  const why = sync === "required" ? "sync required" : rejoin === "auto" ? "rejoin auto" : undefined;
  report("VR2110", placeOf(database), { database: database.word ?? "", why });
}

function checkValues({ report, lineOf }: RuleContext, database: Block): void {
  const lag = lastSetting(database, "max_lag");
  if (lag !== undefined && numberOf(database, "max_lag") === 0)
    report("VR2112", lag.args[0]?.span ?? lag.token.span, { database: database.word ?? "" });
  const places = ["socket", "address"].flatMap((word) => lastSetting(database, word) ?? []);
  const [socket, address] = places;
  if (socket !== undefined && address !== undefined) {
    const [kept, lost] =
      socket.token.span.start > address.token.span.start ? [socket, address] : [address, socket];
    const related = [kept.token.span];
    report("VR2115", lost.token.span, { keyword: lost.keyword.word }, { related });
  }
  for (const { keyword, token } of database.settings) {
    if (!DATABASE_SECRETS.includes(keyword.word)) continue;
    // Points at the block: reports quote the line.
    report("VR2060", placeOf(database), { keyword: keyword.word, line: lineOf(token.span) });
  }
}

/** Programs that ask a database, by its kind. */
const ASKS: Readonly<Record<string, RegExp>> = {
  mysql: /mysql|mariadb/i,
  postgresql: /pg_isready|psql|postgres/i,
  redis: /redis/i,
};

/**
 * A script without weight is FAULT at its first failure: with a gate that is an unplanned
 * demotion, where a `check` with `fall` would have asked again.
 */
function checkScripts(
  { model, report }: RuleContext,
  database: Block,
  members: readonly Block[],
): void {
  const kind = database.word ?? "";
  const trackers = new Set(
    [...members, ...members.flatMap((one) => groupOf(one, model) ?? [])].flatMap((user) =>
      user.settings.flatMap(({ keyword, value }) =>
        keyword.word === "track_script" && value.kind === "list"
          ? value.items.flatMap((item) => (item.kind === "tracked" ? [item.token.text] : []))
          : [],
      ),
    ),
  );
  for (const script of model.scripts) {
    if (!trackers.has(nameOf(script))) continue;
    const value = lastSetting(script, "script")?.value;
    const command = value?.kind === "command" ? (value.command?.argv.join(" ") ?? "") : "";
    const weight = lastSetting(script, "weight")?.value;
    const isFault = weight?.kind !== "weight" || weight.weight === 0;
    if (!isFault || (numberOf(script, "fall") ?? 1) > 1 || ASKS[kind]?.test(command) !== true)
      continue;
    report("VR2114", placeOf(script), { script: nameOf(script), database: kind });
  }
}
