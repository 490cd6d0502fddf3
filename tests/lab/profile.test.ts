import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { masterDownSeconds, PROFILES, printConfig, TUTORIAL } from "#lab/measure/profile";

const example = (name: string): string =>
  readFileSync(new URL(`../../examples/tutorial/${name}`, import.meta.url), "utf8");
const node = (address: string, peer: string, priority = 50) => ({
  address,
  peers: [peer],
  virtualAddress: "172.16.0.135",
  priority,
});

test("what the demonstration runs is what examples/tutorial shows", () => {
  assert.equal(printConfig(TUTORIAL, node("172.16.0.16", "172.16.0.14")), example("node-a.conf"));
  assert.equal(printConfig(TUTORIAL, node("172.16.0.14", "172.16.0.16")), example("node-b.conf"));
});

test("every profile prints balanced blocks and its own settings", () => {
  for (const profile of PROFILES) {
    const text = printConfig(profile, node("172.16.0.16", "172.16.0.14", 77));
    assert.equal(text.match(/\{/g)?.length, text.match(/\}/g)?.length, profile.name);
    assert.match(text, new RegExp(`^    advert_int ${profile.advertSeconds}$`, "m"));
    assert.match(text, /^ {4}priority 77$/m);
    assert.equal(text.includes("unicast_peer"), profile.transport === "unicast");
    assert.equal(text.includes("nopreempt"), !profile.preempt);
    // RFC 9568 section 9: version 3 has no authentication.
    assert.equal(text.includes("auth_pass"), profile.version === 2);
  }
});

test("master down intervals are those of the RFCs", () => {
  assert.equal(masterDownSeconds(TUTORIAL, 50), 3 + 206 / 256);
  assert.equal(
    masterDownSeconds({ ...TUTORIAL, version: 3, advertSeconds: 0.1 }, 50).toFixed(4),
    "0.3805",
  );
});
