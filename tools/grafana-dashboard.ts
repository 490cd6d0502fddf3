/**
 * The dashboard for Grafana, as data: packaging/grafana/baton.json is printed from it. Every
 * expression is evaluated by a real Prometheus in tests/namespaces/prometheus.test.ts.
 *
 *   UPDATE=1 npm run check -- tests/metrics/dashboard.test.ts
 */

/** One curve, or one number, of a panel. */
interface Target {
  readonly expr: string;
  /** `{{label}}` stands for the label's value. */
  readonly legend: string;
}

interface Panel {
  readonly title: string;
  readonly about: string;
  readonly type: "stat" | "timeseries" | "state-timeline" | "table";
  readonly unit?: string;
  readonly width?: number;
  readonly height?: number;
  readonly targets: readonly Target[];
  /** Number → its text and color. */
  readonly values?: Readonly<Record<number, readonly [text: string, color: string]>>;
  /** From 1 on it is this color. */
  readonly badFromOne?: "red" | "orange";
}

interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** What every expression is restricted to. */
const AT = 'job=~"$job",instance=~"$node"';
const OF = `${AT},vrrp_instance=~"$vrrp_instance"`;
const RATE = "$__rate_interval";

const quantiles = (histogram: string, by = ""): readonly Target[] =>
  [0.5, 0.99].map((part) => ({
    expr: `histogram_quantile(${part}, sum by (instance, le${by}) (rate(${histogram}_bucket{${AT}}[${RATE}])))`,
    legend: `{{instance}}${by === "" ? "" : " {{check}}"} p${part * 100}`,
  }));

const STATE_VALUES = {
  0: ["INIT", "text"],
  1: ["BACKUP", "blue"],
  2: ["MASTER", "green"],
  3: ["FAULT", "red"],
  4: ["STOP", "dark-orange"],
} as const;

const OVERVIEW: Row = {
  title: "Overview",
  panels: [
    {
      title: "Nodes that answer",
      about: "Daemons that were scraped.",
      type: "stat",
      width: 4,
      height: 4,
      targets: [{ expr: `sum(baton_up{${AT}})`, legend: "nodes" }],
    },
    {
      title: "Addresses without owner",
      about: "No node that is scraped has put the address on a device.",
      type: "stat",
      width: 4,
      height: 4,
      badFromOne: "red",
      targets: [
        {
          expr: `count(max by (job, address) (baton_address_owned{${OF}}) == 0) or vector(0)`,
          legend: "addresses",
        },
      ],
    },
    {
      title: "Addresses with two owners",
      about: "More than one node has put the address on a device.",
      type: "stat",
      width: 4,
      height: 4,
      badFromOne: "red",
      targets: [
        {
          expr: `count(sum by (job, address) (baton_address_owned{${OF}}) > 1) or vector(0)`,
          legend: "addresses",
        },
      ],
    },
    {
      title: "In maintenance",
      about: "Nodes that give everything up and take nothing over.",
      type: "stat",
      width: 4,
      height: 4,
      badFromOne: "orange",
      targets: [{ expr: `sum(baton_maintenance{${AT}})`, legend: "nodes" }],
    },
    {
      title: "Checks that fail",
      about: "After rise and fall.",
      type: "stat",
      width: 4,
      height: 4,
      badFromOne: "orange",
      targets: [{ expr: `count(baton_check_up{${AT}} == 0) or vector(0)`, legend: "checks" }],
    },
    {
      title: "Engines replaced in an hour",
      about: "Engines that ended unexpectedly.",
      type: "stat",
      width: 4,
      height: 4,
      badFromOne: "orange",
      targets: [
        { expr: `sum(increase(baton_engine_restarts_total{${AT}}[1h]))`, legend: "engines" },
      ],
    },
    {
      title: "State",
      about: "Of each instance on each node.",
      type: "state-timeline",
      width: 24,
      values: STATE_VALUES,
      targets: [
        {
          expr: ["BACKUP", "MASTER", "FAULT", "STOP"]
            .map((state, place) => `baton_instance_state{${OF},state="${state}"} * ${place + 1}`)
            .join(" or ")
            .replace(/^(.*)$/s, "sum by (instance, vrrp_instance) ($1)"),
          legend: "{{vrrp_instance}} {{instance}}",
        },
      ],
    },
    {
      title: "Owner",
      about: "Who has put each address on a device.",
      type: "state-timeline",
      width: 24,
      values: { 0: ["", "transparent"], 1: ["owner", "green"] },
      targets: [
        {
          expr: `max by (address, instance) (baton_address_owned{${OF}})`,
          legend: "{{address}} {{instance}}",
        },
      ],
    },
  ],
};

