/** What a planned move has to say where a gate stands before it. */
import type { SwitchUnit, Text } from "./switch-protocol.ts";
import { BACK_GATED, demotionText, movedText, NOT_AWAY, wouldRefuseText } from "./switch-texts.ts";

/** Of an instance or sync group. */
export interface MoveGate {
  /** Whether its service is demoted before the address goes. */
  readonly demotes: boolean;
  /** What its service said when it was not demoted; undefined: it was. */
  readonly refusal: Text | undefined;
  /** Why a demotion would be refused, as far as that is known before it is asked for. */
  readonly obstacle: () => Promise<Text | undefined>;
}

export async function behindGate(end: SwitchUnit, gate: MoveGate): Promise<SwitchUnit> {
  const { outcome, reason } = end;
  const unit = { ...end, gate: true } as const;
  if (outcome === "would-move") {
    const why = await gate.obstacle();
    if (why === undefined) return unit;
    const refused = { kind: "demotion-refused", waitedMs: 0, peers: [] } as const;
    return { ...unit, outcome: "stays", reason: refused, text: wouldRefuseText(why) };
  }
  if (outcome === "moved" && reason === undefined && gate.demotes)
    return { ...unit, text: movedText(unit) };
  if (reason?.kind === "demotion-refused" || reason?.kind === "demotion-late")
    return { ...unit, text: demotionText(reason.kind, gate.refusal) };
  return unit;
}

/** After `--back`: nobody preempts, whatever the configuration says. */
export const backBehindGate = (end: SwitchUnit): SwitchUnit => ({
  ...end,
  gate: true,
  text: end.text === NOT_AWAY ? NOT_AWAY : BACK_GATED,
});
