/** The HTTP API of `baton run`: what it needs of the command line, loaded when it is asked for. */
import type { CommandIo } from "#command-line/io";
import type { ApiOptions } from "#daemon/api-host";
import { parseJson } from "#json/shape";
import { DEFAULT_FILE } from "./config-files.ts";
import type { RunOptions } from "./run-options.ts";

export const apiOptions = (options: RunOptions, io: CommandIo): ApiOptions => ({
  address: options.api,
  load: async () => (await import("#api/api")).openApi,
  check: async (language) => {
    const { command } = await import("./check.ts");
    const { file = DEFAULT_FILE, configId } = options;
    const args = ["--json", "--lang", language, "-f", file];
    let report = "";
    await command(configId === undefined ? args : [...args, "-i", configId], {
      env: io.env,
      isTty: false,
      stdout: (part) => {
        report += part;
      },
      stderr: () => undefined,
    });
    return parseJson(report) as object;
  },
});
