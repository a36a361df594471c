/** Icons drawn on a 24 × 24 grid; filled shapes, coloured by the text around them. */
const PATHS = {
  play: "M8 5.2v13.6c0 .8.9 1.3 1.6.8l10.3-6.8c.6-.4.6-1.2 0-1.6L9.6 4.4C8.9 3.9 8 4.4 8 5.2z",
  pause: "M7 4.5h3.2v15H7zM13.8 4.5H17v15h-3.2z",
  replay: "M12 5V1.8L7.2 6.4 12 11V7.6a5.6 5.6 0 1 1-5.6 5.6H3.8A8.2 8.2 0 1 0 12 5z",
  volume:
    "M4 9.2v5.6h3.6l4.9 4.4V4.8L7.6 9.2zM15 8.3v7.4a4.3 4.3 0 0 0 0-7.4zM15 4.6v2.1a5.7 5.7 0 0 1 0 10.6v2.1a7.7 7.7 0 0 0 0-14.8z",
  muted:
    "M4 9.2v5.6h3.6l4.9 4.4V4.8L7.6 9.2zM21 9.8 19.6 8.4l-2.3 2.2L15 8.4l-1.4 1.4 2.3 2.2-2.3 2.2 1.4 1.4 2.3-2.2 2.3 2.2 1.4-1.4-2.3-2.2z",
  fullscreen: "M4 4h6v2.2H6.2V10H4zM14 4h6v6h-2.2V6.2H14zM4 14h2.2v3.8H10V20H4zM17.8 14H20v6h-6v-2.2h3.8z",
  windowed: "M7.8 4H10v6H4V7.8h3.8zM14 4h2.2v3.8H20V10h-6zM4 14h6v6H7.8v-3.8H4zM14 14h6v2.2h-3.8V20H14z",
  pip: "M3 5h18v14H3zm2 2v10h14V7zm6.5 4.5H18V16h-6.5z",
  captions:
    "M3 5h18v14H3zm2 2v10h14V7zm6 3.6v1.1H9.4v-.4H8v1.9h1.4v-.4H11v1.1c0 .4-.3.7-.7.7H7c-.4 0-.7-.3-.7-.7v-3.3c0-.4.3-.7.7-.7h3.3c.4 0 .7.3.7.7zm6.7 0v1.1h-1.6v-.4h-1.4v1.9h1.4v-.4h1.6v1.1c0 .4-.3.7-.7.7h-3.3c-.4 0-.7-.3-.7-.7v-3.3c0-.4.3-.7.7-.7H17c.4 0 .7.3.7.7z",
  sounds:
    "M12 3.2a8.8 8.8 0 0 0-8.8 8.8v5.8c0 1.3 1 2.3 2.3 2.3H8.6v-7.4H5.4V12a6.6 6.6 0 0 1 13.2 0v.7h-3.2v7.4h3.1c1.3 0 2.3-1 2.3-2.3V12A8.8 8.8 0 0 0 12 3.2z",
  chapters:
    "M4 6h2.4v2.4H4zm4.6 0H20v2.4H8.6zM4 10.8h2.4v2.4H4zm4.6 0H20v2.4H8.6zM4 15.6h2.4V18H4zm4.6 0H20V18H8.6z",
  check: "M9.6 17.2 4.4 12l1.6-1.6 3.6 3.6 8.4-8.4L19.6 7.2z",
  heart: "M12 20.4 4.3 12.9a4.9 4.9 0 0 1 0-7 5 5 0 0 1 7 0l.7.7.7-.7a5 5 0 0 1 7 0 4.9 4.9 0 0 1 0 7z",
  help: "M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19zm0 15.7a1.3 1.3 0 1 1 0-2.6 1.3 1.3 0 0 1 0 2.6zm1.1-4.6h-2.2c0-3 2.7-3 2.7-4.8a1.6 1.6 0 0 0-3.2 0H8.2a3.8 3.8 0 0 1 7.6 0c0 2.5-2.7 2.7-2.7 4.8z",
  close: "m6.4 5 5.6 5.6L17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4z",
  film: "M3 4.5h18v15H3zm2 2v2h2v-2zm0 4.5v2h2v-2zm0 4.5v2h2v-2zM17 6.5v2h2v-2zm0 4.5v2h2v-2zm0 4.5v2h2v-2zM9 6.5v4.6h6V6.5zm0 6.4v4.6h6v-4.6z",
  download: "M10.9 3.5h2.2v8.7l3.3-3.3L18 10.5l-6 6-6-6 1.6-1.6 3.3 3.3zM4 18.3h16v2.2H4z",
  upload: "M12 3.5 6 9.5l1.6 1.6 3.3-3.3v8.7h2.2V7.8l3.3 3.3L18 9.5zM4 18.3h16v2.2H4z",
  lock: "M7 10V7.5a5 5 0 0 1 10 0V10h1.5v10.5h-13V10zm2.2 0h5.6V7.5a2.8 2.8 0 0 0-5.6 0z",
  alert: "M12 3 1.8 20.5h20.4zm-1 6.5h2v5.6h-2zm0 7h2v2h-2z",
  offline:
    "M3.6 2.4 2.2 3.8l3.5 3.5A15 15 0 0 0 1.5 10l1.7 1.7a12.6 12.6 0 0 1 4.4-2.5l2 2A9.8 9.8 0 0 0 5 13.6l1.8 1.8a7.3 7.3 0 0 1 5.1-2.1L20.2 21.6l1.4-1.4zM12 5.5c-.8 0-1.6.1-2.4.2l2.2 2.2H12a12.4 12.4 0 0 1 8.8 3.7l1.7-1.7A14.8 14.8 0 0 0 12 5.5zM12 17l-2.2 2.2L12 21.4l2.2-2.2z",
  link: "M10.6 13.4a1 1 0 0 0 1.4 0l4.7-4.7a2.3 2.3 0 0 0-3.2-3.2L12.1 6.9l-1.4-1.4 1.4-1.4a4.3 4.3 0 0 1 6 6L13.4 14.8a3 3 0 0 1-4.2 0zm2.8-2.8a1 1 0 0 0-1.4 0l-4.7 4.7a2.3 2.3 0 0 0 3.2 3.2l1.4-1.4 1.4 1.4-1.4 1.4a4.3 4.3 0 0 1-6-6l4.7-4.7a3 3 0 0 1 4.2 0z",
  thumbUp:
    "M3 10.5h4v9.8H3zm5.6 9V10.9l4.1-7.6c1.6 0 2.6 1.2 2.3 2.8l-.7 3.6h4.9c1.3 0 2.2 1.2 1.9 2.5l-1.5 6.3c-.3 1-1.1 1.8-2.2 1.8h-6.7c-.8 0-1.5-.3-2.1-.8z",
  thumbDown:
    "M3 13.5h4V3.7H3zm5.6-9v8.6l4.1 7.6c1.6 0 2.6-1.2 2.3-2.8l-.7-3.6h4.9c1.3 0 2.2-1.2 1.9-2.5l-1.5-6.3c-.3-1-1.1-1.8-2.2-1.8h-6.7c-.8 0-1.5.3-2.1.8z",
  theme: "M12 3a9 9 0 1 0 9 9 7 7 0 0 1-9-9z",
} as const;

export type IconName = keyof typeof PATHS;

const SVG = "http://www.w3.org/2000/svg";

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", PATHS[name]);
  path.setAttribute("fill-rule", "evenodd");
  svg.append(path);
  return svg;
}
