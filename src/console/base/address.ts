/** Which page is shown, as the address bar has it. */
import { type Signal, signal } from "@preact/signals";

export const path: Signal<string> = signal(location.pathname);
addEventListener("popstate", () => {
  path.value = location.pathname;
});

/** Shows another page without loading anything again. */
export function go(to: string): void {
  if (to === location.pathname + location.search) return;
  history.pushState(null, "", to);
  path.value = location.pathname;
  scrollTo(0, 0);
}
