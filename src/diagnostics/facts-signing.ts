/** Of the codes about `auth_hmac { … }`; see facts.ts. */
export interface SigningFacts {
  readonly VR2130: {
    readonly why: "id" | "hex" | "letters" | "length";
    /** Of a key that is too short or too long. */
    readonly bytes: number;
    /** The file it was read from; undefined: it stands in the configuration. */
    readonly path: string | undefined;
  };
  readonly VR2131: { readonly id: number };
  readonly VR2132: {
    readonly instance: string;
    readonly lacks: "key" | "active_key" | "that key";
    readonly active: number | undefined;
  };
  readonly VR2133: { readonly instance: string };
  readonly VR2134: Record<never, never>;
  readonly VR2135: { readonly instance: string; readonly mode: "permissive" | "receive-only" };
  /** Of `auth_hmac` of one node against that of the other. */
  readonly VR2515: {
    readonly differs: "one-only" | "no-signature" | "no-key" | "other-key";
  };
  /** `error`: a symbolic errno, `relative`, `directory`, `not-regular` or `too-large`. */
  readonly VR5005: { readonly path: string; readonly error: string };
  /** `mode`: three octal digits. */
  readonly VR5006: { readonly path: string; readonly mode: string; readonly isWritable: boolean };
}
