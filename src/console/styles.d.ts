/** Style sheets are collected by the build; they export nothing. */
declare module "*.css";

/** Vite's: the texts of these files, in the file that asks for them. */
interface ImportMeta {
  glob<Content>(
    pattern: string,
    options: { readonly query: "?raw"; readonly import: "default"; readonly eager: true },
  ): Readonly<Record<string, Content>>;
}
