/** The regular advertisement without a step; that it is the step is in properties.test.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Instant, instant } from "#units/time";
import { advertiseAgain } from "#vrrp/router/advertise-again";
import { deadline, initialState, step } from "#vrrp/router/router";
import type { MasterPhase } from "#vrrp/router/state";
import { ip } from "../../support/fake-world.ts";
import { CONFIG } from "../../support/vector.ts";

function master(): { readonly state: ReturnType<typeof initialState>; readonly due: Instant } {
  let { state } = step(
    CONFIG,
    initialState(CONFIG, true, ip("192.0.2.1")),
    { kind: "startup" },
    instant(0),
  );
  while (state.phase.kind !== "master" || state.phase.announcements.length > 0) {
    const at = deadline(state) ?? instant(0);
    ({ state } = step(CONFIG, state, { kind: "timeReached" }, at));
  }
  return { state, due: state.phase.advertAt };
}

test("a conflict, a probe or a claim takes a step, whatever of it is due", () => {
  const { state, due } = master();
  const from = ip("192.0.2.2");
  const rival = {
    from,
    seniority: 0,
    weWin: true,
    signs: 0,
    heardAt: due,
    goneAt: instant(due + 1),
  };
  const claim = {
    address: ip("192.0.2.100"),
    mac: undefined,
    since: due,
    lastAt: due,
    count: 1,
    answers: 0,
    isReported: true,
  };
  const others: readonly Partial<MasterPhase>[] = [
    { rivals: [rival] },
    { probeAt: instant(due + 1) },
    { claim },
  ];
  for (const other of others) {
    const phase = { ...state.phase, ...other } as MasterPhase;
    assert.equal(advertiseAgain(CONFIG, { ...state, phase }, due), false);
  }
  assert.equal(advertiseAgain(CONFIG, { ...state, phase: { ...state.phase } }, due), true);
});
