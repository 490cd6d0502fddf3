/** The buttons of one instance: its daemon, its machine, its network. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { LabHavip, LabInstance } from "../../base/lab-shape.ts";
import { t } from "../../base/language.ts";
import { type Text, text } from "../../base/text.ts";
import { Badge } from "../../parts/badge.tsx";
import { DAEMON_TEXT, FAULT_TEXT } from "./fault-text.ts";
import { nameOfOrder, pending, send } from "./lab-state.ts";

const TEXT = {
  daemon: text("Daemon", "守护进程"),
  machine: text("Machine", "机器"),
  network: text("Network", "网络"),
  running: text("runs", "运行中"),
  stopped: text("not running", "未运行"),
  apart: text("Split from the others", "与其他节点隔离"),
  other: text("Another fault", "其他故障"),
  inject: text("Inject", "注入"),
  example: text("such as late 6s", "例如 late 6s"),
  startFirst: text("Apply for a HAVIP first", "请先申请 HAVIP"),
};

export interface ControlsProps {
  readonly instance: LabInstance;
  readonly havip: LabHavip | undefined;
  /** The other instances that run daemons. */
  readonly others: readonly string[];
}

export function Controls({ instance, havip, others }: ControlsProps): JSX.Element {
  const { name, address, commands, faultOrders } = instance;
  // `exit 0`, `SIGKILL`: how it ended.
  const isEnded = commands.some(({ state }) => !["running", "not started"].includes(state));
  const isRunning = commands.some(({ state }) => state === "running");
  return (
    <section class="card controls" aria-label={name}>
      <header class="row spread">
        <h2>
          {name} <span class="mono small muted">{address}</span>
        </h2>
        <Badge tone={isRunning ? "ok" : "idle"} shape={isRunning ? "full" : "square"}>
          {isRunning ? t(TEXT.running) : t(TEXT.stopped)}
          {isEnded && <span class="mono">{commands[0]?.state}</span>}
        </Badge>
      </header>
      <div class="body stack">
        <Group label={TEXT.daemon}>
          {isRunning ? (
            <>
              <DaemonButton instance={name} order="stop" />
              <DaemonButton instance={name} order="restart" address={havip?.address} />
              <DaemonButton instance={name} order="kill-engine" />
              <DaemonButton instance={name} order="kill-all" />
              <DaemonButton instance={name} order="hang" />
              <DaemonButton instance={name} order="continue" />
            </>
          ) : (
            <DaemonButton instance={name} order="start" address={havip?.address} isPrimary />
          )}
        </Group>
        <Group label={TEXT.machine}>
          <DaemonButton instance={name} order="power-off" />
          <DaemonButton instance={name} order="power-on" address={havip?.address} />
          <DaemonButton instance={name} order="service-down" />
          <DaemonButton instance={name} order="service-up" />
        </Group>
        <Group label={TEXT.network}>
          {Object.entries(FAULT_TEXT).map(([fault, label]) => (
            <FaultButton
              key={fault}
              instance={name}
              fault={fault}
              label={t(label)}
              isOn={faultOrders.includes(fault)}
            />
          ))}
          {others.length > 0 && (
            <FaultButton
              instance={name}
              fault={`apart ${others.join(" ")}`}
              label={t(TEXT.apart)}
              isOn={faultOrders.some((one) => one.startsWith("apart"))}
            />
          )}
        </Group>
        <OtherFault instance={name} />
      </div>
    </section>
  );
}

interface GroupProps {
  readonly label: Text;
  readonly children: JSX.Element | readonly (JSX.Element | false | readonly JSX.Element[])[];
}

function Group({ label, children }: GroupProps): JSX.Element {
  return (
    <div class="control-group" role="group" aria-label={t(label)}>
      <span class="small muted">{t(label)}</span>
      <div class="row">{children as JSX.Element}</div>
    </div>
  );
}

interface DaemonButtonProps {
  readonly instance: string;
  readonly order: string;
  readonly address?: string | undefined;
  readonly isPrimary?: boolean;
}

export function DaemonButton(props: DaemonButtonProps): JSX.Element {
  const { instance, order, address, isPrimary = false } = props;
  const wanted = { instance, daemon: order, ...(address !== undefined && { address }) };
  const label = DAEMON_TEXT[order];
  return (
    <button
      type="button"
      class={`button small${isPrimary ? " primary" : ""}`}
      aria-disabled={pending.value.includes(nameOfOrder(wanted))}
      onClick={() => void send(wanted)}
    >
      {label === undefined ? order : t(label)}
    </button>
  );
}

interface FaultButtonProps {
  readonly instance: string;
  readonly fault: string;
  readonly label: string;
  readonly isOn: boolean;
}

function FaultButton({ instance, fault, label, isOn }: FaultButtonProps): JSX.Element {
  const order = { instance, fault };
  return (
    <button
      type="button"
      class={`button small${isOn ? " is-on" : ""}`}
      title={fault}
      {...(fault !== "heal" && fault !== "plug" && { "aria-pressed": isOn })}
      aria-disabled={pending.value.includes(nameOfOrder(order))}
      onClick={() => void send(order)}
    >
      {label}
    </button>
  );
}

/** As `baton lab fault` takes it. */
function OtherFault({ instance }: { readonly instance: string }): JSX.Element {
  const [fault, setFault] = useState("");
  return (
    <form
      class="row"
      onSubmit={(event) => {
        event.preventDefault();
        if (fault.trim() === "") return;
        void send({ instance, fault: fault.trim() }).then((isDone) => isDone && setFault(""));
      }}
    >
      <input
        type="text"
        class="mono small"
        aria-label={`${t(TEXT.other)} (${instance})`}
        placeholder={`${t(TEXT.other)}, ${t(TEXT.example)}`}
        value={fault}
        onInput={(event) => setFault(event.currentTarget.value)}
      />
      <button type="submit" class="button small">
        {t(TEXT.inject)}
      </button>
    </form>
  );
}
