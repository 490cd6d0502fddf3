/** BIRD with one BFD session, 50 ms and three packets, on the right side of a cable. */
import type { ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Namespace } from "#linux/namespace";
import { spawnLogged } from "./logged-program.ts";

const CONFIG = `log stderr all;
router id 192.0.2.2;
protocol device {}
protocol bfd {
    interface "eth0" {
        min rx interval 50 ms;
        min tx interval 50 ms;
        idle tx interval 300 ms;
        multiplier 3;
    };
    neighbor 192.0.2.1 dev "eth0" local 192.0.2.2;
}
`;

/** Where `birdc -s` finds it. */
export const birdSocket = (folder: string): string => join(folder, "bird.sock");

export function startBird(namespace: Namespace, folder: string, log: string): ChildProcess {
  const file = join(folder, "bird.conf");
  writeFileSync(file, CONFIG);
  const argv = ["/usr/sbin/bird", "-f", "-c", file, "-s", birdSocket(folder)];
  return spawnLogged(namespace, argv, log);
}
