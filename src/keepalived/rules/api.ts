/** `api`: addresses that can be listened on, and nothing open to the network without its guards. */

import { type Block, blocksOf, lastSetting, placeOf } from "../blocks/block.ts";
import { isLocal, mayBeOpen, readApiAddress, tlsOf } from "../plan/api.ts";
import type { Rule, RuleContext } from "./rule.ts";

const PATHS: readonly string[] = ["token_file", "cert_file", "key_file", "client_ca_file"];

export const checkApi: Rule = (context) => {
  for (const api of blocksOf(context.model.root, "api")) {
    checkPaths(context, api);
    for (const tls of blocksOf(api, "tls")) {
      checkPaths(context, tls);
      checkComplete(context, tls);
    }
    checkAddresses(context, api);
  }
};

function checkPaths({ report }: RuleContext, block: Block): void {
  for (const { keyword, args } of block.settings) {
    const [path] = args;
    if (!PATHS.includes(keyword.word) || path === undefined || path.text.startsWith("/")) continue;
    report("VR2073", path.span, { keyword: keyword.word, text: path.text });
  }
}

function checkComplete({ report }: RuleContext, tls: Block): void {
  if (tls.damaged) return;
  for (const word of ["cert_file", "key_file"] as const) {
    const isThere = lastSetting(tls, word) !== undefined || tls.attempted.includes(word);
    if (!isThere) report("VR2072", placeOf(tls), { missing: word });
  }
}

function checkAddresses({ report }: RuleContext, api: Block): void {
  const tls = tlsOf(api);
  const tokenFile = lastSetting(api, "token_file")?.args[0]?.text;
  const hasTls = blocksOf(api, "tls").length > 0;
  const hasCallers = tokenFile !== undefined || tls?.clientCaFile !== undefined;
  for (const { keyword, args } of api.settings) {
    const [address] = args;
    if (keyword.word !== "listen" || address === undefined) continue;
    const { text, span } = address;
    const read = readApiAddress(text);
    if (read.kind === "problem") report("VR2070", span, { text, why: read.why });
    // With an incomplete `tls` that is reported instead.
    else if (!isLocal(read.address) && !mayBeOpen({ tokenFile, tls }) && (!hasTls || !hasCallers)) {
      report("VR2071", span, { text, lacksTls: !hasTls, lacksCallers: !hasCallers });
    }
  }
}
