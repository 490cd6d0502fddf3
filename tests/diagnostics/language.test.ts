import assert from "node:assert/strict";
import { test } from "node:test";
import { languageOf, readLanguage } from "#diagnostics/language";

test("the environment's language, ours first, then as POSIX orders them", () => {
  assert.equal(languageOf({ LANG: "zh_CN.UTF-8" }), "zh-CN");
  assert.equal(languageOf({ LC_ALL: "C", LANG: "zh_CN.UTF-8" }), "en");
  assert.equal(languageOf({ LC_ALL: "", LC_MESSAGES: "zh_TW", LANG: "en_US.UTF-8" }), "zh-CN");
  assert.equal(languageOf({ BATON_LANG: "zh", LC_ALL: "C" }), "zh-CN");
  assert.equal(languageOf({ LANG: "de_DE.UTF-8" }), "en");
  assert.equal(languageOf({}), "en");
});

test("a language is read by its beginning; another one is none", () => {
  assert.equal(readLanguage("zh-CN"), "zh-CN");
  assert.equal(readLanguage("EN_us"), "en");
  assert.equal(readLanguage("C"), "en");
  assert.equal(readLanguage("zhuang"), undefined);
  assert.equal(readLanguage(""), undefined);
});
