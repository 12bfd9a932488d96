// What esbuild's loaders and defines turn into values.

declare module "*.wasm" {
  const url: string;
  export default url;
}

declare module "zxing-wasm/reader/zxing_reader.wasm" {
  const url: string;
  export default url;
}
declare module "zxing-wasm/writer/zxing_writer.wasm" {
  const url: string;
  export default url;
}

declare module "htmx-ext-sse";

/** In service workers: {logical name: URL} of every built asset. */
declare const __ASSETS__: Record<string, string>;
/** In service workers: changes whenever any asset does. */
declare const __BUILD__: string;
