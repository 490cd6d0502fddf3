/** Descriptors that this process got from who started it: a shell, an init system, an editor's terminal. */
import { CLOSE_RANGE_CLOEXEC } from "./abi.ts";
import * as libc from "./ffi.ts";

const FIRST_UNKNOWN = 3;
const LAST = 0xffffffff;

/**
 * None of them is for the programs we start, which would keep a terminal, a lock or a connection of a stranger's open.
 * Linux before 5.11 and C libraries without the call leave it as it is.
 */
export function keepDescriptorsToOurselves(): void {
  libc.closeRange?.(FIRST_UNKNOWN, LAST, CLOSE_RANGE_CLOEXEC);
}
