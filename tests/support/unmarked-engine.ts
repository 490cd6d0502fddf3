/** The engine as on a kernel without IFA_PROTO; see unmarked-baton.ts. */

import { keepStops } from "#daemon/signals";
import { openRtnetlink } from "#linux/rtnetlink";

keepStops();
const { main } = await import("#daemon/engine-main");
main(() => openRtnetlink({ marks: false }));
