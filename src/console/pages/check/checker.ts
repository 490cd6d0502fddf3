/**
 * The files of the check page and what is known of them. They live in this page's memory alone:
 * they may hold passwords, so the browser does not keep them either.
 */
import { effect, type Signal, signal } from "@preact/signals";
import type { Fix } from "#diagnostics/diagnostic";
import { applyEdits } from "#diagnostics/edit";
import type { Source } from "#diagnostics/source";
import type { CloudVendor } from "#keepalived/rules/cloud-vendor";
import { language } from "../../base/language.ts";
import type { WorkerAnswer, WorkerRequest } from "./check-protocol.ts";
import type { Examined } from "./examine.ts";

export const files: Signal<readonly Source[]> = signal([{ name: "keepalived.conf", text: "" }]);
/** Which of the files is shown. */
export const shown: Signal<number> = signal(0);
/** Undefined: the cloud that the files speak of. */
export const cloud: Signal<CloudVendor | undefined> = signal(undefined);
export const examined: Signal<Examined | undefined> = signal(undefined);
/** How many corrections the last click on "correct all" made. */
export const corrected: Signal<number | undefined> = signal(undefined);

/** A configuration of some thousand lines takes longer to read than a key press lasts. */
const PAUSE_MS = 120;

let worker: Worker | undefined;
let asked = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

function send(kind: WorkerRequest["kind"]): void {
  worker ??= startWorker();
  asked += 1;
  const request: WorkerRequest = {
    kind,
    id: asked,
    files: files.peek(),
    language: language.peek(),
    cloud: cloud.peek(),
  };
  worker.postMessage(request);
}

function startWorker(): Worker {
  const made = new Worker(new URL("./check-worker.ts", import.meta.url), { type: "module" });
  made.addEventListener("message", ({ data }: MessageEvent<WorkerAnswer>) => {
    // What was typed since then has another answer.
    if (data.id !== asked) return;
    if (data.kind === "examined") examined.value = data.examined;
    else {
      corrected.value = data.count;
      files.value = data.files;
    }
  });
  return made;
}

/** Begins to look at the files whenever they change. Returns what ends it. */
export function startChecking(): () => void {
  const stop = effect(() => {
    // Read here, so that a change of any of them is noticed.
    const isEmpty = files.value.every(({ text }) => text.trim() === "");
    void language.value;
    void cloud.value;
    clearTimeout(timer);
    if (isEmpty) {
      asked += 1;
      examined.value = undefined;
    } else timer = setTimeout(() => send("examine"), PAUSE_MS);
  });
  return () => {
    stop();
    clearTimeout(timer);
    worker?.terminate();
    worker = undefined;
  };
}

export function edit(index: number, text: string): void {
  corrected.value = undefined;
  files.value = files.value.map((file, at) => (at === index ? { ...file, text } : file));
}

/** Names of two files differ, because a place names its file. */
export function putFiles(given: readonly Source[]): void {
  corrected.value = undefined;
  const [first, second] = given;
  if (first === undefined) return;
  if (second === undefined) {
    files.value = files.value.map((file, at) => (at === shown.value ? unlike(first, at) : file));
    return;
  }
  shown.value = 0;
  files.value = [first, second.name === first.name ? renamed(second) : second];
}

function unlike(file: Source, index: number): Source {
  const isTaken = files.value.some((other, at) => at !== index && other.name === file.name);
  return isTaken ? renamed(file) : file;
}

const renamed = (file: Source): Source => ({ ...file, name: `${file.name} (2)` });

export function addPartner(): void {
  if (files.value.length > 1) return;
  files.value = [...files.value, unlike({ name: "keepalived.conf", text: "" }, 1)];
  shown.value = 1;
}

export function removePartner(): void {
  files.value = files.value.slice(0, 1);
  shown.value = 0;
}

/** A correction is made whole, in every file that it touches. */
export function applyFix({ edits }: Fix): void {
  corrected.value = undefined;
  files.value = files.value.map(({ name, text }) => ({
    name,
    text: applyEdits(
      text,
      edits.filter(({ span }) => span.file === name),
    ),
  }));
}

export const fixEverything = (): void => send("fix-all");
