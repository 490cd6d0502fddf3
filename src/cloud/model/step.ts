/**
 * The provider's control plane as a pure machine.
 *
 * Theory of operation. A world (world.ts) holds the rows of every region. There are three kinds
 * of input: a call of the API is a command, a guest's gratuitous ARP is a claim (claim.ts), and
 * time passes. Each is decided against the world, and the result is an outcome and changes;
 * only `applyChanges` writes. The caller first stores the changes (the emulator on disk, the
 * simulator nowhere) and then applies them.
 *
 *   command ──► perform ──► draft ──► outcome + changes ──► store ──► applyChanges
 *   claim   ──► stepClaim ──┘                                            │
 *   time    ──► finishDue ──┘◄───────────── deadline(world) ◄────────────┘
 *
 * Work that ends later (deletion, binding an elastic address, interfaces) is a row with an
 * absolute instant; the caller asks `deadline` when it is due. Its resources carry the task's
 * id as `busy` until then: one task at a time. There is no clock, no randomness and no text in
 * here: instants and seeds come in, codes and values go out.
 */
import type { Rng } from "#units/rng";
import type { Instant } from "#units/time";
import type { Associate, Disassociate } from "./association.ts";
import { associate, disassociate } from "./association.ts";
import type { CloudState, Draft } from "./cloud-state.ts";
import type { Context, Outcome } from "./context.ts";
import type { AllocateEips, AssociateEip, DisassociateEip, ReleaseEips, RenameEip } from "./eip.ts";
import { allocateEips, associateEip, disassociateEip, releaseEips, renameEip } from "./eip.ts";
import type { BindEip, CreateHavip, DeleteHavip, RenameHavip, UnbindEip } from "./havip.ts";
import { bindEip, createHavip, deleteHavip, renameHavip, unbindEip } from "./havip.ts";
import type {
  AttachInterface,
  CreateInterface,
  DeleteInterface,
  DetachInterface,
  LaunchInstance,
  ModifyInterface,
} from "./interface.ts";
import {
  attachInterface,
  createInterface,
  deleteInterface,
  detachInterface,
  launchInstance,
  modifyInterface,
} from "./interface.ts";
import type { AssignAddresses, MigrateAddress, UnassignAddresses } from "./interface-addresses.ts";
import { assignAddresses, migrateAddress, unassignAddresses } from "./interface-addresses.ts";
import type { PlatformProfile } from "./platform-profile.ts";
import type { SetTags } from "./tags.ts";
import { setTags } from "./tags.ts";
import type {
  CreateSubnet,
  CreateVpc,
  DeleteSubnet,
  DeleteVpc,
  ModifySubnet,
  ModifyVpc,
} from "./vpc.ts";
import {
  createSubnet,
  createVpc,
  deleteSubnet,
  deleteVpc,
  modifySubnet,
  modifyVpc,
} from "./vpc.ts";

export type Command =
  | CreateVpc
  | ModifyVpc
  | DeleteVpc
  | CreateSubnet
  | ModifySubnet
  | DeleteSubnet
  | CreateHavip
  | RenameHavip
  | DeleteHavip
  | BindEip
  | UnbindEip
  | Associate
  | Disassociate
  | AllocateEips
  | RenameEip
  | ReleaseEips
  | AssociateEip
  | DisassociateEip
  | CreateInterface
  | ModifyInterface
  | AttachInterface
  | DetachInterface
  | DeleteInterface
  | AssignAddresses
  | UnassignAddresses
  | MigrateAddress
  | LaunchInstance
  | SetTags;

export interface Call {
  readonly now: Instant;
  /** Unique; identifies asynchronous work. */
  readonly requestId: string;
  readonly rng: Rng;
  readonly profile: PlatformProfile;
}

/** Carries the command out in the draft. After a refusal the draft must be discarded. */
export function perform(world: CloudState, draft: Draft, command: Command, call: Call): Outcome {
  const context: Context = {
    ...call,
    draft,
    isPublicAddressTaken: (address) => {
      for (const { eips } of world.regions.values()) {
        for (const eip of eips.values()) if (eip.address === address) return true;
      }
      return false;
    },
  };
  return dispatch(context, command);
}

function dispatch(context: Context, command: Command): Outcome {
  switch (command.kind) {
    case "createVpc":
      return createVpc(context, command);
    case "modifyVpc":
      return modifyVpc(context, command);
    case "deleteVpc":
      return deleteVpc(context, command);
    case "createSubnet":
      return createSubnet(context, command);
    case "modifySubnet":
      return modifySubnet(context, command);
    case "deleteSubnet":
      return deleteSubnet(context, command);
    case "createHavip":
      return createHavip(context, command);
    case "renameHavip":
      return renameHavip(context, command);
    case "deleteHavip":
      return deleteHavip(context, command);
    case "bindEip":
      return bindEip(context, command);
    case "unbindEip":
      return unbindEip(context, command);
    case "associate":
      return associate(context, command);
    case "disassociate":
      return disassociate(context, command);
    case "allocateEips":
      return allocateEips(context, command);
    case "renameEip":
      return renameEip(context, command);
    case "releaseEips":
      return releaseEips(context, command);
    case "associateEip":
      return associateEip(context, command);
    case "disassociateEip":
      return disassociateEip(context, command);
    case "createInterface":
      return createInterface(context, command);
    case "modifyInterface":
      return modifyInterface(context, command);
    case "attachInterface":
      return attachInterface(context, command);
    case "detachInterface":
      return detachInterface(context, command);
    case "deleteInterface":
      return deleteInterface(context, command);
    case "assignAddresses":
      return assignAddresses(context, command);
    case "unassignAddresses":
      return unassignAddresses(context, command);
    case "migrateAddress":
      return migrateAddress(context, command);
    case "launchInstance":
      return launchInstance(context, command);
    case "setTags":
      return setTags(context, command);
  }
}
