// QR codes drawn on the device itself, with zxing compiled to WebAssembly, for what has to leave it without a network.

import { prepareZXingModule, writeBarcode } from "zxing-wasm/writer";
import wasmUrl from "zxing-wasm/writer/zxing_writer.wasm";

const locateFile = (path: string, folder: string): string => (path.endsWith(".wasm") ? wasmUrl : folder + path);

/** Draw a text as a QR code with its quiet zone; the title is for who cannot see it. */
export async function drawCode(text: string, title: string): Promise<Element> {
  prepareZXingModule({ overrides: { locateFile } });
  const { svg, error } = await writeBarcode(text, { format: "QRCode", options: "ecLevel=L" });
  if (error) throw new Error(error);
  const picture = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  // It has a size and no box: it would not grow with what it stands in.
  picture.setAttribute("viewBox", `0 0 ${picture.getAttribute("width")} ${picture.getAttribute("height")}`);
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", title);
  return document.importNode(picture, true);
}
