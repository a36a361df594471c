import type { Engine, EngineListener, Source } from "./engine";
import { HlsEngine, hlsIsSupported } from "./hls-engine";
import { NativeEngine } from "./native-engine";

export type EngineChoice = "hls" | "dash";

/** The engine that was asked for, or the best that this browser has; null if it can play neither. */
export async function chooseEngine(
  choice: EngineChoice,
  video: HTMLVideoElement,
  source: Source,
  listener: EngineListener,
): Promise<Engine | null> {
  if (choice === "dash" && source.dash) {
    const { DashEngine } = await import("./dash-engine");
    return new DashEngine(video, source, source.dash, listener);
  }
  if (hlsIsSupported()) return new HlsEngine(video, source, listener);
  if (NativeEngine.isSupported(video)) return new NativeEngine(video, source, listener);
  return null;
}
