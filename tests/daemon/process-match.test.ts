import assert from "node:assert/strict";
import { test } from "node:test";
import {
  matchesProcess,
  type ProcessPattern,
  type QuorumConfig,
  type QuorumState,
  stepQuorum,
  unknownQuorum,
} from "#daemon/process-match";
import { fromSeconds, type Instant, instant, micros } from "#units/time";

const pattern = (
  argv: string,
  paramMatch: ProcessPattern["paramMatch"] = "none",
  fullCommand = false,
): ProcessPattern => ({ argv: argv.split(" "), paramMatch, fullCommand });
const seen = (argv: string, comm = argv.split(" ")[0]?.split("/").at(-1) ?? "") => ({
  comm: comm.slice(0, 15),
  argv: argv.split(" "),
});

test("a name is the kernel's short name, not the first word of the command line", () => {
  assert.ok(matchesProcess(pattern("nginx"), seen("/usr/sbin/nginx -g x")));
  assert.ok(matchesProcess(pattern("nginx"), seen("nginx:\u0020worker", "nginx")));
  assert.ok(!matchesProcess(pattern("nginx"), seen("/usr/sbin/nginx-debug")));
  assert.ok(matchesProcess(pattern("check.sh"), seen("/bin/sh /opt/check.sh", "check.sh")));
  assert.ok(!matchesProcess(pattern("sh"), seen("/bin/sh /opt/check.sh", "check.sh")));
  assert.ok(matchesProcess(pattern("a-very-long-program"), seen("x", "a-very-long-pro")));
  assert.ok(matchesProcess(pattern("kthreadd"), { comm: "kthreadd", argv: [] }));
});

test("with full_command, parameters or param_match it is the first word of the command line, as it is", () => {
  assert.ok(!matchesProcess(pattern("check.sh", "none", true), seen("/bin/sh /x", "check.sh")));
  assert.ok(!matchesProcess(pattern("nginx", "none", true), seen("/usr/sbin/nginx")));
  assert.ok(matchesProcess(pattern("/usr/sbin/nginx", "none", true), seen("/usr/sbin/nginx -g x")));
  assert.ok(!matchesProcess(pattern("nginx -g", "exact"), seen("/usr/sbin/nginx -g")));
  assert.ok(matchesProcess(pattern("nginx -g", "exact"), seen("nginx -g")));
});

test("arguments with blanks are arguments: no two of them are the same as one", () => {
  const match = (
    argv: readonly string[],
    given: readonly string[],
    paramMatch: "exact" | "initial",
  ): boolean =>
    matchesProcess({ argv, paramMatch, fullCommand: false }, { comm: "x", argv: given });
  assert.ok(match(["/a b", "p 1"], ["/a b", "p 1"], "exact"));
  assert.ok(!match(["/a b", "p 1"], ["/a", "b", "p", "1"], "exact"));
  assert.ok(!match(["/a", "p", "1"], ["/a", "p 1"], "exact"));
  assert.ok(!match(["/a", "p", "1"], ["/a", "p 1"], "initial"));
  assert.ok(match(["/a", "p"], ["/a", "p 1"], "initial"));
  assert.ok(match(["/a", ""], ["/a", ""], "exact"), "an empty parameter is one");
  assert.ok(!match(["/a", ""], ["/a"], "exact"));
});

test("a path is compared as it is", () => {
  assert.ok(matchesProcess(pattern("/usr/sbin/nginx"), seen("/usr/sbin/nginx")));
  assert.ok(!matchesProcess(pattern("/usr/sbin/nginx"), seen("/usr/local/sbin/nginx")));
});

test("parameters: exact, the first ones, the first ones with a longer last", () => {
  const is = (match: ProcessPattern["paramMatch"], given: string): boolean =>
    matchesProcess(pattern("p a b", match), seen(given));
  assert.deepEqual(
    [is("exact", "p a b"), is("exact", "p a"), is("exact", "p a b c"), is("exact", "p a bc")],
    [true, false, false, false],
  );
  assert.deepEqual(
    [is("partial", "p a b c"), is("partial", "p a bc"), is("partial", "p b a")],
    [true, false, false],
  );
  assert.deepEqual(
    [is("initial", "p a b c"), is("initial", "p a bc"), is("initial", "p ab b")],
    [true, true, false],
  );
  assert.ok(matchesProcess(pattern("p", "exact"), seen("p")));
  assert.ok(!matchesProcess(pattern("p", "exact"), seen("p a")));
});

const config: QuorumConfig = {
  quorum: 2,
  quorumMax: 3,
  forkDelay: micros(0),
  terminateDelay: micros(0),
};

/** Counts in turn, one second apart, to results. */
function results(changes: Partial<QuorumConfig>, counts: readonly number[]): readonly string[] {
  let state: QuorumState = unknownQuorum;
  let now: Instant = instant(0);
  return counts.map((count) => {
    state = stepQuorum({ ...config, ...changes }, state, count, now);
    now = instant(now + 1_000_000);
    return state.result;
  });
}

test("too few and too many are both wrong", () => {
  assert.deepEqual(results({}, [2, 1, 2, 3, 4, 3]), ["up", "down", "up", "up", "down", "up"]);
  assert.deepEqual(results({ quorumMax: undefined }, [0, 99]), ["down", "up"]);
});

test("a delay waits for the number to stay", () => {
  const delays = { terminateDelay: fromSeconds(2), forkDelay: fromSeconds(1) };
  assert.deepEqual(results(delays, [2, 1, 1, 2, 1, 1, 1, 2, 2]), [
    "up",
    "up",
    "up",
    "up",
    "up",
    "up",
    "down",
    "down",
    "up",
  ]);
  assert.deepEqual(results(delays, [0]), ["down"], "the first look counts at once");
});
