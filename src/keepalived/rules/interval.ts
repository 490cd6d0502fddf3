/** Advertisement interval and the time in which a dead master is noticed. */

import { lastSetting, nameOf, numberOf } from "../blocks/block.ts";
import { downTimerOf, intervalOf, versionOf } from "../model/effective.ts";
import type { Rule } from "./rule.ts";

/**
 * From `advert_int 4` on it takes more than twelve seconds until a dead master is noticed: worth a
 * remark.
 */
const SLOW_SECONDS = 12;

export const checkInterval: Rule = ({ model, report }) => {
  for (const block of model.instances) {
    const setting = lastSetting(block, "advert_int");
    const asked = numberOf(block, "advert_int");
    const place = setting?.args[0]?.span;
    const version = versionOf(block, model);
    const used = intervalOf(block, model) / 100;
    if (asked !== undefined && place !== undefined && Math.abs(asked - used) > 0.000001) {
      report("VR2009", place, { asked: setting?.args[0]?.text ?? "", used: String(used), version });
    }
    const down = downTimerOf(block, model);
    const seconds = down * used;
    if (place !== undefined && seconds >= SLOW_SECONDS) {
      report("VR3019", place, { instance: nameOf(block), seconds: String(seconds) });
    }
    if (down < 2 || seconds < 0.06) {
      const cause =
        lastSetting(block, "down_timer_adverts")?.token.span ?? place ?? setting?.token.span;
      if (cause === undefined) continue;
      const facts = {
        instance: nameOf(block),
        down,
        interval: String(used),
        seconds: String(seconds),
      };
      report("VR3020", cause, facts);
    }
  }
};
