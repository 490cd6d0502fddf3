/**
 * Where the files of this installation are. Unbuilt, a program stands where its source does; in a
 * bundle (tools/bundle.mjs) all programs are beside each other, two folders below the root, as this
 * file is below a checkout's.
 */
const here = import.meta.url;

/** The program's file. @param source its path below `src`, without an ending */
export function programUrl(source: string): URL {
  if (!here.endsWith(".js")) return new URL(`../${source}.ts`, here);
  return new URL(`./${source.slice(source.lastIndexOf("/") + 1)}.js`, here);
}

/** A file or folder that is no program. @param path below the root of the installation */
export function resourceUrl(path: string): URL {
  return new URL(`../../${path}`, here);
}
