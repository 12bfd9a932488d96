// The one scanner: camera, decoder, and hardware readers. Pages that use it need `wasm-unsafe-eval` in their CSP.

export { startScanner, type Scanner, type ScannerOptions } from "./camera";
export { CameraProblem, type CameraReason } from "./problems";
export { prepareDecoder } from "./decode";
export { listenForReader } from "./reader";
export { signal, unlockSound, type Signal } from "./signals";
export { keepAwake } from "./awake";
