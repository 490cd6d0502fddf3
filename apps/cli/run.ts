/** `baton run`: the daemon in the foreground. Takes keepalived's options too, so that unit files need not change. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { RunPlan } from "#config/plan";
import { mapSources } from "#diagnostics/source";
import { renderTerminal } from "#diagnostics/terminal";
import { printFailure } from "#linux/result";
import { openRtnetlink } from "#linux/rtnetlink";
import { sdNotify } from "#linux/sd-notify";
import { isAnswered, serveControl } from "../daemon/control-server.ts";
import { Keeper } from "../daemon/keeper.ts";
import { loadConfiguration } from "../daemon/load-config.ts";
import { type LogFormat, openLog } from "../daemon/log.ts";
import { RUNTIME_DIR, socketIn } from "./control-client.ts";
import type { Command, CommandIo } from "./io.ts";
import { languageOf, readLanguage } from "./language.ts";

const DEFAULT_FILE = "/etc/keepalived/keepalived.conf";

const USAGE = `usage: baton run [-f FILE] [--runtime-dir DIR] [--log-format text|json] [--lang en|zh-CN] [--compat]

  -f, --use-file FILE     configuration (default ${DEFAULT_FILE})
  --runtime-dir DIR       control socket and state (default ${RUNTIME_DIR})
  --log-format FORMAT     text or json
  -D, --log-detail        log more
  -i, --config-id ID      for lines that begin with @ID
  -p, --pid FILE          write the PID there
  -t, --config-test       only check the configuration
  --compat                run what keepalived would run, even with errors
  --record FILE           write every event of the routers, for \`baton replay\`
  -n, -l, -P and others of keepalived are accepted: Baton always stays in the foreground and logs to stderr
`;

/** keepalived's options that change nothing here; those with a value take it along. */
const IGNORED_FLAGS = [
  "dont-fork",
  "log-console",
  "vrrp",
  "dump-conf",
  "no-syslog",
  "flush-log-file",
  "dont-respawn",
];

const OPTIONS = {
  "use-file": { type: "string", short: "f" },
  "runtime-dir": { type: "string" },
  "log-format": { type: "string" },
  "log-detail": { type: "boolean", short: "D" },
  "config-id": { type: "string", short: "i" },
  "config-test": { type: "boolean", short: "t" },
  pid: { type: "string", short: "p" },
  lang: { type: "string" },
  compat: { type: "boolean" },
  record: { type: "string" },
  help: { type: "boolean", short: "h" },
  "dont-fork": { type: "boolean", short: "n" },
  "log-console": { type: "boolean", short: "l" },
  vrrp: { type: "boolean", short: "P" },
  "dump-conf": { type: "boolean", short: "d" },
  "no-syslog": { type: "boolean", short: "G" },
  "dont-respawn": { type: "boolean", short: "R" },
  "dont-release-vrrp": { type: "boolean", short: "V" },
  "log-facility": { type: "string", short: "S" },
  vrrp_pid: { type: "string", short: "r" },
  "vrrp-pid": { type: "string" },
} as const;

