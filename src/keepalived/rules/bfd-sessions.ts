/** BFD sessions that cannot be had: two between the same addresses, and over IPv6. */
import type { Span } from "#diagnostics/source";
import { printIpv4 } from "#units/address";
import type { SessionPlan } from "#vrrp/bfd/session-plan";
import { lastSetting, nameOf } from "../blocks/block.ts";
import { planSession, sameEnds } from "../plan/bfd.ts";
import type { Rule } from "./rule.ts";

export const checkSessions: Rule = ({ model, report, lineOf }) => {
  const seen = new Map<SessionPlan, Span>();
  const overIpv6: Span[] = [];
  for (const block of model.sessions) {
    const setting = lastSetting(block, "neighbor_ip");
    const place = setting?.token.span;
    if (setting?.value.kind !== "address" || place === undefined) continue;
    if (setting.value.ip?.family === 6) overIpv6.push(place);
    const plan = planSession(block);
    if (plan === undefined) continue;
    const first = sameEnds(seen.keys(), plan);
    const before = first && seen.get(first);
    if (first === undefined || before === undefined) seen.set(plan, place);
    else
      report(
        "VR2053",
        place,
        {
          name: nameOf(block),
          first: first.name,
          neighbor: printIpv4(plan.neighbor),
          line: lineOf(before),
        },
        { related: [before] },
      );
  }
  const [first, ...more] = overIpv6;
  if (first === undefined) return;
  const facts = { keyword: "neighbor_ip", loss: "bfd" as const, places: overIpv6.length };
  report("VR4002", first, facts, { related: more });
};
