// QR codes out of pictures, with zxing compiled to WebAssembly and served by ourselves.

import { prepareZXingModule, readBarcodes, type ReaderOptions } from "zxing-wasm/reader";
import wasmUrl from "zxing-wasm/reader/zxing_reader.wasm";
import { CameraProblem } from "./problems";

const options: ReaderOptions = { formats: ["QRCode"], maxNumberOfSymbols: 1, tryHarder: true, tryInvert: true, tryRotate: true, tryDownscale: true };
const cropSide = 640;
const frameSide = 960;

let ready: Promise<void> | undefined;

/** Load the decoder, once. Throws CameraProblem when it cannot be had. */
export function prepareDecoder(): Promise<void> {
  const locateFile = (path: string, prefix: string): string => (path.endsWith(".wasm") ? wasmUrl : prefix + path);
  ready ??= prepareZXingModule({ overrides: { locateFile }, fireImmediately: true }).then(
    () => undefined,
    (error: unknown) => {
      ready = undefined;
      throw new CameraProblem("decoder", error);
    },
  );
  return ready;
}

/** Reads one picture after another: the middle of it, where people aim, and the whole of it by turns. */
export class Decoder {
  private readonly canvas = document.createElement("canvas");
  private readonly pen = this.canvas.getContext("2d", { willReadFrequently: true, alpha: false });
  private whole = false;

  /** The text of a QR code in the video's present frame, if there is one. */
  async read(video: HTMLVideoElement): Promise<string | undefined> {
    const { videoWidth: width, videoHeight: height } = video;
    if (!this.pen || width === 0 || height === 0) return undefined;
    this.whole = !this.whole;
    const image = this.whole ? this.draw(video, 0, 0, width, height, frameSide) : this.drawMiddle(video, width, height);
    const [found] = await readBarcodes(image, options);
    return found?.isValid && found.text ? found.text : undefined;
  }

  private drawMiddle(video: HTMLVideoElement, width: number, height: number): ImageData {
    const side = Math.round(Math.min(width, height) * 0.8);
    return this.draw(video, (width - side) / 2, (height - side) / 2, side, side, cropSide);
  }

  private draw(video: HTMLVideoElement, x: number, y: number, width: number, height: number, most: number): ImageData {
    const scale = Math.min(1, most / Math.max(width, height));
    const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
    if (this.canvas.width !== w || this.canvas.height !== h) [this.canvas.width, this.canvas.height] = [w, h];
    const pen = this.pen as CanvasRenderingContext2D;
    pen.drawImage(video, x, y, width, height, 0, 0, w, h);
    return pen.getImageData(0, 0, w, h);
  }
}
