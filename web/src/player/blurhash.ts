/** BlurHash (https://blurha.sh): a picture in some thirty characters, blurred, to be shown until the real one is there. */

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";

type Colour = [number, number, number];

/** The RGBA pixels of a hash, or null where it is none. */
export function decodeBlurhash(hash: string, width: number, height: number): Uint8ClampedArray | null {
  const size = base83(hash.slice(0, 1));
  const columns = (size % 9) + 1;
  const rows = Math.floor(size / 9) + 1;
  if (size < 0 || hash.length !== 4 + 2 * columns * rows || base83(hash) < 0) return null;
  const scale = (base83(hash.slice(1, 2)) + 1) / 166;
  const waves = [average(base83(hash.slice(2, 6)))];
  for (let at = 6; at < hash.length; at += 2) waves.push(wave(base83(hash.slice(at, at + 2)), scale));

  const pixels = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour: Colour = [0, 0, 0];
      waves.forEach((part, index) => {
        const across = Math.cos((Math.PI * x * (index % columns)) / width);
        const weight = across * Math.cos((Math.PI * y * Math.floor(index / columns)) / height);
        for (const channel of [0, 1, 2] as const) colour[channel] += part[channel] * weight;
      });
      pixels.set([...colour.map(toSrgb), 255], 4 * (y * width + x));
    }
  }
  return pixels;
}

/** A CSS image of a hash in the shape of the real picture, or null where there is none to paint. */
export function blurhashImage(hash: string | null | undefined, aspect: number): string | null {
  const longer = 32; // more pixels would not show
  const width = Math.max(1, Math.round(Math.min(longer, longer * aspect)));
  const height = Math.max(1, Math.round(Math.min(longer, longer / aspect)));
  const pixels = hash ? decodeBlurhash(hash, width, height) : null;
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  if (!pixels || !context) return null;
  canvas.width = width;
  canvas.height = height;
  const image = context.createImageData(width, height);
  image.data.set(pixels);
  context.putImageData(image, 0, 0);
  return `url(${canvas.toDataURL()})`;
}

/** The number, or -1 where a character is no digit. */
function base83(text: string): number {
  let value = 0;
  for (const character of text) {
    const digit = DIGITS.indexOf(character);
    if (digit < 0) return -1;
    value = value * 83 + digit;
  }
  return text === "" ? -1 : value;
}

function average(packed: number): Colour {
  return [toLinear(packed >> 16), toLinear((packed >> 8) & 255), toLinear(packed & 255)];
}

function wave(packed: number, scale: number): Colour {
  const part = (level: number) => Math.sign(level - 9) * ((level - 9) / 9) ** 2 * scale;
  return [part(Math.floor(packed / 361)), part(Math.floor(packed / 19) % 19), part(packed % 19)];
}

function toLinear(value: number): number {
  const share = value / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

function toSrgb(linear: number): number {
  const value = Math.min(1, Math.max(0, linear));
  return Math.round(255 * (value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055));
}
