import type { Plugin } from "vite";

const ROUTES: [RegExp, string][] = [
  [/^\/watch\/[^/]+$/, "/watch.html"],
  [/^\/(@|channel\/)[^/]+$/, "/channel.html"],
  [/^\/subscriptions$/, "/subscriptions.html"],
  [/^\/search$/, "/search.html"],
  [/^\/embed\/[^/]+$/, "/embed.html"],
  [/^\/reset-password$/, "/reset-password.html"],
  [/^\/verify-email$/, "/verify-email.html"],
  [/^\/register$/, "/index.html"],
  [/^\/join$/, "/join.html"],
  [/^\/documentation\/?$/, "/documentation.html"],
  [/^\/administration\/?$/, "/administration.html"],
];

/** The page file that answers a path, or the path itself: the same table as the server's. */
export function pageFor(path: string): string {
  return ROUTES.find(([pattern]) => pattern.test(path))?.[1] ?? path;
}

/** Makes Vite's development server answer `/watch/{id}` and its siblings as the real server does. */
export function pageRoutes(): Plugin {
  return {
    name: "matinee:page-routes",
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        const url = new URL(request.url ?? "/", "http://page");
        request.url = pageFor(url.pathname) + url.search;
        next();
      });
    },
  };
}
