/** `baton run --api [ADDRESS]`. */
import { text, UsageError } from "#command-line/definition";
import { API_LISTEN } from "#keepalived/keywords/api";
import { isLocal, readApiAddress } from "#keepalived/plan/api";
import type { ApiAddress } from "#keepalived/plan/run-plan";

/** Other machines are let in by the file alone, which says how they are known. */
export function readApiOption(given: string | true | undefined): ApiAddress | undefined {
  if (given === undefined) return undefined;
  const written = given === true ? API_LISTEN : given;
  const read = readApiAddress(written);
  if (read.kind === "problem")
    throw new UsageError(
      text(
        `--api ${written}: give an address with a port, such as ${API_LISTEN} or [::1]:9650, or unix:/PATH`,
        `--api ${written}：请给出地址和端口，例如 ${API_LISTEN} 或 [::1]:9650，或 unix:/路径`,
      ),
    );
  if (!isLocal(read.address))
    throw new UsageError(
      text(
        `--api ${written} would be open to the network: write \`api { listen … }\` with \`tls\` and \`token_file\` into the file, or listen on 127.0.0.1`,
        `--api ${written} 会对网络开放：请在配置文件中写 \`api { listen … }\`，并给出 \`tls\` 和 \`token_file\`；或只监听 127.0.0.1`,
      ),
    );
  return read.address;
}
