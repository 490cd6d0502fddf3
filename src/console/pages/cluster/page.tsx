import type { JSX } from "preact";
import { t, text } from "../../base/language.ts";
import { PageHead } from "../../parts/page-head.tsx";

export function ClusterPage(): JSX.Element {
  return <PageHead title={t(text("Cluster", "集群"))} />;
}
