/** The page's beginning. */
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/frame.css";
import "./base/theme.ts";
import { render } from "preact";
import { startSession } from "./base/session.ts";
import { Frame } from "./frame.tsx";

const place = document.getElementById("app");
if (place !== null) {
  render(<Frame />, place);
  void startSession();
}
