/**
 * `baton release`: removes the addresses a dead daemon left behind. The addresses carry our
 * mark, or, where the kernel keeps no mark, are known from what daemons record
 * (owned-places.ts). It is meant for ExecStopPost= and for people.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { defineCommand } from "#command-line/command";
import { type Command, flag, type Line, text } from "#command-line/definition";
import { isAnswered } from "#daemon/control-server";
import { untilEngineGone } from "#daemon/engine-lock";
import { leftoversIn } from "#daemon/owned-places";
import { claimedAddresses } from "#linux/address-claims";
import { keepalivedsWithVrrp } from "#linux/keepalived-processes";
import { removeLeftRouting } from "#linux/left-routing";
import { cleanAccept } from "#linux/nft-accept";
import { openNftFence } from "#linux/nft-fence";
import { type NftGuard, openNftGuard } from "#linux/nft-guard";
import { missingCapabilities } from "#linux/process";
import { type Result, success } from "#linux/result";
import { openRtnetlink, type Rtnetlink } from "#linux/rtnetlink";
import { cleanVirtualMacs } from "#linux/virtual-mac-devices";
import { type IpAddress, printIp } from "#units/address";
import type { Leftover } from "#vrrp/engine/engine-link";
import { type AddressInfo, BATON_PROTO, type FenceEntry, printFailure } from "#vrrp/engine/world";
import { RUNTIME_DIR_OPTION, runtimeDirOf, socketIn } from "./control-client.ts";

/** As long as an engine that hands over is waited for. */
const LEASE_MS = 10_000;
const POLL_MS = 20;

const OPTIONS = {
  "after-lease": flag(
    text(
      "waits up to 10 s for leases that still run: until they end this machine answers, and no peer takes over",
      "对仍在有效期内的租约最多等待 10 秒：租约到期前本机继续应答，对端也不会接管",
    ),
  ),
  force: flag(
    text(
      "neither refuse nor wait; removes at once what no living process owns",
      "既不拒绝也不等待，立即清除没有存活进程持有的地址",
    ),
  ),
  json: flag(text("for programs", "供程序读取的输出")),
  "runtime-dir": RUNTIME_DIR_OPTION,
} as const;

export const command: Command = releaseCommand(openRtnetlink);

/** @param openRequests how the kernel is asked for links and addresses */
export function releaseCommand(openRequests: typeof openRtnetlink): Command {
  return defineCommand({
    name: "release",
    summary: text(
      "Removes every address that Baton added to this machine and that is still there, the nftables rules that keep such an address from answering (the lease's, and those of `no_accept`), the devices of virtual MAC addresses, the fences of gates, and routes and policy rules.",
      "清除本机上由 Baton 添加、但仍然残留的地址，使这些地址不应答的 nftables 规则（租约的规则，以及 `no_accept` 的规则），虚拟 MAC 网卡，gate 的 fence 规则，以及路由和策略路由规则。",
    ),
    details: text(
      `What a running daemon owns stays, whatever its runtime directory, and with --force too. Refuses while a daemon runs with this runtime directory, and waits up to 10 s for an engine that still hands over. A daemon that hangs has to be killed first. A fence stays with --after-lease: a service that was not demoted is not to be reached after a stop either. Routes and policy rules are known by protocol 18, which keepalived has too: they go where neither another daemon nor keepalived runs.
On kernels before 5.18, which do not mark addresses, --runtime-dir has to be the one of the daemon that left them.`,
      `正在运行的守护进程所持有的地址不受影响，无论它使用哪个运行目录，也无论是否指定 --force。该运行目录下有守护进程在运行时拒绝执行；若引擎仍在移交，最多等待 10 秒。守护进程若已失去响应，请先将其强制结束。指定 --after-lease 时保留 fence：未经降级的服务在守护进程停止后同样不可访问。路由和策略路由规则按协议号 18 识别，keepalived 也使用这个协议号，因此只有在没有其他守护进程、也没有 keepalived 运行时才会清除。
5.18 之前的内核不能标记地址，此时 --runtime-dir 必须是遗留地址的守护进程所用的运行目录。`,
    ),
    options: OPTIONS,
    examples: [
      {
        line: "ExecStopPost=/usr/bin/baton release --after-lease",
        about: text("in a unit file", "写在 unit 文件中"),
      },
    ],
    notes: text(
      "Exit status: 0 nothing of ours is left, 1 refused, or an address could not be removed.",
      "退出码：0 已无残留，1 被拒绝或有地址无法清除。",
    ),
    run: async (line) => await release(line, openRequests),
  });
}

