/**
 * `baton <TAB>` in the shells themselves, at a terminal: what is typed, the key, and Return; the
 * shell then says which command it would have run. A stand-in for the daemon has the instances.
 *
 * Needs: zsh, fish
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { dispatch } from "#cli/dispatch";
import type { ControlAnswer } from "#daemon/control-protocol";
import { serveControl } from "#daemon/control-server";
import { keepLog, makeFolder, until } from "../support/daemon-bench.ts";

const BATON = fileURLToPath(new URL("../../bin/baton", import.meta.url));
const PROMPT = "READY";
/** A name that would do harm, were it expanded. */
const HOSTILE = "$(touch${IFS}harm)";

/** What is typed, \t and all; the command that the shell makes of it. */
const CASES = (dir: string): readonly (readonly [typed: string, ran: string])[] => [
  ["baton stat\t", "<status>"],
  ["baton status --js\t", "<status><--json>"],
  ["baton run -f a\\ no\t", "<run><-f><a node.conf>"],
  ["baton run --log-format j\t", "<run><--log-format><json>"],
  ["baton run --config-i\tx", "<run><--config-id><x>"],
  ["baton havip dis\t", "<havip><disassociate>"],
  [`baton explain --runtime-dir ${dir} VI_w\t`, `<explain><--runtime-dir><${dir}><VI_web>`],
  ["baton explain VR2010\t", "<explain><VR2010>"],
];

interface Shell {
  readonly name: string;
  /** The files that it reads at its start, and the line that starts it. */
  readonly files: Readonly<Record<string, string>>;
  readonly line: string;
}

/** The shell's own function: the program itself is run by completion alone (`command baton`). */
const SAY = "baton() { printf 'RA%s' N; printf '<%s>' \"$@\"; printf '.\\n'; }";

const SHELLS = (folder: string): readonly Shell[] => [
  {
    name: "bash",
    files: { rc: `${SAY}\nsource ${folder}/scripts/baton\nPS1='${PROMPT}> '\n` },
    line: `bash --rcfile ${folder}/rc -i`,
  },
  {
    name: "zsh",
    files: {
      ".zshrc": `${SAY}\nfpath=(${folder}/scripts $fpath)\nautoload -U compinit\ncompinit -u -D\nPS1='${PROMPT}> '\n`,
    },
    line: `env ZDOTDIR=${folder} zsh -i`,
  },
  {
    name: "fish",
    files: {
      rc: `function baton; printf 'RA%s' N; printf '<%s>' $argv; printf '.\\n'; end
set fish_complete_path ${folder}/scripts
function fish_prompt; printf '${PROMPT}> '; end
`,
    },
    line: `env XDG_CONFIG_HOME=${folder}/config fish --init-command 'source ${folder}/rc' -i`,
  },
];

async function scriptFor(shell: string): Promise<string> {
  let script = "";
  const status = await dispatch(["completion", shell], {
    stdout: (text) => void (script += text),
    stderr: (text) => assert.fail(text),
    env: {},
    isTty: false,
  });
  assert.equal(status, 0);
  return script;
}

function statusOf(names: readonly string[]): ControlAnswer {
  const lists = { peers: [], addresses: [], havips: [], history: [] };
  const why = { en: "", "zh-CN": "" };
  const instances = names.map((name) => ({ name, state: "BACKUP", why, ...lists }));
  const status = { version: "0.1.0", engineAnswers: true, instances, groups: [], scripts: [] };
  return { ok: true, status } as unknown as ControlAnswer;
}

/** The folder of the control socket. */
async function serve(context: TestContext): Promise<string> {
  const folder = makeFolder(context).path;
  const answer = statusOf(["VI_web", "VI_db", HOSTILE]);
  const path = join(folder, "control.sock");
  const server = await serveControl(path, async () => await Promise.resolve(answer), keepLog().log);
  context.after(() => server.close());
  return folder;
}

/** Types every line when the shell is ready for it; the commands that it ran, "" for none. */
async function type(
  context: TestContext,
  { line }: Shell,
  folder: string,
  typed: readonly string[],
): Promise<readonly string[]> {
  const child = spawn("script", ["-qefc", line, "/dev/null"], {
    cwd: folder,
    env: {
      PATH: `${folder}/bin:${process.env["PATH"] ?? ""}`,
      HOME: folder,
      TERM: "xterm",
      LC_ALL: "C.UTF-8",
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  context.after(() => child.kill("SIGKILL"));
  let shown = "";
  child.stdout.on("data", (chunk: Buffer) => (shown += chunk.toString()));
  const ran: string[] = [];
  await until(`${line}: prompt`, () => shown.includes(PROMPT));
  for (const keys of typed) {
    shown = "";
    child.stdin.write(`${keys}\n`);
    // The echo may be the prompt drawn anew; only the end of a command is certain.
    await until(`${line}: ${keys}`, () => /RAN[^\n]*\.\r?\n/.test(shown));
    ran.push(/RAN([^\n]*)\.\r?\n/.exec(shown)?.[1] ?? "");
  }
  child.stdin.end("exit\n");
  await new Promise((resolve) => child.once("close", resolve));
  return ran;
}

/** As packages install them: zsh and fish load a file of this name at the first key. */
const FILES = { bash: "baton", zsh: "_baton", fish: "baton.fish" } as const;

for (const name of ["bash", "zsh", "fish"] as const) {
  test(`${name}: commands, options, values, files and names of instances`, async (context) => {
    const dir = await serve(context);
    const folder = makeFolder(context).path;
    mkdirSync(join(folder, "bin"));
    mkdirSync(join(folder, "config"));
    symlinkSync(BATON, join(folder, "bin/baton"));
    writeFileSync(join(folder, "a node.conf"), "");
    mkdirSync(join(folder, "scripts"));
    writeFileSync(join(folder, "scripts", FILES[name]), await scriptFor(name));
    const shell = SHELLS(folder).find((one) => one.name === name);
    assert.ok(shell);
    for (const [file, text] of Object.entries(shell.files)) writeFileSync(join(folder, file), text);
    const cases = CASES(dir);
    const ran = await type(
      context,
      shell,
      folder,
      cases.map(([typed]) => typed),
    );
    assert.deepEqual(
      ran,
      cases.map(([, wanted]) => wanted),
    );
    assert.ok(!existsSync(join(folder, "harm")), "a name was expanded");
  });
}
