/** The inside of an instance: its own folders, files, and the programs that run on it. */
import type { ChildProcess, StdioOptions } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawnIn } from "#linux/namespace";
import { resourceUrl } from "#units/installation";
import { makeNodeFolders, nodeMounts } from "../sandbox/folders.ts";
import { LAB_CREDENTIALS } from "./cloud-calls.ts";
import { METADATA_URL } from "./endpoint.ts";
import { OWN_FOLDERS, ownPath } from "./own-path.ts";
import type { LaunchedInstance } from "./vpc.ts";

const PROGRAMS = fileURLToPath(resourceUrl("bin"));

export class LabInstance {
  readonly launched: LaunchedInstance;
  /**
   * The folder outside that holds what is below /etc/keepalived, /var/log, /var/keepalived,
   * /var/lib/baton and /run inside.
   */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;

  /** Makes the folders and the files of its description. Throws the file system's error. */
  constructor(launched: LaunchedInstance, folder: string, region: string) {
    this.launched = launched;
    this.folder = folder;
    this.env = instanceEnvironment(process.env, launched.name, region);
    makeNodeFolders(folder);
    for (const [path, text] of Object.entries(launched.description.files)) this.write(path, text);
  }

  /** @param path the path inside, below one of the instance's own folders */
  write(path: string, text: string): void {
    const outside = this.#outside(path);
    mkdirSync(dirname(outside), { recursive: true });
    writeFileSync(outside, text);
    if (text.startsWith("#!")) chmodSync(outside, 0o755);
  }

  #outside(path: string): string {
    const own = ownPath(path);
    // The reader of lab files accepts no other path.
    if (own === undefined) throw new Error(`${path} is not below ${OWN_FOLDERS.join(", ")}`);
    return join(this.folder, own);
  }

  /** It ends with the lab, however the lab ends. */
  spawn(argv: readonly string[], stdio: StdioOptions): ChildProcess {
    return spawnIn(this.launched.host.namespace, argv, {
      mounts: nodeMounts(this.folder),
      hostname: this.launched.name,
      env: this.env,
      stdio,
      detached: true,
      diesWithParent: true,
    });
  }
}

/** The environment with which programs on an instance find the cloud; any key works. */
export function instanceEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  region: string,
): Readonly<Record<string, string | undefined>> {
  return {
    ...env,
    HOSTNAME: name,
    // `baton` in a lab file or at an instance's prompt means this program.
    PATH: `${PROGRAMS}:${env["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}`,
    BATON_CLOUD_ENDPOINT: METADATA_URL,
    BATON_METADATA_URL: METADATA_URL,
    TENCENTCLOUD_REGION: region,
    TENCENTCLOUD_SECRET_ID: LAB_CREDENTIALS.secretId,
    TENCENTCLOUD_SECRET_KEY: LAB_CREDENTIALS.secretKey.reveal(),
  };
}