export const command: Command = async (args, io) => {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    io.stderr(`baton run: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  if (values.help === true) {
    io.stdout(USAGE);
    return 0;
  }
  const format = values["log-format"] ?? "text";
  if (format !== "text" && format !== "json") {
    io.stderr(`baton run: --log-format is text or json, not ${format}\n`);
    return 2;
  }
  return await run(values, format, io);
};

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, strict: true }).values;
}

type Values = ReturnType<typeof parse>;

async function run(values: Values, format: LogFormat, io: CommandIo): Promise<number> {
  const file = values["use-file"] ?? DEFAULT_FILE;
  const language = readLanguage(values.lang ?? "") ?? languageOf(io.env);
  const configId = values["config-id"];
  const first = load(file, values, io);
  if (values["config-test"] === true || first.plan === undefined) return first.exit;

  const log = openLog(format, values["log-detail"] === true ? "debug" : "info");
  const runtimeDir = values["runtime-dir"] ?? RUNTIME_DIR;
  const socket = socketIn(runtimeDir);
  try {
    mkdirSync(runtimeDir, { recursive: true, mode: 0o755 });
  } catch (error) {
    io.stderr(
      `baton run: ${runtimeDir}: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return 1;
  }
  if (await isAnswered(socket)) {
    io.stderr(
      `baton run: another daemon runs with ${runtimeDir}; stop it, or give --runtime-dir\n`,
    );
    return 1;
  }
  const rtnetlink = openRtnetlink();
  if (!rtnetlink.ok) {
    io.stderr(`baton run: ${printFailure(rtnetlink)}\n`);
    return 1;
  }
  for (const flag of IGNORED_FLAGS.filter(
    (name) => (values as Record<string, unknown>)[name] === true,
  )) {
    log("debug", `option --${flag} has no effect here`);
  }
  const notifySocket = io.env["NOTIFY_SOCKET"];
  const keeper = new Keeper(first.plan, {
    configFile: file,
    configId,
    language,
    log,
    rtnetlink: rtnetlink.value,
    notifySystem:
      notifySocket === undefined ? undefined : (message) => void sdNotify(notifySocket, message),
    reread: () => load(file, values, io).plan,
    recordFile: values.record,
  });
  const server = await serveControl(
    socket,
    async (request, push) => await keeper.handle(request, push),
  );
  const pidFiles = [
    join(runtimeDir, "baton.pid"),
    values.pid,
    values["vrrp-pid"] ?? values["vrrp_pid"],
  ];
  for (const path of pidFiles) writePid(path, log);
  log("info", `Starting Baton with ${file}`);
  keeper.start();
  await untilStopped(keeper, runtimeDir);
  server.close();
  rmSync(socket, { force: true });
  for (const path of pidFiles) if (path !== undefined) rmSync(path, { force: true });
  // Watchers and scripts that outlive their time must not keep the process.
  process.exit(0);
}

function writePid(path: string | undefined, log: ReturnType<typeof openLog>): void {
  if (path === undefined) return;
  try {
    writeFileSync(path, `${process.pid}\n`);
  } catch (error) {
    log("warning", `pid file ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function untilStopped(keeper: Keeper, runtimeDir: string): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = (): void => void keeper.stop().then(resolve);
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
    process.on("SIGHUP", () => void keeper.reload());
    process.on("SIGUSR1", () => {
      void keeper.status().then((status) => {
        writeFileSync(
          join(runtimeDir, "status.json"),
          `${JSON.stringify(status, undefined, 2)}\n`,
          { mode: 0o600 },
        );
      });
    });
  });
}

interface Loading {
  /** Undefined: it must not run. */
  readonly plan: RunPlan | undefined;
  readonly exit: number;
}

/** Reads, tells every finding on stderr, decides. Exit codes: 4 would not run, 5 errors. */
function load(file: string, values: Values, io: CommandIo): Loading {
  const language = readLanguage(values.lang ?? "") ?? languageOf(io.env);
  const loaded = loadConfiguration(file, { configId: values["config-id"], language });
  if (loaded.kind === "unreadable") {
    io.stderr(`baton run: ${loaded.message}\n  help: ${loaded.help}\n`);
    return { plan: undefined, exit: 4 };
  }
  const { reading } = loaded;
  const sources = mapSources(reading.sources);
  for (const diagnostic of reading.diagnostics) {
    if (diagnostic.severity === "info" && values["config-test"] !== true) continue;
    io.stderr(`${renderTerminal(diagnostic, sources, { color: false, language })}\n`);
  }
  if (!reading.wouldRun) {
    io.stderr(`baton run: ${file} would not run; the errors above say why\n`);
    return { plan: undefined, exit: 4 };
  }
  if (reading.ok || values.compat === true) return { plan: reading.plan, exit: reading.ok ? 0 : 5 };
  io.stderr(
    `baton run: ${file} has errors and is not run as it is; correct them, or add --compat to run what keepalived would run\n`,
  );
  return { plan: undefined, exit: 5 };
}
