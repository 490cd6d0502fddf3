/** The sources of all programs that a command may start. */
export const PROGRAMS: readonly string[];
/** Why it was not made; undefined: it was. */
export function bundleDaemon(root: string): string | undefined;
/** Every program into `folder`; esbuild's account of the inputs into `metafile`. */
export function bundlePrograms(root: string, folder: string, metafile: string): string | undefined;
