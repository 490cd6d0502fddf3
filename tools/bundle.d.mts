/** Why it was not made; undefined: it was. */
export function bundleDaemon(root: string): string | undefined;
