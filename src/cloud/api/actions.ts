/**
 * The actions that we have, by service, and how to find one: by version and name, as the
 * platform's gateway does.
 */
import type * as v from "valibot";
import { ADDRESS_ACTIONS } from "./actions-address.ts";
import { HAVIP_ACTIONS } from "./actions-havip.ts";
import { INTERFACE_ACTIONS } from "./actions-interface.ts";
import { TAG_ACTIONS } from "./actions-tag.ts";
import { VPC_ACTIONS } from "./actions-vpc.ts";
import { CLOUD_TAG_ACTIONS, CLOUD_VPC_ACTIONS } from "./known-actions.ts";

export type Actions = typeof HAVIP_ACTIONS &
  typeof VPC_ACTIONS &
  typeof ADDRESS_ACTIONS &
  typeof INTERFACE_ACTIONS &
  typeof TAG_ACTIONS;
export type ActionName = keyof Actions;
export type ParametersOf<Name extends ActionName> = v.InferOutput<Actions[Name]["parameters"]>;
export type AnswerOf<Name extends ActionName> = v.InferOutput<Actions[Name]["answer"]>;

export const ACTIONS: Actions = {
  ...HAVIP_ACTIONS,
  ...VPC_ACTIONS,
  ...ADDRESS_ACTIONS,
  ...INTERFACE_ACTIONS,
  ...TAG_ACTIONS,
};

export type Service = "vpc" | "tag";
export const VERSIONS: Readonly<Record<Service, string>> = { vpc: "2017-03-12", tag: "2018-08-13" };

export function serviceOf(version: string): Service | undefined {
  if (version === VERSIONS.vpc) return "vpc";
  return version === VERSIONS.tag ? "tag" : undefined;
}

export type Found =
  | { readonly kind: "action"; readonly name: ActionName }
  /** The cloud has this action, Baton does not. */
  | { readonly kind: "unsupported" }
  | { readonly kind: "unknown" };

const isOurs = (name: string): name is ActionName => Object.hasOwn(ACTIONS, name);

/** `name` comes from the network: own properties only, so that `constructor` is no action. */
export function findAction(service: Service, name: string): Found {
  const isTag = Object.hasOwn(TAG_ACTIONS, name);
  if (isOurs(name) && isTag === (service === "tag")) return { kind: "action", name };
  const cloud = service === "tag" ? CLOUD_TAG_ACTIONS : CLOUD_VPC_ACTIONS;
  return cloud.has(name) ? { kind: "unsupported" } : { kind: "unknown" };
}