const PROTOCOL: Row = {
  title: "Protocol",
  panels: [
    {
      title: "Changes of state by reason",
      about: "In the time between two points of the curve.",
      type: "timeseries",
      targets: [
        {
          expr: `sum by (instance, vrrp_instance, to, reason) (increase(baton_instance_transitions_total{${OF}}[${RATE}]))`,
          legend: "{{vrrp_instance}} {{instance}} to {{to}}: {{reason}}",
        },
      ],
    },
    {
      title: "Effective priority",
      about: "As it is advertised, with what trackers add.",
      type: "timeseries",
      targets: [
        {
          expr: `baton_instance_effective_priority{${OF}}`,
          legend: "{{vrrp_instance}} {{instance}}",
        },
      ],
    },
    {
      title: "Advertisements a second",
      about: "Sent by the owner, received by the others.",
      type: "timeseries",
      targets: [
        {
          expr: `sum by (instance) (rate(baton_advertisements_sent_total{${OF}}[${RATE}]))`,
          legend: "{{instance}} sent",
        },
        {
          expr: `sum by (instance) (rate(baton_advertisements_received_total{${OF}}[${RATE}]))`,
          legend: "{{instance}} received",
        },
      ],
    },
    {
      title: "Refused a second, by reason",
      about: "Advertisements that were not accepted; empty is good.",
      type: "timeseries",
      targets: [
        {
          expr: `sum by (instance, vrrp_instance, reason) (rate(baton_advertisements_refused_total{${OF}}[${RATE}]))`,
          legend: "{{vrrp_instance}} {{instance}}: {{reason}}",
        },
      ],
    },
    {
      title: "Jitter of received advertisements",
      about: "By how much the time between two of them differs from the interval.",
      type: "timeseries",
      unit: "s",
      targets: quantiles("baton_advertisement_jitter_seconds"),
    },
    {
      title: "Lateness of the engine",
      about: "How long after a deadline it woke.",
      type: "timeseries",
      unit: "s",
      targets: quantiles("baton_engine_lateness_seconds"),
    },
    {
      title: "What is left of the lease",
      about: "Of the owner: how long the kernel keeps the address if nothing prolongs it.",
      type: "timeseries",
      unit: "s",
      targets: [
        {
          expr: `baton_instance_lease_left_seconds{${OF}}`,
          legend: "{{vrrp_instance}} {{instance}}",
        },
      ],
    },
    {
      title: "Time until a backup takes over",
      about: "If no advertisement comes any more.",
      type: "timeseries",
      unit: "s",
      targets: [
        { expr: `baton_master_down_left_seconds{${OF}}`, legend: "{{vrrp_instance}} {{instance}}" },
      ],
    },
  ],
};

const ADDRESSES: Row = {
  title: "Addresses, peers and the cloud",
  panels: [
    {
      title: "Announcements a second",
      about: "Gratuitous ARP.",
      type: "timeseries",
      targets: [
        {
          expr: `sum by (instance, vrrp_instance) (rate(baton_announcements_sent_total{${OF}}[${RATE}]))`,
          legend: "{{vrrp_instance}} {{instance}}",
        },
      ],
    },
    {
      title: "Claims of others a second",
      about: "ARP frames in which another machine had an address of the owner; 0 is good.",
      type: "timeseries",
      targets: [
        {
          expr: `sum by (instance, vrrp_instance) (rate(baton_address_claims_total{${OF}}[${RATE}]))`,
          legend: "{{vrrp_instance}} {{instance}}",
        },
      ],
    },
    {
      title: "Since the last advertisement of a peer",
      about: "A backup sends none, so only masters are heard.",
      type: "timeseries",
      unit: "s",
      targets: [
        {
          expr: `time() - baton_peer_last_heard_timestamp_seconds{${OF}}`,
          legend: "{{vrrp_instance}} {{instance}} from {{peer}}",
        },
      ],
    },
    {
      title: "What the cloud says",
      about: "Only where it is asked.",
      type: "timeseries",
      targets: [
        {
          expr: `baton_cloud_agreement{${OF}} == 1`,
          legend: "{{address}} {{instance}}: {{state}}",
        },
      ],
    },
  ],
};

const PROGRAMS: Row = {
  title: "Checks, notify scripts and the daemon",
  panels: [
    {
      title: "Checks",
      about: "After rise and fall.",
      type: "state-timeline",
      values: { 0: ["fails", "red"], 1: ["good", "green"] },
      targets: [{ expr: `baton_check_up{${AT}}`, legend: "{{check}} {{instance}}" }],
    },
    {
      title: "How long checks take",
      about: "Median and 99 %.",
      type: "timeseries",
      unit: "s",
      targets: quantiles("baton_check_duration_seconds", ", check"),
    },
    {
      title: "Runs that did not succeed, a second",
      about: "Of checks and of notify scripts.",
      type: "timeseries",
      targets: [
        {
          expr: `sum by (instance, check, result) (rate(baton_check_runs_total{${AT},result!="succeeded"}[${RATE}]))`,
          legend: "{{instance}} {{check}}: {{result}}",
        },
        {
          expr: `sum by (instance, name, result) (rate(baton_notify_runs_total{${AT},result!="succeeded"}[${RATE}]))`,
          legend: "{{instance}} notify {{name}}: {{result}}",
        },
      ],
    },
    {
      title: "Log lines and events lost",
      about: "Since the daemon's start; 0 is good.",
      type: "timeseries",
      targets: [
        { expr: `baton_log_lines_lost_total{${AT}}`, legend: "{{instance}} log lines" },
        { expr: `baton_events_lost_total{${AT}}`, legend: "{{instance}} events" },
      ],
    },
    {
      title: "Versions",
      about: "Of Baton and of Node.js on each node.",
      type: "table",
      width: 24,
      height: 5,
      targets: [{ expr: `baton_build_info{${AT}}`, legend: "{{instance}}" }],
    },
  ],
};

