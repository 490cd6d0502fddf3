/** The values of the codes about virtual MAC addresses. */
export interface VmacFacts {
  readonly VR2150: {
    readonly word: string;
    readonly instance: string;
    readonly why: "name" | "mac" | "multicast" | "rfc" | "second";
  };
  /** Without `by` it is the name of an interface in the file. */
  readonly VR2151: {
    readonly name: string;
    readonly instance: string;
    readonly by: string | undefined;
  };
  readonly VR2152: { readonly instance: string };
  readonly VR2154: { readonly instance: string };
  readonly VR2153: {
    readonly keyword: string;
    readonly instance: string;
    readonly why: "no-vmac" | "no-interface";
  };
}
