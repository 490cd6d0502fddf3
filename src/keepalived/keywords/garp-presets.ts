/**
 * `garp_preset NAME`: announcements for a kind of network in one word. Only defaults: what is
 * written in its own keyword, in the instance or in `global_defs`, counts before it.
 *
 *   keepalived  its defaults: five frames at once, five more after 5 s, then none
 *   lan         a switch that learns at once: two frames, two more after 1 s, one a minute for
 *               caches that aged or moved
 *   cloud       a network that limits gratuitous ARP and may miss some: the vendors' values (one
 *               frame, one more after 1 s, one every 5 s), and several addresses one after the
 *               other, at two frames a second
 */

export const GARP_PRESETS = ["cloud", "lan", "keepalived"] as const;
export type GarpPresetName = (typeof GARP_PRESETS)[number];

export interface GarpPreset {
  readonly name: GarpPresetName;
  /** Values of the keywords of the same names, in their units. */
  readonly garp_master_delay: number;
  readonly garp_master_repeat: number;
  readonly garp_master_refresh: number;
  /** Undefined: no limit. */
  readonly garp_rate: readonly [burst: number, perSecond: number] | undefined;
}

const PRESETS: readonly GarpPreset[] = [
  {
    name: "cloud",
    garp_master_delay: 1,
    garp_master_repeat: 1,
    garp_master_refresh: 5,
    garp_rate: [2, 2],
  },
  {
    name: "lan",
    garp_master_delay: 1,
    garp_master_repeat: 2,
    garp_master_refresh: 60,
    garp_rate: undefined,
  },
  {
    name: "keepalived",
    garp_master_delay: 5,
    garp_master_repeat: 5,
    garp_master_refresh: 0,
    garp_rate: undefined,
  },
];

export const findGarpPreset = (name: string | undefined): GarpPreset | undefined =>
  PRESETS.find((preset) => preset.name === name);
