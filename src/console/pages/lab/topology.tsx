/** The laboratory as a drawing: who is where, which cable is broken, and who has the address. */
import type { JSX } from "preact";
import type { LabHavip, LabInstance } from "../../base/lab-shape.ts";
import { t } from "../../base/language.ts";
import { type Text, text } from "../../base/text.ts";
import { orderText } from "./fault-text.ts";
import type { StatusNews } from "./lab-state.ts";
import { instanceColour } from "./probe-plot.tsx";

const WIDTH = 780;
const HEIGHT = 330;
const BOX = { width: 168, height: 82, top: 218 } as const;
const BAR = { top: 122, height: 20, left: 30 } as const;

const TEXT = {
  switch: text("VPC switch", "VPC 交换机"),
  internet: text("internet", "互联网"),
  noPublic: text("no public address", "未绑定弹性公网 IP"),
  unbound: text("UNBIND: nobody has it", "UNBIND：无实例持有"),
  noHavip: text("no HAVIP yet", "还没有 HAVIP"),
  running: text("running", "运行中"),
  stopped: text("not running", "未运行"),
  client: text("probes", "探测端"),
  hasAddress: text("has the address", "网卡上有此地址"),
  about: (holder: string): Text =>
    text(`Drawing of the laboratory. ${holder}`, `实验环境拓扑图。${holder}`),
  held: (address: string, name: string): Text =>
    text(`${address} is bound to ${name}.`, `${address} 已绑定到 ${name}。`),
};

const isBroken = ({ faultOrders }: LabInstance): boolean =>
  faultOrders.some((order) => /^(?:cut|unplug)$/.test(order));
const isRunning = ({ commands }: LabInstance): boolean =>
  commands.some(({ state }) => state === "running");

export function Topology({ news }: { readonly news: StatusNews }): JSX.Element {
  const { status, holders } = news;
  const { instances, havips, internet = false, subnets = [] } = status;
  const [havip] = havips;
  const columns = Math.max(instances.length, 2);
  const space = (WIDTH - 2 * BAR.left) / columns;
  const centre = (index: number): number => BAR.left + space * (index + 0.5);
  const held = instances.findIndex(({ name }) => name === havip?.instance);
  const about =
    havip === undefined
      ? t(TEXT.noHavip)
      : havip.instance === undefined
        ? `${havip.address}: ${t(TEXT.unbound)}`
        : t(TEXT.held(havip.address, havip.instance));
  const [subnet] = subnets;
  return (
    <svg
      class="topology"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={t(TEXT.about(about))}
    >
      <rect x="4" y="78" width={WIDTH - 8} height={HEIGHT - 82} rx="14" class="network" />
      <text x="22" y="104" class="caption">
        {subnet === undefined ? "VPC" : `${subnet.vpc} / ${subnet.name}  ${subnet.cidr}`}
      </text>
      {internet && <Internet publicAddress={havip?.publicAddress} />}
      <rect
        x={BAR.left}
        y={BAR.top}
        width={WIDTH - 2 * BAR.left}
        height={BAR.height}
        rx="6"
        class="bar"
      />
      <text x={WIDTH / 2} y={BAR.top + 14.5} class="middle small-text">
        {t(TEXT.switch)}
      </text>
      {instances.map((one, index) => (
        <InstanceBox
          key={one.name}
          instance={one}
          x={centre(index)}
          colour={instanceColour(index)}
          hasAddress={holders.includes(one.name)}
          isHolder={index === held}
        />
      ))}
      {havip !== undefined && (
        <g
          class={`havip${held < 0 ? " unbound" : ""}`}
          style={{
            transform: `translate(${held < 0 ? WIDTH - 150 : centre(held)}px, ${held < 0 ? 46 : BOX.top - 34}px)`,
          }}
        >
          <rect x="-78" y="-15" width="156" height="30" rx="15" />
          <text y="5" class="middle">
            {havip.address}
          </text>
        </g>
      )}
    </svg>
  );
}

function Internet({ publicAddress }: Pick<LabHavip, "publicAddress">): JSX.Element {
  return (
    <g>
      <path
        d={`M${WIDTH / 2} 46V${BAR.top}`}
        class={publicAddress === undefined ? "wire off" : "wire"}
      />
      <rect x={WIDTH / 2 - 84} y="10" width="168" height="36" rx="18" class="box" />
      <text x={WIDTH / 2} y="33" class="middle">
        {t(TEXT.internet)}
      </text>
      <text x={WIDTH / 2 + 12} y="68" class="small-text">
        {publicAddress ?? t(TEXT.noPublic)}
      </text>
    </g>
  );
}

interface BoxProps {
  readonly instance: LabInstance;
  readonly x: number;
  readonly colour: string;
  readonly hasAddress: boolean;
  readonly isHolder: boolean;
}

function InstanceBox({ instance, x, colour, hasAddress, isHolder }: BoxProps): JSX.Element {
  const { name, address, commands, faultOrders } = instance;
  const left = x - BOX.width / 2;
  const isClient = commands.length === 0;
  const state = isClient ? TEXT.client : isRunning(instance) ? TEXT.running : TEXT.stopped;
  const middle = (BAR.top + BAR.height + BOX.top) / 2;
  return (
    <g>
      <path
        d={`M${x} ${BAR.top + BAR.height}V${BOX.top}`}
        class={isBroken(instance) ? "wire broken" : "wire"}
      />
      {isBroken(instance) && !isHolder && (
        <path d={`M${x - 9} ${middle - 9}l18 18m0 -18l-18 18`} class="cross" />
      )}
      <rect
        x={left}
        y={BOX.top}
        width={BOX.width}
        height={BOX.height}
        rx="10"
        class={`box${hasAddress ? " has-address" : ""}${isClient || isRunning(instance) ? "" : " stopped"}`}
      />
      <rect
        x={left + 14}
        y={BOX.top + 15}
        width="10"
        height="10"
        rx="2"
        style={{ fill: `var(${colour})` }}
      />
      <text x={left + 32} y={BOX.top + 25} class="name">
        {name}
      </text>
      <text x={left + 14} y={BOX.top + 45} class="small-text">
        {address}
      </text>
      <text x={left + BOX.width - 14} y={BOX.top + 25} class="small-text end">
        {t(state)}
      </text>
      <text x={left + 14} y={BOX.top + 68} class="small-text strong">
        {faultOrders.length > 0
          ? shorten(faultOrders.map(orderText).join(", "))
          : hasAddress
            ? t(TEXT.hasAddress)
            : ""}
      </text>
    </g>
  );
}

const SHOWN_MAX = 24;
const shorten = (value: string): string =>
  value.length <= SHOWN_MAX ? value : `${value.slice(0, SHOWN_MAX - 1)}…`;
