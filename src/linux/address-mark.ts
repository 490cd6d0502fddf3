/** Whether this kernel keeps the mark of our addresses: IFA_PROTO, since Linux 5.18. */
import { release } from "node:os";

/** By the kernel's own number; an older one of a vendor's that has it is taken for one that has not, which does no harm. */
export function keepsMarks(number: string = release()): boolean {
  const match = /^(\d+)\.(\d+)/.exec(number);
  if (match === null) return false;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major > 5 || (major === 5 && minor >= 18);
}
