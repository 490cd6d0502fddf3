/** `virtual_routes` and `virtual_rules` of an instance. */
import type { InstanceConfig } from "#vrrp/router/config";
import type { VirtualRoute, VirtualRule } from "#vrrp/router/routes";
import { type Block, itemsOf } from "../blocks/block.ts";
import type { Model } from "../model/model.ts";
import type { RuleItem } from "../values/value.ts";

/** Where keepalived begins to count down, for each family, over the whole file. */
const FIRST_PRIORITY = 16_384;

export function routingOf(instance: Block, model: Model): Pick<InstanceConfig, "routes" | "rules"> {
  const routes: readonly VirtualRoute[] = itemsOf(instance, "virtual_routes", "route").map(
    ({ route }) => route,
  );
  const items = itemsOf(instance, "virtual_rules", "rule");
  const rules: readonly VirtualRule[] = items.map((item) => ({
    ...item.rule,
    priority: item.rule.priority ?? countedFor(item, model),
  }));
  return { ...(routes.length > 0 && { routes }), ...(rules.length > 0 && { rules }) };
}

const counted = new WeakMap<Model, ReadonlyMap<RuleItem, number>>();

/** The priority of a rule that is written without one. */
function countedFor(item: RuleItem, model: Model): number {
  const known = counted.get(model) ?? countAll(model);
  counted.set(model, known);
  return known.get(item) ?? FIRST_PRIORITY;
}

function countAll({ instances }: Model): ReadonlyMap<RuleItem, number> {
  const next = { 4: FIRST_PRIORITY, 6: FIRST_PRIORITY };
  const found = new Map<RuleItem, number>();
  for (const instance of instances) {
    for (const item of itemsOf(instance, "virtual_rules", "rule")) {
      if (item.rule.priority === undefined) found.set(item, next[item.rule.version]--);
    }
  }
  return found;
}
