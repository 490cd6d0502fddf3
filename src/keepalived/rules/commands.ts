/**
 * Programs that are run: shell syntax without a shell, paths, folders that others can write to,
 * accounts.
 */
import type { Span } from "#diagnostics/source";
import { type Block, hasSetting, lastSetting, type Setting } from "../blocks/block.ts";
import { userOf } from "../plan/notify.ts";
import type { Rule, RuleContext } from "./rule.ts";

/** Folders that every user can write to, and so replace a program in. */
const OPEN_FOLDERS = ["/tmp", "/var/tmp", "/dev/shm"];

export const checkCommands: Rule = (context) => {
  const commands: Setting[] = [];
  const { globals } = context.model;
  const visit = (block: Block): void => {
    for (const setting of block.settings) {
      if (setting.value.kind !== "command" || setting.value.command === undefined) continue;
      if (setting.keyword.word === "process") continue;
      commands.push(setting);
      const { user } = setting.value.command;
      const other = userOf(block, "user") ?? userOf(globals, "script_user");
      checkCommand(context, setting, user ?? other?.user ?? "root");
    }
    for (const inner of block.blocks) visit(inner);
  };
  visit(context.model.root);
  checkUsers(context, commands);
};

const SHELL = /^(?:[|;]|&&?|\|\||[0-9]?>>?(?:&[0-9])?(?:\/.*)?|<<?|`.*|\$\(.*)$/;
const SHELLS = /(?:^|\/)(?:sh|bash|dash|ash|zsh|ksh)$/;

/** @param user as whom it would run, as far as the file says so */
function checkCommand({ report }: RuleContext, setting: Setting, user: string): void {
  const { value, args } = setting;
  const place: Span = args[0]?.span ?? setting.token.span;
  if (value.kind !== "command" || value.command === undefined) return;
  const { argv } = value.command;
  const [program = ""] = argv;
  const mark = argv.slice(1).find((word) => SHELL.test(word) || word.endsWith(";"));
  if (mark !== undefined && !SHELLS.test(program)) {
    report("VR3003", place, { mark, command: argv.join(" ") });
  }
  if (!program.startsWith("/")) {
    // `killall` is found in the PATH; `check.sh` without a folder probably is not.
    const file = program.includes("/") || /\.(sh|bash|py|pl|rb|js)$/.test(program);
    report(file ? "VR3004" : "VR3021", place, { path: program });
    return;
  }
  const folder = OPEN_FOLDERS.find((open) => program.startsWith(`${open}/`));
  if (folder !== undefined) report("VR3005", place, { path: program, folder, user });
  const home = /^(\/home\/([^/]+))\//.exec(program);
  // A user who can change a program that runs as that same user gains nothing.
  if (home !== null && home[2] !== user)
    report("VR3018", place, { path: program, folder: home[1] ?? "", user });
}

/**
 * Said once: without `script_user`, scripts run as root unless an account of the right name exists;
 * with script security, keepalived does not run them at all then.
 */
function checkUsers({ model, report }: RuleContext, commands: readonly Setting[]): void {
  if (hasSetting(model.globals, "script_user")) return;
  const [first] = commands;
  if (first === undefined) return;
  const own = (setting: Setting): boolean =>
    setting.value.kind === "command" && setting.value.command?.user !== undefined;
  const scripts = model.scripts.filter((block) => !hasSetting(block, "user"));
  const others = commands.filter((setting) => setting.keyword.word !== "script" && !own(setting));
  const count = scripts.length + others.length;
  if (count === 0) return;
  const security = lastSetting(model.globals, "enable_script_security");
  if (security === undefined) report("VR3006", first.token.span, { count });
  else report("VR3022", security.token.span, { count });
}
