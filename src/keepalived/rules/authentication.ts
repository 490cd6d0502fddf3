/** The password of version 2. */

import { blocksOf, hasSetting, lastSetting, nameOf, placeOf } from "../blocks/block.ts";
import { byteLength } from "../lines/tokens.ts";
import { isStrict, PASSWORD_BYTES, versionOf, writtenPassword } from "../model/effective.ts";
import { signingBlock } from "../model/signing.ts";
import type { Rule } from "./rule.ts";

export const checkAuthentication: Rule = ({ model, report }) => {
  for (const instance of model.instances) {
    const block = blocksOf(instance, "authentication").at(-1);
    if (block === undefined || instance.damaged) continue;
    // With signatures no password is sent, and rules/signing.ts reports that.
    if (signingBlock(instance) !== undefined) continue;
    // Strict mode sends no password, and rules/strict.ts reports that.
    if (isStrict(instance, model)) continue;
    const place = placeOf(block);
    const password = writtenPassword(instance);
    if (versionOf(instance, model) === 3) {
      report("VR2028", place, { instance: nameOf(instance) });
      continue;
    }
    if (password?.kind === "ah") {
      const span = lastSetting(block, "auth_type")?.token.span ?? place;
      report("VR4011", span, { instance: nameOf(instance) });
      continue;
    }
    // A value that was refused has been reported where it stands.
    const has = (word: string): boolean =>
      hasSetting(block, word) || block.attempted.includes(word);
    const hasType = has("auth_type");
    const hasPassword = has("auth_pass");
    if (hasType !== hasPassword && !block.damaged) {
      const facts = hasType
        ? { has: "auth_type", lacks: "auth_pass" }
        : { has: "auth_pass", lacks: "auth_type" };
      report("VR2029", place, facts);
    }
    const secret = password?.secret;
    const span = lastSetting(block, "auth_pass")?.args[0]?.span;
    const bytes = secret === undefined ? 0 : byteLength(secret.reveal());
    if (span !== undefined && bytes > PASSWORD_BYTES) report("VR2030", span, { bytes });
  }
};
