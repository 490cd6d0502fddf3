/** File descriptors that the measuring processes are started with. */

/** Socket pair to the lab: JSON lines both ways. */
export const OUTPUT_FD = 3;
/** The address watcher's namespaces, one descriptor each. */
export const FIRST_NAMESPACE_FD = 4;
