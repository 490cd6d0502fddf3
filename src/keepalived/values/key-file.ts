/** `key ID file:PATH` of `auth_hmac`: who reads a configuration may read files, or not. */
/** What was found there. */
export type KeyFile =
  | { readonly kind: "text"; readonly text: string; readonly mode: number }
  /** A symbolic errno, `relative`, `directory`, `not-regular` or `too-large`. */
  | { readonly kind: "refused"; readonly error: string };
export type KeyFileReader = (path: string) => KeyFile;
