import assert from "node:assert/strict";
import { test } from "node:test";
import { CatchUp } from "#daemon/catch-up";
import { Housekeeping } from "#daemon/housekeeping";

const MB = 1_048_576;

function bench(): {
  readonly keep: Housekeeping;
  readonly state: {
    isQuiet: boolean;
    /** It does something for a hundredth of the time. */
    isBusy: boolean;
    own: number;
    now: number;
    spent: number;
    times: number;
    trims: number;
  };
} {
  const state = {
    isQuiet: true,
    isBusy: true,
    own: 50 * MB,
    now: 5_000,
    spent: 0,
    times: 0,
    trims: 0,
  };
  const keep = new Housekeeping(() => state.isQuiet, {
    own: () => state.own,
    all: () => state.own + 20 * MB,
    giveBack: () => {
      state.times += 1;
      state.own = 30 * MB;
      state.spent += 100;
      // A busy machine: most of the time is others'.
      state.now += 2_000;
    },
    trim: () => {
      state.trims += 1;
      state.own -= 2 * MB;
      state.spent += 4;
    },
    clock: () => state.now,
    spent: () => state.spent + (state.isBusy ? state.now / 100 : 0),
  });
  return { keep, state };
}

test("memory is given back after the start, and when it has grown", () => {
  const { keep, state } = bench();
  keep.turn();
  assert.equal(state.times, 1);
  state.now += 25_000;
  state.own = 31 * MB;
  keep.turn();
  assert.equal(state.times, 1);
  state.own = 32 * MB;
  keep.turn();
  assert.equal(state.times, 2);
});

test("not while somebody waits for the process, and never for much of its time", () => {
  const { keep, state } = bench();
  state.isQuiet = false;
  keep.turn();
  assert.equal(state.times, 0);
  state.isQuiet = true;
  for (let seconds = 0; seconds < 100; seconds += 5) {
    state.now += 5_000;
    keep.turn();
    state.own += 20 * MB;
  }
  assert.ok(state.times >= 4 && state.times <= 6, `${state.times} times in 100 s`);
});

test("what comes back each time is given back ever less often, until it stays away", () => {
  const { keep, state } = bench();
  const countIn = (seconds: number, grows: boolean): number => {
    const before = state.times;
    for (let at = 0; at < seconds; at += 5) {
      keep.turn();
      state.now += 5_000;
      if (grows) state.own = Math.max(state.own, 34 * MB);
    }
    return state.times - before;
  };
  const first = countIn(300, true);
  assert.ok(first >= 3 && first <= 5, `${first} times in five minutes`);
  assert.ok(countIn(1_200, true) <= 2, "still often");
  state.own = 60 * MB;
  assert.equal(countIn(25, false), 1, "much is given back as before");
  countIn(3_600, false);
  state.own = 34 * MB;
  assert.equal(countIn(25, false), 1);
});

test("what is left behind when all is over is given back at once, however often it came back", () => {
  const { keep, state } = bench();
  const turn = (): void => {
    keep.turn();
    state.now += 5_000;
  };
  for (let at = 0; at < 1_200; at += 5) {
    turn();
    state.own = Math.max(state.own, 34 * MB);
  }
  const before = state.times;
  turn();
  assert.equal(state.times, before, "the test shows nothing");
  state.isBusy = false;
  turn();
  assert.equal(state.times, before + 1);
});

test("code is unmapped while nothing happens, and ever less often", () => {
  const { keep, state } = bench();
  state.own = 0;
  const run = (seconds: number): void => {
    for (let at = 0; at < seconds; at += 5) {
      keep.turn();
      state.now += 5_000;
      state.own = 0;
    }
  };
  run(300);
  assert.equal(state.trims, 0, "while it works");
  state.isBusy = false;
  run(300);
  assert.ok(state.trims >= 5 && state.trims <= 7, `${state.trims} times in five minutes`);
  run(3_600);
  assert.ok(state.trims <= 14, `${state.trims} times in an hour`);
  assert.equal(state.times, 0);
});

test("what waits for the engine is done once, in order, and waits again if it is behind again", () => {
  let isBehind = false;
  const done: string[] = [];
  const catchUp = new CatchUp(() => isBehind);
  const ready = (): void => void done.push("ready");
  const reload = (): void => {
    done.push("reload");
    isBehind = true;
  };
  catchUp.do(reload);
  assert.deepEqual(done, ["reload"]);
  for (const action of [ready, reload, ready, reload, reload]) catchUp.do(action);
  catchUp.advanced();
  assert.deepEqual(done, ["reload"]);
  isBehind = false;
  catchUp.advanced();
  assert.deepEqual(done, ["reload", "ready", "reload"]);
  catchUp.do(ready);
  isBehind = false;
  catchUp.advanced();
  catchUp.advanced();
  assert.deepEqual(done, ["reload", "ready", "reload", "ready"]);
});

test("what a thread freed is given back at once, without a collection and for little time", () => {
  const { keep, state } = bench();
  keep.turn();
  for (let seconds = 0; seconds < 10; seconds += 1) {
    keep.threadCollected();
    state.now += 1_000;
  }
  assert.equal(state.trims, 10);
  for (let nth = 0; nth < 8; nth += 1) {
    keep.threadCollected();
    state.now += 100;
  }
  assert.equal(state.trims, 11, "4 ms of a processor each 800 ms");
  state.now += 20_000;
  keep.turn();
  assert.equal(state.times, 1, "nothing has grown");
  state.own += 2 * MB;
  keep.turn();
  assert.equal(state.times, 2, "growth is counted from what was left");
});
