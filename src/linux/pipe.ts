/**
 * An anonymous pipe. Node.js gives its children a socket pair instead, which a script cannot open again: `echo >/dev/stderr`
 * would fail with ENXIO.
 */
import { O_CLOEXEC } from "./abi.ts";
import * as libc from "./ffi.ts";
import { type Result, success } from "./result.ts";

export interface PipeEnds {
  readonly read: number;
  readonly write: number;
}

/** Both ends are closed in children that are not given them. */
export function openPipe(): Result<PipeEnds> {
  const ends = new Int32Array(2);
  if (libc.pipe2(ends, O_CLOEXEC) !== 0) return libc.failure("pipe2");
  return success({ read: ends[0] ?? -1, write: ends[1] ?? -1 });
}
