// The one scanner: camera, decoder, and hardware readers. Pages that use it need `wasm-unsafe-eval` in their CSP.

export { startScanner, type Scanner, type ScannerOptions, type Zoom } from "./camera";
export { cameraNames, type Camera } from "./names";
export { CameraProblem, type CameraReason } from "./problems";
export { prepareDecoder } from "./decode";
export { listenForReader } from "./reader";
export { signal, unlockSound, type Signal } from "./signals";
export { keepAwake } from "./awake";
