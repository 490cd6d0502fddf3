import type { JSX } from "preact";
import { t } from "../../base/language.ts";
import { text } from "../../base/text.ts";
import { PageHead } from "../../parts/page-head.tsx";

export function ClusterPage(): JSX.Element {
  return <PageHead title={t(text("Cluster", "集群"))} />;
}
