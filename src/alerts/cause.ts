/**
 * An event to the causes it says something about. One cause is one alert, so events that follow
 * from another one (a member of a sync group in FAULT because of the group) have none of their own.
 */
import type { EventKind, EventSeverity, Unnumbered, UnnumberedOf } from "#events/record";

export interface Sign {
  /** Of an end it may be the beginning of several, up to a `/`. */
  readonly cause: string;
  /** What `on` calls it. */
  readonly kind: EventKind | "fault";
  /** `moment`: it has no end. `noise`: a moment that may come back all day, and is then counted. */
  readonly phase: "begins" | "ends" | "moment" | "noise";
  readonly severity: EventSeverity;
}

type Of<K extends EventKind> = UnnumberedOf<K>;

/** None: nothing that an alert could be about. */
export function signsOf(event: Unnumbered): readonly Sign[] {
  const { kind, severity } = event;
  const about = event.instance ?? event.group ?? "";
  const one = (phase: Sign["phase"], subject = about): readonly Sign[] => [
    { cause: subject === "" ? kind : `${kind}/${subject}`, kind, phase, severity },
  ];
  switch (event.kind) {
    case "state":
      return stateSigns(event, about);
    case "group":
      // The member that failed has an alert of its own.
      return one("moment").map((sign) => ({ ...sign, severity: "info" }));
    case "check":
      return one(event.data.result === "down" ? "begins" : "ends", event.data.script);
    case "reload":
      return one(event.data.outcome === "refused" ? "begins" : "ends", "");
    case "conflict":
      return conflictSigns(event, one);
    case "cloud":
      return one(
        event.data.platform === "agrees" ? "ends" : "begins",
        `${about}/${event.data.address}`,
      );
    case "engine":
      return one(enginePhase(event.data.what), "");
    case "maintenance":
      return one(event.data.on ? "begins" : "ends", "");
    case "notify":
      return one("noise", `${about}/${event.data.command[0] ?? ""}`);
    case "daemon":
      return one("moment", event.data.what);
    case "operator":
      return one("moment", event.data.action);
    case "priority":
    case "announcement":
    case "stall":
      return one("noise");
    case "gate":
      return gateSigns(event, about);
    case "alert":
      return [];
  }
}

/** A promotion or demotion that failed lasts until one succeeds; not to be eligible lasts too. */
function gateSigns({ data, kind, severity }: Of<"gate">, unit: string): readonly Sign[] {
  const { what, outcome } = data;
  const sign = (phase: Sign["phase"]): readonly Sign[] => [
    { cause: `${kind}/${unit}/${what}`, kind, phase, severity },
  ];
  switch (what) {
    case "promote":
    case "demote":
      if (outcome === "ended") return [];
      return sign(outcome === "done" ? "ends" : "begins");
    case "eligible":
      return sign(data["eligible"] === true ? "ends" : "begins");
    case "rejoin":
      return outcome === "done" ? [] : sign("noise");
    case "proved":
    case "takeover-refused":
    case "data-compared":
      return sign("moment");
  }
}

/** FAULT lasts until it is left; any other change is a moment. */
function stateSigns(event: Of<"state">, instance: string): readonly Sign[] {
  const { from, to, reason } = event.data;
  const { kind } = event;
  const fault = { cause: `fault/${instance}`, kind: "fault", severity: "error" } as const;
  const signs: Sign[] = [];
  if (from === "FAULT") signs.push({ ...fault, phase: "ends" });
  // Only an owner can be contradicted.
  if (from === "MASTER")
    for (const other of ["cloud", "conflict"] as const)
      signs.push({ cause: `${other}/${instance}/`, kind: other, phase: "ends", severity: "info" });
  // The group's other members follow the one that has the alert.
  if (reason.kind === "group") return signs;
  if (to === "FAULT") return [...signs, { ...fault, phase: "begins" }];
  // Nobody was there when it started.
  const isStart = reason.kind === "master-down" && reason.lastHeard === undefined;
  const severity = isStart ? "info" : event.severity;
  return [...signs, { cause: `state/${instance}`, kind, phase: "moment", severity }];
}

function conflictSigns(
  event: Of<"conflict">,
  one: (phase: Sign["phase"], subject: string) => readonly Sign[],
): readonly Sign[] {
  const about = event.instance ?? "";
  const { report } = event.data;
  if (report === "claims-ended") return one("ends", `${about}/address-claimed`);
  return one(report === "address-claimed" ? "begins" : "noise", `${about}/${report}`);
}

function enginePhase(what: Of<"engine">["data"]["what"]): Sign["phase"] {
  switch (what) {
    case "ended":
    case "unresponsive":
      return "begins";
    case "started":
    case "answers":
      return "ends";
    case "handed-over":
    case "other":
      return "moment";
  }
}
