// Three players as their makers publish them, behind one small face: what a viewer does with any of them.
// Loaded into an empty page by test_players.py, which sets `matinee.video` beforehand.

const levelsByHeight = (levels) => [...levels].sort((one, other) => one.height - other.height);

const PLAYERS = {
  async "hls.js"(video, folder) {
    const drmSystems = { "org.w3.clearkey": { licenseUrl: `${folder}/licence` } };
    const hls = new window.Hls({ capLevelToPlayerSize: false, startLevel: 0, emeEnabled: true, drmSystems });
    hls.loadSource(`${folder}/master.m3u8`);
    hls.attachMedia(video);
    await new Promise((resolve, reject) => {
      hls.once(window.Hls.Events.MANIFEST_PARSED, resolve);
      hls.once(window.Hls.Events.ERROR, (_, error) => reject(new Error(error.details)));
    });
    hls.on(window.Hls.Events.ERROR, (_, error) => error.fatal && matinee.faults.push(error.details));
    return {
      heights: () => levelsByHeight(hls.levels).map((level) => level.height),
      setHeight: (height) => {
        hls.nextLevel = hls.levels.findIndex((level) => level.height === height);
      },
      languages: () => hls.audioTracks.map((track) => track.lang),
      setLanguage: (language) => {
        hls.audioTrack = hls.audioTracks.findIndex((track) => track.lang === language);
      },
      setText: (language) => {
        hls.subtitleTrack = hls.subtitleTracks.findIndex((track) => track.lang === language);
        hls.subtitleDisplay = true;
      },
    };
  },

  async "shaka-player"(video, folder) {
    window.shaka.polyfill.installAll();
    const player = new window.shaka.Player();
    player.addEventListener("error", (event) => matinee.faults.push(`shaka ${event.detail.code}`));
    await player.attach(video);
    player.setVideoContainer(document.querySelector("#words"));
    player.configure({ abr: { enabled: false }, streaming: { retryParameters: { maxAttempts: 5, timeout: 30000 } } });
    player.configure({ drm: { servers: { "org.w3.clearkey": `${folder}/licence` } } });
    await player.load(`${folder}/manifest.mpd`);
    const variants = () => player.getVariantTracks().filter((track) => track.language === language());
    const language = () => player.getVariantTracks().find((track) => track.active).language;
    return {
      heights: () => levelsByHeight(variants()).map((track) => track.height),
      setHeight: (height) => player.selectVariantTrack(variants().find((track) => track.height === height), true),
      languages: () => [...new Set(player.getVariantTracks().map((track) => track.language))],
      setLanguage: (wanted) =>
        player.selectAudioTrack(player.getAudioTracks().find((track) => track.language === wanted)),
      setText: (wanted) => player.selectTextTrack(player.getTextTracks().find((track) => track.language === wanted)),
    };
  },

  async "dash.js"(video, folder) {
    const player = window.dashjs.MediaPlayer().create();
    player.updateSettings({ streaming: { abr: { autoSwitchBitrate: { video: false } } } });
    player.on("error", (event) => matinee.faults.push(`dash.js ${event.error.code ?? event.error}`));
    await new Promise((resolve) => {
      player.on("streamInitialized", resolve);
      player.setProtectionData({ "org.w3.clearkey": { serverURL: `${folder}/licence` } });
      player.initialize(video, `${folder}/manifest.mpd`, false);
    });
    const qualities = () => player.getRepresentationsByType("video");
    return {
      heights: () => levelsByHeight(qualities()).map((quality) => quality.height),
      setHeight: (height) =>
        player.setRepresentationForTypeById("video", qualities().find((quality) => quality.height === height).id, true),
      languages: () => player.getTracksFor("audio").map((track) => track.lang),
      setLanguage: (language) =>
        player.setCurrentTrack(player.getTracksFor("audio").find((track) => track.lang === language)),
      setText: (language) =>
        player.setTextTrack(player.getTracksFor("text").findIndex((track) => track.lang === language)),
    };
  },
};

window.matinee = {
  faults: [],
  video: document.querySelector("video"),
  seek(seconds) {
    this.video.currentTime = seconds;
  },
  async open(name, folder) {
    Object.assign(this, await PLAYERS[name](this.video, folder));
    this.video.muted = true;
    await this.video.play();
  },
  // The words that a viewer could read now, wherever the player draws them.
  words() {
    const cues = [...this.video.textTracks].flatMap((track) =>
      track.mode === "disabled" ? [] : [...(track.activeCues ?? [])].map((cue) => cue.text),
    );
    return [...cues, document.querySelector("#words").innerText].join(" ").trim();
  },
};