async function release(
  line: Line<typeof OPTIONS>,
  openRequests: typeof openRtnetlink,
): Promise<number> {
  const { options, io } = line;
  const runtimeDir = runtimeDirOf(line);
  const en = line.language === "en";
  const fail = (text: string): number => {
    io.stderr(`baton release: ${text}\n`);
    return 1;
  };
  if (!options.force && (await isAnswered(socketIn(runtimeDir)))) {
    return fail(
      en
        ? "a daemon is running and owns its addresses; stop it first, or use --force for what no process owns"
        : "守护进程正在运行并持有其地址；请先停止它，或用 --force 只清除没有进程持有的地址",
    );
  }
  if (missingCapabilities().includes("CAP_NET_ADMIN"))
    return fail(
      en ? "only root may do this: try again with sudo" : "只有 root 可以执行：请用 sudo",
    );
  // Its supervisor may have died a moment ago (ExecStopPost=).
  if (!options.force) await untilEngineGone(runtimeDir);
  const rtnetlink = openRequests();
  if (!rtnetlink.ok) return fail(printFailure(rtnetlink));
  // A running owner would put it back at once; if it hangs, the lease removes the address.
  const claimed = claimedAddresses();
  const listed = leftoversIn(runtimeDir, rtnetlink.value);
  if (options["after-lease"] && !options.force)
    await untilLeasesEnd(() => leasedIn(rtnetlink.value, claimed, listed));
  const done = removeOurs(rtnetlink.value, claimed, listed);
  if (typeof done === "string") return fail(done);
  const cleaned = cleanGuard(done, claimed);
  if (cleaned !== undefined) done.failures.push(cleaned);
  const opened = cleanAccept((address) => claimed.has(address) || done.stays.has(address));
  if (!opened.ok) done.failures.push(printFailure(opened));
  const devices = cleanVirtualMacs(
    rtnetlink.value,
    (_, address) => address !== undefined && (claimed.has(address) || done.stays.has(address)),
  );
  if (devices.failure !== undefined) done.failures.push(printFailure(devices.failure));
  const fences = options["after-lease"] ? success([]) : cleanFences(claimed);
  if (!fences.ok) done.failures.push(printFailure(fences));
  const routing = cleanRouting(rtnetlink.value, claimed, done.failures);
  for (const text of done.failures) fail(text);
  report(line, { ...done, devices: devices.removed }, fences.ok ? fences.value : [], routing);
  return done.failures.length === 0 ? 0 : 1;
}

function report(
  { options, io, language }: Line<typeof OPTIONS>,
  { removed, failures, devices }: Done & { readonly devices: readonly string[] },
  fences: readonly FenceEntry[],
  routing: readonly string[],
): void {
  if (options.json) {
    const opened = fences.map((one) => ({ ...one, address: printIp(one.address) }));
    io.stdout(`${JSON.stringify({ removed, devices, fences: opened, routing })}\n`);
    return;
  }
  const en = language === "en";
  for (const one of removed)
    io.stdout(
      en
        ? `removed ${one.address} from ${one.interface}\n`
        : `已从 ${one.interface} 清除 ${one.address}\n`,
    );
  for (const name of devices)
    io.stdout(en ? `removed the device ${name}\n` : `已删除虚拟 MAC 网卡 ${name}\n`);
  for (const { address, protocol, port } of fences) {
    const where = `${protocol} ${printIp(address)}:${port}`;
    io.stdout(en ? `opened the fence of ${where}\n` : `已解除 ${where} 的 fence\n`);
  }
  for (const one of routing) io.stdout(en ? `removed ${one}\n` : `已清除 ${one}\n`);
  const count = removed.length + devices.length + fences.length + routing.length;
  if (count + failures.length === 0) io.stdout(en ? "nothing to remove\n" : "没有残留地址\n");
}

/** Opens the fences of addresses that no running daemon may own; those that were closed. */
function cleanFences(claimed: ReadonlySet<IpAddress>): Result<readonly FenceEntry[]> {
  const opened = openNftFence();
  // A kernel without nf_tables has no rules.
  if (!opened.ok) return success([]);
  using fence = opened.value;
  const closed = fence.closed();
  if (!closed.ok) return closed;
  const isKept = ({ address }: FenceEntry): boolean => claimed.has(address);
  const outcome = fence.clean(isKept);
  return outcome.ok ? success(closed.value.filter((one) => !isKept(one))) : outcome;
}

