/** Of the codes about `gate { … }` and `check NAME { … }`; see facts.ts. */
import type { PatternProblem } from "#units/pattern";

export interface GateFacts {
  readonly VR2100: { readonly instance: string };
  readonly VR2101: {
    readonly instance: string;
    readonly keyword: "preempt" | "preempt_delay" | "hold_down" | "state MASTER";
  };
  readonly VR2102: {
    readonly instance: string;
    readonly group: string;
    /** The group has one too. */
    readonly isTwice: boolean;
  };
  readonly VR2103: Record<never, never>;
  readonly VR2104: Record<never, never>;
  readonly VR2105: { readonly first: string; readonly second: string };
  readonly VR2106: {
    readonly port: number;
    readonly protocol: string;
    readonly why: "vrrp" | "api";
  };
  readonly VR2107: { readonly seconds: string };
  readonly VR2108: { readonly seconds: string; readonly max: number };
  readonly VR2109: Record<never, never>;
  readonly VR2110: {
    readonly database: string;
    /** Why one is needed; undefined: nothing can be compared. */
    readonly why: "sync required" | "rejoin auto" | undefined;
  };
  readonly VR2111: {
    readonly keyword: "address" | "peer" | "socket";
    readonly text: string;
    readonly why: "form" | "host" | "port" | "path";
  };
  readonly VR2112: { readonly database: string };
  readonly VR2113: { readonly peer: string };
  readonly VR2114: { readonly script: string; readonly database: string };
  readonly VR2115: { readonly keyword: string };
  readonly VR2116: { readonly peer: string; readonly isLoopback: boolean };
  readonly VR2118: { readonly database: string };
  readonly VR2119: { readonly database: string };

  readonly VR2120: { readonly name: string };
  readonly VR2121: { readonly name: string; readonly first: string; readonly second: string };
  readonly VR2122: {
    readonly keyword: string;
    readonly text: string;
    readonly why:
      | "form"
      | "host"
      | "port"
      | "url"
      | "account"
      | "status"
      | "server"
      | "name"
      | "tls";
  };
  readonly VR2123: {
    readonly text: string;
    readonly why: PatternProblem;
    /** Character, from 1. */
    readonly at: number;
  };
  readonly VR2124: { readonly keyword: string; readonly option: string };
  readonly VR2125: { readonly name: string; readonly host: string };
  readonly VR2126: { readonly name: string };
  readonly VR2127: { readonly ports: number; readonly max: number };

  readonly VR2514: {
    readonly what: "gate" | "database" | "fence" | "sync" | "takeover_probe";
    readonly first: string;
    readonly second: string;
  };

  readonly VR5123: {
    readonly name: string;
    /** What it asks. */
    readonly kind: string;
    readonly why: Readonly<Record<"en" | "zh-CN", string>>;
  };
  /** `saves`: Redis's `save`; empty: nothing is written to the disk. */
  readonly VR5124: {
    readonly kind: string;
    readonly address: string;
    readonly isPeer: boolean;
    readonly saves: string;
  };
  readonly VR5125: {
    readonly kind: string;
    readonly address: string;
    readonly isPeer: boolean;
    readonly why: Readonly<Record<"en" | "zh-CN", string>>;
    readonly fix: Readonly<Record<"en" | "zh-CN", string>>;
  };
  readonly VR5122: {
    readonly kind: string;
    readonly address: string;
    readonly isPeer: boolean;
    readonly why: Readonly<Record<"en" | "zh-CN", string>>;
  };
  readonly VR5121: { readonly path: string; readonly why: "missing" | "mode" | "owner" };
}
