import "../styles/embed.css";
import { exposeHandle } from "../player/handle";
import { find } from "../ui/dom";
import { readAddress } from "../watch/address";
import { Stage } from "../watch/stage";

const stage = new Stage(find("#stage"), readAddress(location.href), (video) => {
  document.title = `${video.title} · Matinee`;
});
exposeHandle(stage);
void stage.start();
