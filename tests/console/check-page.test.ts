/** The logic of the check page, as its worker runs it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type ExamineRequest, examine, fixAll } from "#console/pages/check/examine";
import { EXAMPLE, EXAMPLE_PARTNER } from "#console/pages/check/example";
import { divideText } from "#console/pages/check/marks";
import { CODES } from "#diagnostics/codes";
import { readCodePage } from "#diagnostics/render/code-page";

const one = (text: string, language: "en" | "zh-CN" = "en"): ExamineRequest => ({
  files: [{ name: "keepalived.conf", text }],
  language,
});

test("the tutorial's file: what is wrong, where, in both languages, and what corrects it", () => {
  const { findings, counts, wouldRun, instances } = examine(one(EXAMPLE));
  const [first] = findings;
  assert.deepEqual([first?.code, first?.severity, first?.place.line], ["VR1002", "error", 15]);
  assert.equal(EXAMPLE.slice(first?.place.start, first?.place.end), "{");
  assert.equal(counts.error, 1);
  assert.ok(wouldRun);
  assert.deepEqual(instances, ["VI_1"]);
  assert.match(examine(one(EXAMPLE, "zh-CN")).findings[0]?.message ?? "", /段头被注释掉了/);
});

test("everything that is certain is corrected, and the other findings stay", () => {
  const { files, count } = fixAll(one(EXAMPLE));
  assert.ok(count >= 3, `${count}`);
  const text = files[0]?.text ?? "";
  assert.match(text, /^vrrp_script checkhaproxy$/m);
  assert.doesNotMatch(text, /vrrp_garp_interval 0/);
  const again = examine(one(text));
  assert.equal(again.counts.error, 0);
  assert.ok(again.findings.every(({ fix }) => fix?.safety !== "safe"));
});

test("two files are compared as the nodes of a pair", () => {
  const files = [
    { name: "a", text: EXAMPLE },
    { name: "b", text: EXAMPLE_PARTNER.replace("virtual_router_id 51", "virtual_router_id 52") },
  ];
  const { findings } = examine({ files, language: "en" });
  const pair = findings.filter(({ isOfPair }) => isOfPair);
  assert.deepEqual(
    pair.map(({ code, place, related }) => [code, place.file, related[0]?.file]),
    [["VR2501", "a", "b"]],
  );
  const same = examine({
    files: [
      { name: "a", text: EXAMPLE },
      { name: "b", text: EXAMPLE_PARTNER },
    ],
    language: "en",
  });
  assert.deepEqual(
    same.findings.filter(({ isOfPair }) => isOfPair),
    [],
  );
});

test("a file that includes others is read without them, and says so", () => {
  const { notRead, findings } = examine(one("include /etc/keepalived/conf.d/*.conf\n"));
  assert.deepEqual(notRead, ["/etc/keepalived/conf.d/*.conf"]);
  assert.ok(findings.every(({ code }) => code !== "VR1017"));
});

test("advice is for the cloud that was chosen", () => {
  const text = EXAMPLE.replace("garp_master_refresh 5", "");
  const codes = (cloud: "tencent" | "none"): readonly string[] =>
    examine({ ...one(text), cloud }).findings.map(({ code }) => code);
  assert.notDeepEqual(codes("tencent"), codes("none"));
});

test("a text is divided at the edges of its marks; the worst of several is drawn", () => {
  const marks = [
    { start: 2, end: 6, severity: "info" },
    { start: 4, end: 5, severity: "error" },
    { start: 8, end: 8, severity: "warning" },
    { start: 50, end: 60, severity: "error" },
  ] as const;
  assert.deepEqual(divideText("0123456789", marks), [
    { text: "01", severity: undefined },
    { text: "23", severity: "info" },
    { text: "4", severity: "error" },
    { text: "5", severity: "info" },
    { text: "67", severity: undefined },
    { text: "8", severity: "warning" },
    { text: "9", severity: undefined },
  ]);
  assert.deepEqual(divideText("", marks), []);
});

test("thousands of marks in a large text are divided at once", () => {
  const text = "x".repeat(500_000);
  const marks = Array.from({ length: 5_000 }, (_, index) => ({
    start: index * 100,
    end: index * 100 + 7,
    severity: "warning" as const,
  }));
  const pieces = divideText(text, marks);
  assert.equal(pieces.map((piece) => piece.text).join("").length, text.length);
  assert.equal(pieces.length, 10_000);
});

test("every page of a code can be shown in both languages", () => {
  for (const code of Object.keys(CODES)) {
    const page = readFileSync(join(import.meta.dirname, `../../docs/codes/${code}.md`), "utf8");
    for (const language of ["en", "zh-CN"] as const) {
      const blocks = readCodePage(page, language);
      assert.ok(
        blocks.some(({ kind }) => kind === "text"),
        `${code} ${language}`,
      );
    }
  }
});
