/**
 * Advertisements by a device with a virtual MAC address (virtual-mac-links.ts).
 *
 * Those of a peer that has the same virtual MAC address come by the device alone: the kernel takes
 * a group's frame from a private macvlan's own address away from the interface below. They are
 * taken from a packet socket, so the device joins no group: its report would come from the virtual
 * MAC address and draw the switch to a backup. All others come by the interface below, which is in
 * the group.
 *
 * They are sent by a raw socket, as by any device.
 */
import type { Mac } from "#units/address";
import * as abi from "./abi.ts";
import { protocolFrom } from "./bpf.ts";
import { openPacketSocket, type PacketSocket, refuseEverything } from "./packet-socket.ts";
import { type Result, success } from "./result.ts";
import { openVrrpSocket, type VrrpSocket } from "./vrrp-socket.ts";

export interface VirtualMacSocket {
  readonly receiver: PacketSocket;
  readonly sender: VrrpSocket;
  close(): void;
}

export function openVirtualMacSocket(
  interfaceIndex: number,
  name: string,
  mac: Mac,
): Result<VirtualMacSocket> {
  const opened = openPacketSocket(interfaceIndex, {
    protocol: abi.ETH_P_IP,
    filter: protocolFrom(abi.IPPROTO_VRRP, mac),
    payloadOnly: true,
  });
  if (!opened.ok) return opened;
  const receiver = opened.value;
  const sending = openVrrpSocket(interfaceIndex, name);
  if (!sending.ok) {
    receiver.close();
    return sending;
  }
  const sender = sending.value;
  const close = (): void => {
    receiver.close();
    sender.close();
  };
  const refused = refuseEverything(sender.fd);
  if (refused.ok) return success({ receiver, sender, close });
  close();
  return refused;
}
