/** What the browser keeps for this page. If it keeps nothing, a choice is lost, not the page. */
const PREFIX = "baton.";

export function recall(key: string): string | undefined {
  try {
    return localStorage.getItem(PREFIX + key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** @param value undefined: forgets it */
export function remember(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, value);
  } catch {
    // Storage is full or forbidden: the choice lasts as long as the page.
  }
}
