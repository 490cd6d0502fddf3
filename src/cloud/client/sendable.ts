/**
 * What may be part of a request. Regions, ids and keys come from files, environment variables
 * and the metadata service, any of which may hold anything (a page of a captive portal, a name
 * in Chinese, a line feed at the end): a header may have printable ASCII only, and Node.js
 * throws for anything else.
 */

/** `ap-guangzhou` */
export const isRegion = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/.test(text);

/** `ins-1a2b3c4d` */
export const isInstanceId = (text: string): boolean =>
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text);

/** A key's id, or the token of temporary credentials, which is long. */
export const isSendableKey = (text: string): boolean => /^[\x21-\x7e]{1,8192}$/.test(text);
