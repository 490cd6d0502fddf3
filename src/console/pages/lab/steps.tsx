/** The tutorial's steps, with what is done of them already, and the button of the next. */
import type { JSX } from "preact";
import { go } from "../../base/address.ts";
import { t } from "../../base/language.ts";
import { type Text, text } from "../../base/text.ts";
import { Badge } from "../../parts/badge.tsx";
import { rows, type StatusNews, send } from "./lab-state.ts";

const TEXT = {
  title: text("The tutorial, step by step", "教程步骤"),
  apply: text("Apply for a HAVIP", "申请高可用虚拟 IP"),
  applyAbout: text(
    "On the HAVIP page; it is UNBIND then.",
    "在“高可用虚拟 IP”页申请，此时状态为 UNBIND。",
  ),
  start: text("Start the daemons", "启动守护进程"),
  startAbout: text(
    "Each gets the HAVIP's address into its keepalived.conf. The first takes it: AVAILABLE.",
    "地址会写入各节点的 keepalived.conf。先启动的节点接管地址，状态变为 AVAILABLE。",
  ),
  startAll: (names: string): Text => text(`Start ${names}`, `启动 ${names}`),
  unbound: text(
    "Still UNBIND: is one of them in the drift range of the HAVIP? What the platform refused is below, under What happens.",
    "仍为 UNBIND：请确认它们在该 HAVIP 的漂移范围内。平台拒绝的原因见页面下方的“事件”。",
  ),
  bind: text("Bind a public address", "绑定弹性公网 IP"),
  bindAbout: text("Also on the HAVIP page; optional.", "同样在“高可用虚拟 IP”页，可选。"),
  fail: text("Break something", "验证主备切换"),
  failAbout: text(
    "The plots show what a client sees, the table what it cost.",
    "曲线显示客户端所见，表格记录每次影响。",
  ),
  open: text("Open", "前往"),
  done: text("done", "已完成"),
};

export function Steps({ news }: { readonly news: StatusNews }): JSX.Element {
  const { instances, havips } = news.status;
  const [havip] = havips;
  const daemons = instances.filter(({ commands }) => commands.length > 0);
  const idle = daemons.filter(({ commands }) => commands.every(({ state }) => state !== "running"));
  const startAll = async (): Promise<void> => {
    for (const { name } of idle) {
      const address = havip?.address;
      await send({ instance: name, daemon: "start", ...(address !== undefined && { address }) });
    }
  };
  const openHavips = (
    <button type="button" class="button small" onClick={() => go("/havip")}>
      {t(TEXT.open)}
    </button>
  );
  const isStarted = daemons.length > 0 && idle.length === 0;
  // Said from the start on: a platform takes seconds, and a reader goes on reading.
  const isUnbound = isStarted && havip?.state === "UNBIND";
  return (
    <section class="card" aria-label={t(TEXT.title)}>
      <header>
        <h2>{t(TEXT.title)}</h2>
      </header>
      <ol class="body steps">
        <Step
          name={TEXT.apply}
          about={TEXT.applyAbout}
          isDone={havip !== undefined}
          action={openHavips}
        />
        <Step
          name={TEXT.start}
          about={isUnbound ? TEXT.unbound : TEXT.startAbout}
          isDone={isStarted && !isUnbound}
          action={
            isUnbound ? (
              openHavips
            ) : (
              <button
                type="button"
                class="button small primary"
                aria-disabled={havip === undefined}
                onClick={() => havip !== undefined && void startAll()}
              >
                {t(TEXT.startAll(idle.map(({ name }) => name).join(", ")))}
              </button>
            )
          }
        />
        <Step
          name={TEXT.bind}
          about={TEXT.bindAbout}
          isDone={havip?.publicAddress !== undefined}
          action={openHavips}
        />
        <Step name={TEXT.fail} about={TEXT.failAbout} isDone={rows.value.length > 0} />
      </ol>
    </section>
  );
}

interface StepProps {
  readonly name: Text;
  readonly about: Text;
  readonly isDone: boolean;
  readonly action?: JSX.Element;
}

function Step({ name, about, isDone, action }: StepProps): JSX.Element {
  return (
    <li class={isDone ? "is-done" : ""}>
      <div class="row spread">
        <strong>{t(name)}</strong>
        {isDone ? (
          <Badge tone="ok" shape="full">
            {t(TEXT.done)}
          </Badge>
        ) : (
          action
        )}
      </div>
      <p class="small muted">{t(about)}</p>
    </li>
  );
}
