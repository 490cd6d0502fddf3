/** The engine as on a kernel without IFA_PROTO; see unmarked-baton.ts. */
import { openRtnetlink } from "#linux/rtnetlink";
import { keepStops } from "../../apps/daemon/signals.ts";

keepStops();
const { main } = await import("../../apps/daemon/engine-main.ts");
main(() => openRtnetlink({ marks: false }));