const ROWS = [OVERVIEW, PROTOCOL, ADDRESSES, PROGRAMS];

export const EXPRESSIONS: readonly string[] = ROWS.flatMap(({ panels }) =>
  panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
);

const SOURCE = { type: "prometheus", uid: "$datasource" };
const GRID = 24;

function panelJson(panel: Panel, id: number, place: { x: number; y: number }): object {
  const { width = GRID / 2, height = 8, values, badFromOne, type } = panel;
  const mappings =
    values === undefined
      ? []
      : [
          {
            type: "value",
            options: Object.fromEntries(
              Object.entries(values).map(([key, [text, color]], index) => [
                key,
                { text, color, index },
              ]),
            ),
          },
        ];
  const steps = [
    { color: "green", value: null },
    ...(badFromOne === undefined ? [] : [{ color: badFromOne, value: 1 }]),
  ];
  return {
    id,
    type,
    title: panel.title,
    description: panel.about,
    datasource: SOURCE,
    gridPos: { h: height, w: width, ...place },
    fieldConfig: {
      defaults: {
        unit: panel.unit ?? "short",
        mappings,
        thresholds: { mode: "absolute", steps },
        ...(type === "stat" && { color: { mode: "thresholds" }, decimals: 0 }),
        ...(type === "timeseries" && { custom: { fillOpacity: 8, showPoints: "never" } }),
      },
      overrides: [],
    },
    options: optionsOf(type),
    targets: panel.targets.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: SOURCE,
      expr,
      legendFormat: legend,
      ...(type === "table" && { instant: true, format: "table" }),
    })),
  };
}

function optionsOf(type: Panel["type"]): object {
  switch (type) {
    case "stat":
      return { colorMode: "background", reduceOptions: { calcs: ["lastNotNull"] } };
    case "timeseries":
      return { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi" } };
    case "state-timeline":
      return { mergeValues: true, showValue: "auto" };
    case "table":
      return {};
  }
}

function variable(name: string, label: string, of: string): object {
  return {
    name,
    label,
    type: "query",
    datasource: SOURCE,
    query: { query: of, refId: name },
    definition: of,
    includeAll: true,
    multi: true,
    refresh: 2,
    current: { text: "All", value: "$__all" },
  };
}

export function printDashboard(): string {
  const panels: object[] = [];
  let id = 1;
  let y = 0;
  for (const row of ROWS) {
    panels.push({
      id: id++,
      type: "row",
      title: row.title,
      collapsed: false,
      gridPos: { h: 1, w: GRID, x: 0, y },
      panels: [],
    });
    y += 1;
    let x = 0;
    let tallest = 0;
    for (const panel of row.panels) {
      const { width = GRID / 2, height = 8 } = panel;
      if (x + width > GRID) {
        x = 0;
        y += tallest;
        tallest = 0;
      }
      panels.push(panelJson(panel, id++, { x, y }));
      x += width;
      tallest = Math.max(tallest, height);
    }
    y += tallest;
  }
  const dashboard = {
    uid: "baton-vrrp",
    title: "Baton",
    description: "Who owns which virtual address, and why it changed. Made from Baton's metrics.",
    tags: ["baton", "vrrp"],
    schemaVersion: 38,
    editable: true,
    graphTooltip: 1,
    refresh: "10s",
    time: { from: "now-1h", to: "now" },
    templating: {
      list: [
        { name: "datasource", label: "Data source", type: "datasource", query: "prometheus" },
        variable("job", "Job", "label_values(baton_up, job)"),
        variable("node", "Node", 'label_values(baton_up{job=~"$job"}, instance)'),
        variable(
          "vrrp_instance",
          "Instance",
          `label_values(baton_instance_state{${AT}}, vrrp_instance)`,
        ),
      ],
    },
    annotations: {
      list: [
        {
          name: "Take-overs",
          datasource: SOURCE,
          enable: true,
          iconColor: "orange",
          expr: `increase(baton_become_master_total{${OF}}[${RATE}]) > 0`,
          titleFormat: "{{vrrp_instance}} to {{instance}}",
        },
      ],
    },
    panels,
  };
  return `${JSON.stringify(dashboard, undefined, 2)}\n`;
}
