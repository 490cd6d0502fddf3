/** The outcome of a reload, and the answer to `baton reload`. */

import type { Language } from "#diagnostics/diagnostic";
import type { Caller } from "#events/caller";
import type { EventLog } from "#events/event-log";
import type { ControlAnswer } from "./control-protocol.ts";
import { reloadAskedEvent } from "./event-texts.ts";

export type Reloaded =
  | { readonly kind: "done" }
  | { readonly kind: "stopping" }
  | { readonly kind: "refused"; readonly findings: readonly string[] };

/**
 * How much of a refused file's findings a person reads: the rest is in the log, and `baton
 * check` shows everything.
 */
const FINDINGS_MAX = 20;
const FINDINGS_LENGTH_MAX = 16_384;

function reloadAnswer(reloaded: Reloaded, language: Language): ControlAnswer {
  switch (reloaded.kind) {
    case "done":
      return { ok: true, text: "reloaded" };
    case "stopping":
      return { ok: false, ...STOPPING[language] };
    case "refused": {
      const findings: string[] = [];
      let length = 0;
      for (const one of reloaded.findings.slice(0, FINDINGS_MAX)) {
        length += one.length;
        if (length > FINDINGS_LENGTH_MAX) break;
        findings.push(one);
      }
      const more = reloaded.findings.length - findings.length;
      return { ok: false, ...REFUSED[language], findings, more };
    }
  }
}

const STOPPING = {
  en: { error: "the daemon is stopping; nothing changed" },
  "zh-CN": { error: "守护进程正在停止，未作任何更改" },
} as const;

const REFUSED = {
  en: { error: "the file has errors; nothing changed", help: "baton check says which" },
  "zh-CN": { error: "配置文件有错误，未作任何更改", help: "请运行 baton check 查看" },
} as const;

/** Who asked for it is kept, and is on the disk, before it is answered. */
export async function acknowledgeReload(
  reloaded: Reloaded,
  by: Caller,
  language: Language,
  events: EventLog,
): Promise<ControlAnswer> {
  events.record(reloadAskedEvent(by, reloaded.kind));
  await events.settled();
  return reloadAnswer(reloaded, language);
}
