/** `baton explain [INSTANCE]` asks the daemon; `baton explain VR1234` prints the page of a finding. */
import { parseArgs } from "node:util";
import { ask, RUNTIME_DIR } from "./control-client.ts";
import type { Command } from "./io.ts";
import { languageOf, readLanguage } from "./language.ts";

const USAGE = `usage: baton explain [INSTANCE] [--runtime-dir DIR] [--lang en|zh-CN]
       baton explain CODE            a code like VR2104, as \`baton check\` prints it
`;

export const command: Command = async (args, io) => {
  const options = {
    "runtime-dir": { type: "string" },
    lang: { type: "string" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  } catch (error) {
    io.stderr(
      `baton explain: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`,
    );
    return 2;
  }
  const { values, positionals } = parsed;
  if (values.help === true) {
    io.stdout(USAGE);
    return 0;
  }
  const [subject] = positionals;
  if (subject !== undefined && /^VR\d{4}$/i.test(subject)) {
    const { runExplainCode } = await import("./explain-code.ts");
    return await runExplainCode(args, io);
  }
  const language = readLanguage(values.lang ?? "") ?? languageOf(io.env);
  const asked = await ask(values["runtime-dir"] ?? RUNTIME_DIR, {
    command: "explain",
    lang: language,
    ...(subject === undefined ? {} : { instance: subject }),
  });
  if (asked.kind === "unreachable") {
    io.stderr(`baton explain: ${asked.why}\n`);
    return 1;
  }
  const { answer } = asked;
  if (values.json === true) io.stdout(`${JSON.stringify(answer)}\n`);
  else if (answer.ok && "text" in answer) io.stdout(`${answer.text}\n`);
  else if (!answer.ok) {
    io.stderr(
      `baton explain: ${answer.error}\n${answer.help === undefined ? "" : `  ${answer.help}\n`}`,
    );
  }
  return answer.ok ? 0 : 1;
};
