import "../styles/embed.css";
import { exposeHandle } from "../player/handle";
import { find } from "../ui/dom";
import { readAddress } from "../watch/address";
import { Stage } from "../watch/stage";

const sealed = document.querySelector<HTMLMetaElement>("meta[name=playback-token]")?.content;
const address = readAddress(location.href);
const stage = new Stage(find("#stage"), { ...address, token: sealed ?? address.token }, (video) => {
  document.title = `${video.title} · Matinee`;
});
exposeHandle(stage);
void stage.start();
