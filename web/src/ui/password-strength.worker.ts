import { judge } from "./password-strength";

addEventListener("message", ({ data }: MessageEvent<Parameters<typeof judge>>) => {
  postMessage([data[0], judge(...data)]);
});
