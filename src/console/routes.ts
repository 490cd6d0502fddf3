/** The pages, in the order of the navigation. To add one, write its file and add a row here. */
import type { ComponentType } from "preact";
import { type Text, text } from "./base/text.ts";
import type { IconName } from "./parts/icon.tsx";

/** What the server said it can do; `session.ts`. */
export interface Abilities {
  readonly hasCloud: boolean;
  readonly hasLab: boolean;
}

export interface Route {
  readonly path: `/${string}`;
  readonly title: Text;
  readonly icon: IconName;
  /** Absent: always there. */
  readonly isOffered?: (abilities: Abilities) => boolean;
  /** The page's code is fetched when it is opened first. */
  readonly load: () => Promise<ComponentType>;
}

export const ROUTES: readonly Route[] = [
  {
    path: "/cluster",
    title: text("Cluster", "集群"),
    icon: "cluster",
    load: async () => (await import("./pages/cluster/page.tsx")).ClusterPage,
  },
  {
    path: "/timeline",
    title: text("Timeline", "时间线"),
    icon: "timeline",
    load: async () => (await import("./pages/timeline/page.tsx")).TimelinePage,
  },
  {
    path: "/havip",
    title: text("HAVIPs", "高可用虚拟 IP"),
    icon: "havip",
    isOffered: ({ hasCloud }) => hasCloud,
    load: async () => (await import("./pages/havip/page.tsx")).HavipPage,
  },
  {
    path: "/check",
    title: text("Check", "检查配置"),
    icon: "check",
    load: async () => (await import("./pages/check/page.tsx")).CheckPage,
  },
  {
    path: "/lab",
    title: text("Laboratory", "实验环境"),
    icon: "lab",
    isOffered: ({ hasLab }) => hasLab,
    load: async () => (await import("./pages/lab/page.tsx")).LabPage,
  },
  {
    path: "/drills",
    title: text("Drill reports", "演练报告"),
    icon: "drill",
    load: async () => (await import("./pages/drills/page.tsx")).DrillsPage,
  },
];

/** The page of an address; the first page for one that has none. */
export const routeOf = (address: string): Route | undefined =>
  ROUTES.find((one) => one.path === address) ?? ROUTES[0];
