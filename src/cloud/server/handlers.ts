/** One handler for every action of the API; the compiler reports a missing one. */
import type { ActionName } from "../api/actions.ts";
import type { Handlers } from "./call.ts";
import { ADDRESS_HANDLERS } from "./handle-address.ts";
import { HAVIP_HANDLERS } from "./handle-havip.ts";
import { INTERFACE_HANDLERS } from "./handle-interface.ts";
import { TAG_HANDLERS } from "./handle-tag.ts";
import { VPC_HANDLERS } from "./handle-vpc.ts";

export const HANDLERS: Handlers<ActionName> = {
  ...HAVIP_HANDLERS,
  ...VPC_HANDLERS,
  ...ADDRESS_HANDLERS,
  ...INTERFACE_HANDLERS,
  ...TAG_HANDLERS,
};
