/** Every page of docs/codes, in one file that is fetched when the first of them is opened. */
const PAGES = import.meta.glob<string>("../../../../docs/codes/*.md", {
  query: "?raw",
  import: "default",
  eager: true,
});

export const pageOf = (code: string): string | undefined =>
  PAGES[`../../../../docs/codes/${code}.md`];
