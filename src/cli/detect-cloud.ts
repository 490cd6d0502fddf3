/**
 * `check --live`: which cloud this machine runs in. The firmware says so; otherwise it is
 * whichever metadata service answers.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { KnownVendor } from "#keepalived/rules/cloud-vendor";

const VENDORS: readonly (readonly [RegExp, KnownVendor])[] = [
  [/tencent/i, "tencent"],
  [/alibaba/i, "alibaba"],
  [/huawei ?cloud|openstack foundation.*huawei/i, "huawei"],
  [/amazon/i, "aws"],
  // Azure puts this tag into every machine's firmware; "Microsoft Corporation" alone is any
  // Hyper-V.
  [/7783-7084-3265-9085-8269-3286-77/, "azure"],
  [/google/i, "gcp"],
];

const FILES = ["sys_vendor", "product_name", "chassis_vendor", "bios_vendor", "chassis_asset_tag"];
const ASK_MS = 1_000;

export interface DetectOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where /sys is; tests bring their own. */
  readonly root?: string;
}

export async function detectCloud({
  env,
  root = "/",
}: DetectOptions): Promise<KnownVendor | undefined> {
  const text = FILES.map((name) => readText(join(root, "sys/class/dmi/id", name))).join("\n");
  for (const [pattern, cloud] of VENDORS) if (pattern.test(text)) return cloud;
  // If the firmware names no cloud, no metadata service is looked up by name; only the one that
  // the environment names is asked.
  const base = env["BATON_METADATA_URL"];
  return base !== undefined && (await answers(base)) ? "tencent" : undefined;
}

async function answers(base: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(ASK_MS);
    const response = await fetch(`${base}/latest/meta-data/instance-id`, { signal });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
