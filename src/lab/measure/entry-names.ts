/** The servers of `npm run bench -- entry`, in the order in which they are measured. Pure. */
export type EntryServer = "nginx" | "haproxy";

export const ENTRY_SERVERS: readonly EntryServer[] = ["nginx", "haproxy"];
