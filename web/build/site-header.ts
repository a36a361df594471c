import { readFile } from "node:fs/promises";
import type { Plugin } from "vite";

const FILE = new URL("../src/ui/site-header.html", import.meta.url);

/** Puts the site's header into every page that says `<site-header />`: it is there before any script runs. */
export function siteHeader(): Plugin {
  return {
    name: "matinee:site-header",
    transformIndexHtml: {
      order: "pre", // Vite has the addresses in it still to resolve
      async handler(page) {
        const header = (await readFile(FILE, "utf8")).trimEnd();
        return page.replace("<site-header />", () => header);
      },
    },
  };
}
