// The uploaders of the open web, each sending the file that the page's input holds; they resolve when it is there.
const { Tus, Uppy, tus, UpChunk } = window;
const endpoint = (base) => `${base}/api/v1/uploads`;
const chosen = () => document.querySelector("input").files[0];

window.uploaders = {
  tus(base, authorization, options = {}) {
    return new Promise((resolve, reject) => {
      const file = chosen();
      const upload = new tus.Upload(file, {
        endpoint: endpoint(base),
        headers: { Authorization: authorization },
        metadata: { filename: file.name, filetype: file.type },
        retryDelays: [0, 100, 500],
        onError: reject,
        onSuccess: () => resolve(upload.url),
        ...options,
      });
      upload.start();
    });
  },

  // Stops in the middle, as who closes the page does, and goes on with another object.
  async tusTwice(base, authorization) {
    const file = chosen();
    const first = await new Promise((resolve, reject) => {
      const upload = new tus.Upload(file, {
        endpoint: endpoint(base),
        headers: { Authorization: authorization },
        metadata: { filename: file.name },
        chunkSize: 3_000_000,
        onError: reject,
        onChunkComplete: () => upload.abort().then(() => resolve(upload.url)),
      });
      upload.start();
    });
    return this.tus(base, authorization, { uploadUrl: first });
  },

  async uppy(base, authorization, options = {}) {
    const headers = { Authorization: authorization };
    const uppy = new Uppy({ debug: true }).use(Tus, { endpoint: endpoint(base), headers, ...options });
    const file = chosen();
    uppy.addFile({ name: file.name, type: file.type, data: file });
    const { successful, failed } = await uppy.upload();
    if (failed.length) throw new Error(failed[0].error);
    return successful[0].uploadURL;
  },

  upchunk(url) {
    return new Promise((resolve, reject) => {
      const upload = UpChunk.createUpload({ endpoint: url, file: chosen(), chunkSize: 5120 });
      upload.on("error", (event) => reject(new Error(event.detail.message)));
      upload.on("success", () => resolve(url));
    });
  },
};
