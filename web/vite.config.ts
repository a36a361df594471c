import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { pageRoutes } from "./build/page-routes.ts";
import { precompress } from "./build/precompress.ts";
import { siteHeader } from "./build/site-header.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// `npm run dev` serves the pages with live reload in front of a running `matinee dev`.
const api = process.env.MATINEE_URL ?? "http://127.0.0.1:3000";

export default defineConfig({
  plugins: [pageRoutes(), siteHeader(), precompress()],
  server: {
    host: "127.0.0.1",
    proxy: Object.fromEntries(["/api", "/playback", "/openapi.json"].map((path) => [path, api])),
  },
  build: {
    outDir: here("../src/matinee/web"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // a data: address would need a wider content security policy
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1600, // Swagger UI and shaka-player are large and loaded only where they are used
    rolldownOptions: {
      input: [
        "index.html",
        "watch.html",
        "channel.html",
        "subscriptions.html",
        "search.html",
        "embed.html",
        "documentation.html",
        "administration.html",
        "reset-password.html",
        "verify-email.html",
        "join.html",
      ].map(here),
      // hls.js changes seldom: apart from our code it stays in the browser's cache.
      output: { codeSplitting: { groups: [{ name: "hls", test: /node_modules\/hls\.js/ }] } },
      checks: { pluginTimings: false },
    },
  },
});
