/** What a capture file consists of, and why it cannot be read on. */
import type { LinkType } from "#vrrp/wire/captured-frame";

export interface Captured {
  /** Counted from 1 over the whole file, as Wireshark numbers them. */
  readonly number: number;
  /** Microseconds since 1970. */
  readonly at: number;
  readonly linkType: LinkType;
  /** Points into the reader's memory: valid until the next `feed`. */
  readonly bytes: Uint8Array;
}

/** `at`: bytes from the beginning of the file. */
export type CaptureProblem =
  /** A pipe or a device: a capture is read twice. */
  | { readonly kind: "not-a-file"; readonly at: number }
  | { readonly kind: "not-a-capture"; readonly at: number; readonly magic: number }
  | { readonly kind: "cut-short"; readonly at: number; readonly missing: number }
  | { readonly kind: "bad-length"; readonly at: number; readonly length: number }
  | { readonly kind: "bad-block"; readonly at: number; readonly type: number }
  | { readonly kind: "no-time"; readonly at: number }
  | { readonly kind: "link-type"; readonly at: number; readonly number: number };

/** What was found in the file beside its packets. */
export interface CaptureCounts {
  packets: number;
  /** Their link layer is not one of `LINK_TYPES`. */
  otherLinks: number;
  /** Cut by the capture's own limit (`tcpdump -s`). */
  cut: number;
}

export class CaptureError extends Error {
  readonly problem: CaptureProblem;

  constructor(problem: CaptureProblem) {
    super(problem.kind);
    this.problem = problem;
  }
}
