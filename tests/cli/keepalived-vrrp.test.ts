/** Which sockets of a machine are for VRRP. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { vrrpSockets } from "#cli/keepalived-vrrp";

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
   1: 00000000:0001 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 11150800 2 00000000e82b76d0 0
 109: 00000000:0070 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 11150833 2 00000000e82b76d0 0
 109: 0E0010AC:0070 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 11150832 2 000000002a8751ce 0
`;

test("raw sockets of protocol 112 are found in the kernel's table, those of others are not", () => {
  assert.deepEqual([...vrrpSockets(TABLE)], ["socket:[11150833]", "socket:[11150832]"]);
  assert.equal(vrrpSockets("").size, 0);
});
