/**
 * net.ipv4.conf.DEVICE.promote_secondaries: with 1 the kernel removes one address and keeps the
 * others of its subnet; with 0, the default, it removes those that were added after it as well, the
 * host's own included.
 *
 * As keepalived: set while an instance with the keyword runs, and put back to 0 afterwards, but
 * only where it was we who set it. A device that is made anew begins with the default again.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { type Failure, OK, type Outcome } from "#vrrp/engine/world";

const FOLDER = "/proc/sys/net/ipv4/conf";

export class PromoteSecondaries {
  /** The devices on which we have set it. */
  readonly #set = new Set<string>();

  /**
   * Sets it on these devices and no others. Missing devices are skipped. Returns the first
   * refusal, if any.
   */
  settle(devices: ReadonlySet<string>): Outcome {
    let outcome: Outcome = OK;
    for (const device of this.#set) {
      if (devices.has(device)) continue;
      const put = write(device, "0");
      if (put.ok || put.errno === "ENOENT") this.#set.delete(device);
      else outcome = put;
    }
    for (const device of devices) {
      // A setting for `all` applies to each device.
      if (read("all") !== "0" || read(device) !== "0") continue;
      const put = write(device, "1");
      if (put.ok) this.#set.add(device);
      else outcome = put;
    }
    return outcome;
  }
}

/** A name of a device has no slash (dev_valid_name in Linux). */
const pathOf = (device: string): string => `${FOLDER}/${device}/promote_secondaries`;

function read(device: string): string | undefined {
  try {
    return readFileSync(pathOf(device), "utf8").trim();
  } catch {
    return undefined;
  }
}

function write(device: string, value: string): Outcome {
  try {
    writeFileSync(pathOf(device), value);
    return OK;
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? "EIO";
    return { ok: false, errno, call: `write ${pathOf(device)}` } satisfies Failure;
  }
}
