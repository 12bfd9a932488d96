// The camera: opened, read continuously, closed while nobody looks.

import { keepAwake } from "./awake";
import { Decoder, prepareDecoder } from "./decode";
import { CameraProblem, cameraProblem } from "./problems";

/** A code that was out of sight for less than this is the same scan still: nobody is refused for holding a pass too long. */
const sameCode = 2_000;
const betweenFrames = 60;

export interface ScannerOptions {
  /** A code was read. While the promise it returns is pending, no further code is reported. */
  onCode: (text: string) => void | Promise<void>;
  /** The camera was lost and could not be opened again. */
  onError?: (problem: CameraProblem) => void;
}

export interface Scanner {
  /** Close the camera for good. */
  stop(): void;
  /** Stop reporting codes; the picture goes on. */
  pause(): void;
  resume(): void;
  /** Whether this camera has a light, and the switch for it. */
  hasTorch(): boolean;
  setTorch(on: boolean): Promise<void>;
  /** Go on to the next camera of this device. */
  nextCamera(): Promise<void>;
}

/** Show the camera in a video element and report the QR codes it sees. Throws CameraProblem when it cannot start. */
export async function startScanner(video: HTMLVideoElement, options: ScannerOptions): Promise<Scanner> {
  const session = new Session(video, options);
  await session.start();
  return session;
}

class Session implements Scanner {
  private readonly decoder = new Decoder();
  private stream: MediaStream | undefined;
  private deviceId: string | undefined;
  private stopped = false;
  private paused = false;
  private last = { text: "", at: 0 };
  private release: (() => void) | undefined;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly options: ScannerOptions,
  ) {}

  async start(): Promise<void> {
    if (!navigator.mediaDevices?.getUserMedia) throw new CameraProblem(isSecureContext ? "missing" : "insecure");
    await Promise.all([prepareDecoder(), this.open()]);
    this.release = keepAwake();
    document.addEventListener("visibilitychange", this.onVisibility);
    void this.loop();
  }

  stop(): void {
    this.stopped = true;
    document.removeEventListener("visibilitychange", this.onVisibility);
    this.release?.();
    this.close();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  hasTorch(): boolean {
    const track = this.stream?.getVideoTracks()[0];
    return Boolean((track?.getCapabilities?.() as { torch?: boolean } | undefined)?.torch);
  }

  async setTorch(on: boolean): Promise<void> {
    await this.stream?.getVideoTracks()[0]?.applyConstraints({ advanced: [{ torch: on } as MediaTrackConstraintSet] });
  }

  async nextCamera(): Promise<void> {
    const cameras = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
    const present = this.stream?.getVideoTracks()[0]?.getSettings().deviceId;
    const at = cameras.findIndex(({ deviceId }) => deviceId === present);
    this.deviceId = cameras[(at + 1) % cameras.length]?.deviceId;
    this.close();
    await this.open();
  }

  private async open(): Promise<void> {
    const wanted: MediaTrackConstraints = this.deviceId ? { deviceId: { exact: this.deviceId } } : { facingMode: { ideal: "environment" } };
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { ...wanted, width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } },
      });
      this.video.srcObject = this.stream;
      this.video.muted = true;
      this.video.setAttribute("playsinline", "");
      await this.video.play();
    } catch (error) {
      this.close();
      throw cameraProblem(error);
    }
    if (this.stopped) this.close();
  }

  private close(): void {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = undefined;
    this.video.srcObject = null;
  }

  /** A hidden page gives the camera back, and takes it again when it is seen. */
  private readonly onVisibility = (): void => {
    if (document.hidden) this.close();
    else if (!this.stream && !this.stopped) this.open().catch((problem: CameraProblem) => this.options.onError?.(problem));
  };

  private async loop(): Promise<void> {
    while (!this.stopped) {
      if (this.stream && !this.paused && this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
        const text = await this.decoder.read(this.video).catch(() => undefined);
        if (text && !this.stopped && !this.paused && this.isNew(text)) {
          await this.options.onCode(text);
          this.last.at = performance.now();
        }
      }
      await new Promise((resolve) => setTimeout(resolve, betweenFrames));
    }
  }

  private isNew(text: string): boolean {
    const at = performance.now();
    const isNew = text !== this.last.text || at - this.last.at > sameCode;
    this.last = { text, at };
    return isNew;
  }
}
