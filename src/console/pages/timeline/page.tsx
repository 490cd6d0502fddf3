import type { JSX } from "preact";
import { t, text } from "../../base/language.ts";
import { PageHead } from "../../parts/page-head.tsx";

export function TimelinePage(): JSX.Element {
  return <PageHead title={t(text("Timeline", "时间线"))} />;
}
