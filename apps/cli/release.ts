/** `baton release`: removes the addresses a dead daemon left behind (they carry our mark). For ExecStopPost= and for people. */
import { parseArgs } from "node:util";
import { printFailure } from "#linux/result";
import { openRtnetlink } from "#linux/rtnetlink";
import { BATON_PROTO } from "#ports/world";
import { printIpv4 } from "#units/address";
import { isAnswered } from "../daemon/control-server.ts";
import { RUNTIME_DIR, socketIn } from "./control-client.ts";
import type { Command } from "./io.ts";

const USAGE = `usage: baton release [--runtime-dir DIR] [--force] [--json]

Removes every address on this machine that Baton added and that is still there.
Refuses while a daemon runs, unless --force.
`;

export const command: Command = async (args, io) => {
  const options = {
    "runtime-dir": { type: "string" },
    force: { type: "boolean" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  } as const;
  let values: { "runtime-dir"?: string; force?: boolean; json?: boolean; help?: boolean };
  try {
    ({ values } = parseArgs({ args: [...args], options, strict: true }));
  } catch (error) {
    io.stderr(
      `baton release: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`,
    );
    return 2;
  }
  if (values.help === true) {
    io.stdout(USAGE);
    return 0;
  }
  const socket = socketIn(values["runtime-dir"] ?? RUNTIME_DIR);
  if (values.force !== true && (await isAnswered(socket))) {
    io.stderr(
      "baton release: a daemon is running and owns its addresses; stop it first, or use --force\n",
    );
    return 1;
  }
  const rtnetlink = openRtnetlink();
  if (!rtnetlink.ok) {
    io.stderr(`baton release: ${printFailure(rtnetlink)}\n`);
    return 1;
  }
  const found = rtnetlink.value.addresses();
  if (!found.ok) {
    io.stderr(`baton release: ${printFailure(found)}\n`);
    return 1;
  }
  const links = rtnetlink.value.links();
  let failed = 0;
  const removed: { address: string; interface: string }[] = [];
  for (const { index, address, prefix, proto } of found.value) {
    if (proto !== BATON_PROTO) continue;
    const name = links.ok
      ? (links.value.find((one) => one.index === index)?.name ?? String(index))
      : String(index);
    const outcome = rtnetlink.value.removeAddress(index, { address, prefix, scope: 0 });
    if (outcome.ok) removed.push({ address: `${printIpv4(address)}/${prefix}`, interface: name });
    else {
      failed += 1;
      io.stderr(`baton release: ${printIpv4(address)} on ${name}: ${printFailure(outcome)}\n`);
    }
  }
  if (values.json === true) io.stdout(`${JSON.stringify({ removed })}\n`);
  else if (removed.length === 0) io.stdout("nothing to remove\n");
  else for (const one of removed) io.stdout(`removed ${one.address} from ${one.interface}\n`);
  return failed === 0 ? 0 : 1;
};