/**
 * Routes and rules do not name their owner, and keepalived marks its own as we do: they go only
 * where neither another daemon nor keepalived runs. What was removed.
 */
function cleanRouting(
  rtnetlink: Rtnetlink,
  claimed: ReadonlySet<IpAddress>,
  failures: string[],
): readonly string[] {
  if (claimed.size > 0 || keepalivedsWithVrrp().length > 0) return [];
  const done = removeLeftRouting(rtnetlink);
  if (!done.ok) {
    failures.push(printFailure(done));
    return [];
  }
  failures.push(...done.value.failures);
  return done.value.removed;
}

/** With a kernel without nf_tables nothing is guarded. */
async function untilLeasesEnd(leased: () => readonly IpAddress[]): Promise<void> {
  const opened = openNftGuard();
  const guard = opened.ok ? opened.value : undefined;
  const end = performance.now() + LEASE_MS;
  while (performance.now() < end && hasAnswer(leased(), guard)) await sleep(POLL_MS);
  guard?.[Symbol.dispose]();
}

/** Addresses of ours with a lifetime that ends by itself. */
function leasedIn(
  rtnetlink: Rtnetlink,
  claimed: ReadonlySet<IpAddress>,
  listed: readonly Leftover[],
): readonly IpAddress[] {
  const found = rtnetlink.addresses();
  if (!found.ok) return [];
  return found.value
    .filter((one) => one.expires && isOurs(one, listed) && !claimed.has(one.address))
    .map(({ address }) => address);
}

/** Is one of them answered for? Where it is guarded, as long as its element lives. */
function hasAnswer(addresses: readonly IpAddress[], guard: NftGuard | undefined): boolean {
  if (addresses.length === 0 || guard === undefined) return addresses.length > 0;
  const guarded = guard.guarded();
  const alive = guard.alive();
  if (!guarded.ok || !alive.ok) return false;
  return addresses.some(
    (address) => alive.value.includes(address) || !guarded.value.includes(address),
  );
}

interface Done {
  readonly removed: readonly { readonly address: string; readonly interface: string }[];
  readonly failures: string[];
  /** Our addresses that are still on the machine. */
  readonly stays: ReadonlySet<IpAddress>;
}

/**
 * Removes rules that keep an address without an owner from answering. Returns the failure, if
 * any.
 */
function cleanGuard({ stays }: Done, claimed: ReadonlySet<IpAddress>): string | undefined {
  const guard = openNftGuard();
  // A kernel without nf_tables has no rules.
  if (!guard.ok) return undefined;
  const outcome = guard.value.clean((address) => claimed.has(address) || stays.has(address));
  guard.value[Symbol.dispose]();
  return outcome.ok ? undefined : printFailure(outcome);
}

/** The result is a text if the machine could not be examined. */
function removeOurs(
  rtnetlink: Rtnetlink,
  claimed: ReadonlySet<IpAddress>,
  listed: readonly Leftover[],
): Done | string {
  const found = rtnetlink.addresses();
  if (!found.ok) return printFailure(found);
  const links = rtnetlink.links();
  const removed: { address: string; interface: string }[] = [];
  const failures: string[] = [];
  const stays = new Set<IpAddress>();
  const ours = found.value.filter((one) => isOurs(one, listed));
  for (const { index, address, prefix } of ours) {
    if (claimed.has(address)) {
      stays.add(address);
      continue;
    }
    const name =
      (links.ok ? links.value.find((link) => link.index === index)?.name : undefined) ??
      `#${index}`;
    const text = `${printIp(address)}/${prefix}`;
    const outcome = rtnetlink.removeAddress(index, { address, prefix, scope: 0 });
    if (outcome.ok) removed.push({ address: text, interface: name });
    else {
      stays.add(address);
      failures.push(`${text} (${name}): ${printFailure(outcome)}`);
    }
  }
  return { removed, failures, stays };
}

const isOurs = (
  { index, address, prefix, proto }: AddressInfo,
  listed: readonly Leftover[],
): boolean =>
  proto === BATON_PROTO ||
  listed.some((one) => one.index === index && one.address === address && one.prefix === prefix);
