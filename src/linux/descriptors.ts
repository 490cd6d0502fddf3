/**
 * Descriptors that Node.js does not manage: pipes, and those inherited from the process that
 * started us.
 */
import { CLOSE_RANGE_CLOEXEC, O_CLOEXEC } from "./abi.ts";
import * as libc from "./ffi.ts";
import { type Result, success } from "./result.ts";

export interface PipeEnds {
  readonly read: number;
  readonly write: number;
}

/**
 * An anonymous pipe; both ends are closed in children that are not given them. Node.js gives its
 * children a socket pair instead, which a script cannot open again: `echo >/dev/stderr` would fail
 * with ENXIO.
 *
 * @param flags of pipe2(2), for both ends
 */
export function openPipe(flags = 0): Result<PipeEnds> {
  const ends = new Int32Array(2);
  if (libc.pipe2(ends, O_CLOEXEC | flags) !== 0) return libc.failure("pipe2");
  return success({ read: ends[0] ?? -1, write: ends[1] ?? -1 });
}

const FIRST_UNKNOWN = 3;
const LAST = 0xffffffff;

/**
 * Closes inherited descriptors in the programs we start: a shell, an init system or an editor may
 * have left a terminal, a lock or a connection open, which those programs would keep. Linux before
 * 5.11 and C libraries without the call leave them as they are.
 */
export function keepDescriptorsToOurselves(): void {
  libc.closeRange?.(FIRST_UNKNOWN, LAST, CLOSE_RANGE_CLOEXEC);
}
