/** Line icons of 24 × 24. They repeat what a word beside them says, so readers do not hear them. */
import type { JSX } from "preact";

const SHAPES = {
  cluster: "M12 3v6M12 9 5.5 15M12 9l6.5 6M12 3.5h.01M3 15h5v5H3zM16 15h5v5h-5zM9.5 3h5v4h-5z",
  timeline: "M4 5v14M4 8h10M4 13h16M4 18h7M14 6.5v3M20 11.5v3M11 16.5v3",
  havip: "M7 18a4.5 4.5 0 0 1-.6-8.96 6 6 0 0 1 11.4 1.5A3.8 3.8 0 0 1 17.5 18z",
  check: "M9 11.5l2.5 2.5L20 5.5M20 12v6a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2h9",
  lab: "M9.5 3h5M10.5 3v6L5 18.4A1.7 1.7 0 0 0 6.5 21h11a1.7 1.7 0 0 0 1.5-2.6L13.5 9V3M7.7 14.5h8.6",
  drill:
    "M12 21a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 9v4.2l2.6 1.6M9.5 2.5h5M12 2.5V5M18.6 5.9l1.4 1.4",
  switch: "M4 8h14M14.5 4.5 18 8l-3.5 3.5M20 16H6M9.5 12.5 6 16l3.5 3.5",
  maintenance:
    "M14.7 6.3a4 4 0 0 0-5.3 5.1L3.8 17a1.9 1.9 0 0 0 2.7 2.7L12 14.2a4 4 0 0 0 5.3-5.2l-2.5 2.5-2.3-.4-.4-2.3z",
  external: "M13 4h7v7M20 4l-9 9M17 14v4a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2h4",
  download: "M12 4v11M7.5 11 12 15.5 16.5 11M4 19.5h16",
  refresh:
    "M20 11a8 8 0 0 0-14.3-4L4 8.8M4 4v4.8h4.8M4 13a8 8 0 0 0 14.3 4l1.7-1.8M20 20v-4.8h-4.8",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5 20 20",
  close: "M6 6l12 12M18 6 6 18",
  sun: "M12 16.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM12 2v2M12 20v2M2 12h2M20 12h2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z",
  system: "M4 5h16v11H4zM9 20h6M12 16v4",
  good: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8 12.3l2.8 2.7L16 9.5",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 7.8v.2",
  warning: "M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.2",
  bad: "M8 3h8l5 5v8l-5 5H8l-5-5V8zM12 8v5M12 16v.2",
  down: "M6 9l6 6 6-6",
  right: "M9 6l6 6-6 6",
  plus: "M12 5v14M5 12h14",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7L12 6.3M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.7l1-1",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  play: "M7 4.5v15l12-7.5z",
  stop: "M6 6h12v12H6z",
} as const;

export type IconName = keyof typeof SHAPES;

export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={SHAPES[name]} />
    </svg>
  );
}

export function Logo(): JSX.Element {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#2456c7" />
      <path d="M9 23 23 9" stroke="#fff" stroke-width="5" stroke-linecap="round" />
      <circle cx="9" cy="23" r="4.2" fill="#8fb4ff" />
    </svg>
  );
}
