/** Header, navigation, settings, and the page that the address names. */
import { type Signal, signal } from "@preact/signals";
import type { ComponentType, JSX } from "preact";
import { useEffect, useErrorBoundary, useRef } from "preact/hooks";
import { go, path } from "./base/address.ts";
import { accessKey } from "./base/http.ts";
import { language, t } from "./base/language.ts";
import { session, sessionFailure } from "./base/session.ts";
import type { Session } from "./base/session-shape.ts";
import { text } from "./base/text.ts";
import { Settings } from "./frame-settings.tsx";
import { Icon, Logo } from "./parts/icon.tsx";
import { Empty, FailureNotice } from "./parts/notice.tsx";
import { Toasts } from "./parts/toast.tsx";
import { ROUTES, type Route, routeOf } from "./routes.ts";
import { isSigningIn, SignIn } from "./sign-in.tsx";

const TEXT = {
  skip: text("Skip to the page", "跳到正文"),
  pages: text("Pages", "页面"),
  failed: text("This page could not be loaded", "页面加载失败"),
  mistake: text("This page made a mistake", "此页面出错"),
  retry: text("Try again", "重试"),
  again: text(
    "The console may have been upgraded since this page was opened. Reload it.",
    "打开此页面后控制台可能已升级，请重新加载。",
  ),
};

export function Frame(): JSX.Element {
  const current = session.value;
  if (accessKey.value === undefined || (current === undefined && isSigningIn.value)) {
    return <SignIn />;
  }
  if (current === undefined) {
    return (
      <main class="sign-in">
        {sessionFailure.value !== undefined && <FailureNotice failure={sessionFailure.value} />}
      </main>
    );
  }
  return <Pages session={current} />;
}

function Pages({ session: current }: { readonly session: Session }): JSX.Element {
  const route = routeOf(path.value);
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    // After the first page the focus follows the navigation, so that the new page is read.
    if (!isFirst.current) main.current?.focus();
    isFirst.current = false;
  }, [route]);
  useEffect(() => {
    document.title = route === undefined ? "Baton" : `${t(route.title)} · Baton`;
  }, [route, language.value]);
  return (
    <div class="frame">
      <a class="skip button primary" href="#page">
        {t(TEXT.skip)}
      </a>
      <Side current={route} session={current} />
      <main id="page" class="page" tabIndex={-1} ref={main}>
        {route !== undefined && <Loaded key={route.path} route={route} />}
      </main>
      <Toasts />
    </div>
  );
}

interface SideProps {
  readonly current: Route | undefined;
  readonly session: Session;
}

function Side({ current, session: { version, cloud, hasLab } }: SideProps): JSX.Element {
  const abilities = { hasCloud: cloud !== undefined, hasLab };
  return (
    <header class="side">
      <div class="brand">
        <Logo />
        Baton
      </div>
      <nav aria-label={t(TEXT.pages)}>
        <ul>
          {ROUTES.filter(({ isOffered }) => isOffered?.(abilities) ?? true).map((one) => (
            <li key={one.path}>
              <a
                href={one.path}
                aria-current={one === current ? "page" : undefined}
                onClick={(event) => {
                  // With a modifier it is for the browser: another tab or window.
                  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
                  event.preventDefault();
                  go(one.path);
                }}
              >
                <Icon name={one.icon} />
                {t(one.title)}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <Settings />
      <p class="version">
        Baton <span class="mono">{version}</span>
      </p>
    </header>
  );
}

type Loading = ComponentType | "failed" | undefined;
const loaded = new Map<Route, Signal<Loading>>();

function Loaded({ route }: { readonly route: Route }): JSX.Element | null {
  let page = loaded.get(route);
  if (page === undefined) {
    const fresh: Signal<Loading> = signal(undefined);
    loaded.set(route, fresh);
    page = fresh;
    route.load().then(
      (component) => {
        // A component is a function, which a signal takes as a value.
        fresh.value = component;
      },
      () => {
        loaded.delete(route);
        fresh.value = "failed";
      },
    );
  }
  const Page = page.value;
  if (Page === undefined) return null;
  if (Page !== "failed") return <Guarded page={Page} />;
  return (
    <Empty icon="warning" title={t(TEXT.failed)}>
      <p>{t(TEXT.again)}</p>
    </Empty>
  );
}

/** A mistake in one page does not take the navigation along. */
function Guarded({ page: Page }: { readonly page: ComponentType }): JSX.Element {
  const [error, retry] = useErrorBoundary((mistake) => reportError(mistake));
  if (error === undefined) return <Page />;
  return (
    <Empty icon="bad" title={t(TEXT.mistake)}>
      <p>{String(error)}</p>
      <button type="button" class="button" onClick={retry}>
        {t(TEXT.retry)}
      </button>
    </Empty>
  );
}
