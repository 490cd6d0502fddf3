/** Asks for the access key, if the page was not opened by the address that the console printed. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { JSX } from "preact";
import { accessKey, setKey } from "./base/http.ts";
import { t } from "./base/language.ts";
import { session, sessionFailure, startSession } from "./base/session.ts";
import { text } from "./base/text.ts";
import { Settings } from "./frame-settings.tsx";
import { Logo } from "./parts/icon.tsx";
import { FailureNotice, Notice } from "./parts/notice.tsx";

const TEXT = {
  about: text(
    "`baton console` prints an address with a key in its terminal. Open that address, or enter the key here.",
    "`baton console` 会在终端输出带密钥的地址。请打开该地址，或在此输入密钥。",
  ),
  key: text("Key", "密钥"),
  open: text("Open the console", "打开控制台"),
  wrong: text("This is not the console's key", "密钥不正确"),
};

/** A key is letters, digits, `-` and `_`; what was copied with it is left out. */
const cleaned = (given: string): string => /(?:^|#key=)([\w-]+)\s*$/.exec(given.trim())?.[1] ?? "";

const typed = signal("");

/** Also while a key is being tried. */
export const isSigningIn: ReadonlySignal<boolean> = computed(
  () => accessKey.value === undefined || sessionFailure.value?.status === 401 || typed.value !== "",
);

async function open(): Promise<void> {
  const key = cleaned(typed.value);
  if (key === "") return;
  sessionFailure.value = undefined;
  setKey(key);
  await startSession();
  if (session.peek() !== undefined) typed.value = "";
}

export function SignIn(): JSX.Element {
  // A wrong key has been forgotten again (http.ts).
  const isWrong = sessionFailure.value?.status === 401;
  return (
    <main class="sign-in">
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          void open();
        }}
      >
        <div class="brand">
          <Logo />
          <h1>Baton</h1>
        </div>
        <p class="muted">{t(TEXT.about).replaceAll("`", "")}</p>
        <label class="field">
          <span>{t(TEXT.key)}</span>
          <input
            type="password"
            autoComplete="off"
            spellcheck={false}
            value={typed.value}
            onInput={({ currentTarget }) => {
              typed.value = currentTarget.value;
            }}
          />
        </label>
        {isWrong && (
          <Notice tone="error" isSaid>
            {t(TEXT.wrong)}
          </Notice>
        )}
        {sessionFailure.value !== undefined && sessionFailure.value.status !== 401 && (
          <FailureNotice failure={sessionFailure.value} />
        )}
        <button type="submit" class="button primary">
          {t(TEXT.open)}
        </button>
        <Settings />
      </form>
    </main>
  );
}
