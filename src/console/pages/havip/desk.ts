/** What the HAVIP page knows, and the calls behind its buttons. */
import { type Signal, signal } from "@preact/signals";
import type {
  Application,
  ChangedHavip,
  CloudChoices,
  CloudHavip,
  ElasticAddress,
  HavipChange,
  HavipList,
} from "../../base/cloud-shape.ts";
import type { Failure } from "../../base/failure.ts";
import { type Answer, getJson, postJson } from "../../base/http.ts";
import { recall, remember } from "../../base/memory.ts";
import { session } from "../../base/session.ts";

const REGION = "region";
const ROWS_MS = 2_000;

/** Undefined: the one that the server was started with. */
const chosenRegion: Signal<string | undefined> = signal(recall(REGION));
export const havips: Signal<readonly CloudHavip[] | undefined> = signal(undefined);
export const choices: Signal<CloudChoices | undefined> = signal(undefined);
/** The list could not be read; what was read before is still shown. */
export const failure: Signal<Failure | undefined> = signal(undefined);

export const region = (): string => chosenRegion.value ?? session.value?.cloud?.region ?? "";
const query = (): string => `?region=${encodeURIComponent(region())}`;

export function chooseRegion(next: string): void {
  remember(REGION, next);
  chosenRegion.value = next;
  havips.value = undefined;
  choices.value = undefined;
  void refresh();
  void loadChoices();
}

export async function refresh(): Promise<void> {
  const asked = region();
  const answer = await getJson<HavipList>(`/api/cloud/havips${query()}`);
  // Another region was chosen meanwhile.
  if (asked !== region()) return;
  if (answer.kind === "failed") failure.value = answer;
  else {
    failure.value = undefined;
    havips.value = answer.body.havips;
  }
}

export async function loadChoices(): Promise<void> {
  const asked = region();
  const answer = await getJson<CloudChoices>(`/api/cloud/choices${query()}`);
  if (asked === region() && answer.kind === "answer") choices.value = answer.body;
}

/** Keeps the list fresh while somebody sees it. Returns what ends it. */
export function startRefreshing(): () => void {
  let isEnded = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const turn = async (): Promise<void> => {
    if (!document.hidden) await refresh();
    if (!isEnded) timer = setTimeout(() => void turn(), ROWS_MS);
  };
  void turn();
  void loadChoices();
  return () => {
    isEnded = true;
    clearTimeout(timer);
  };
}

export async function apply(application: Application): Promise<Answer<ChangedHavip>> {
  const answer = await postJson<ChangedHavip>(`/api/cloud/havips${query()}`, application);
  await Promise.all([refresh(), loadChoices()]);
  return answer;
}

export async function change(id: string, wanted: HavipChange): Promise<Answer<ChangedHavip>> {
  const path = `/api/cloud/havips/${encodeURIComponent(id)}${query()}`;
  const answer = await postJson<ChangedHavip>(path, wanted);
  await Promise.all([refresh(), loadChoices()]);
  return answer;
}

export async function allocate(
  name: string,
): Promise<Answer<{ readonly address: ElasticAddress | null }>> {
  const path = `/api/cloud/addresses${query()}`;
  const answer = await postJson<{ readonly address: ElasticAddress | null }>(path, { name });
  await loadChoices();
  return answer;
}

/** An instance's id with the name and the address of its interface, where they are known. */
export function memberName(id: string): string {
  const found = choices.value?.interfaces.find(
    (one) => one.id === id || (one.instanceId === id && one.isPrimary),
  );
  return found === undefined ? "" : [found.name, found.address].filter(Boolean).join(" · ");
}
