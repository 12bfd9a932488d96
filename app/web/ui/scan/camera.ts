// The camera: opened, read continuously, closed while nobody looks, and opened again whenever it was lost.

import { keepAwake } from "./awake";
import { Decoder, prepareDecoder } from "./decode";
import type { Camera } from "./names";
import { CameraProblem, cameraProblem } from "./problems";

/** A code that was out of sight for less than this is the same scan still: nobody is refused for holding a pass too long. */
const sameCode = 2_000;
const betweenFrames = 60;
/** Milliseconds until a camera is tried again that another app has, or that is not there; twice as long each time. */
const firstWait = 1_000;
const longestWait = 8_000;

export interface ScannerOptions {
  /** A code was read. While the promise it returns is pending, no further code is reported. */
  onCode: (text: string) => void | Promise<void>;
  /** There is no picture, and why; undefined when there is one again. */
  onProblem?: (problem: CameraProblem | undefined) => void;
  /** A camera was opened: what it can do may be asked. */
  onOpen?: () => void;
  /** The camera to begin with; without it, or where it is gone, the one at the back. */
  camera?: Camera;
}

/** How near a camera can bring things. */
export interface Zoom {
  least: number;
  most: number;
  present: number;
}

export interface Scanner {
  /** Close the camera for good. */
  stop(): void;
  /** Stop reporting codes; the picture goes on. */
  pause(): void;
  resume(): void;
  /** Try the camera again, now that somebody may have allowed it. */
  retry(): void;
  /** Whether this camera has a light, and the switch for it. */
  hasTorch(): boolean;
  setTorch(on: boolean): Promise<void>;
  /** How near this camera can bring things; undefined where it cannot. */
  zoom(): Zoom | undefined;
  setZoom(to: number): Promise<void>;
  /** The cameras of this device, and the one that is open. */
  cameras(): Promise<Camera[]>;
  present(): Camera | undefined;
  use(camera: Camera): Promise<void>;
}

/** Show the camera in a video element and report the QR codes it sees, from when there is a picture. */
export function startScanner(video: HTMLVideoElement, options: ScannerOptions): Scanner {
  const session = new Session(video, options);
  session.start();
  return session;
}

/** What browsers know of a camera beyond what TypeScript does. */
interface Abilities {
  torch?: boolean;
  zoom?: { min: number; max: number };
}

class Session implements Scanner {
  private readonly decoder = new Decoder();
  private stream: MediaStream | undefined;
  private wanted: Camera | undefined;
  private torch = false;
  private near: number | undefined;
  private opening = false;
  private stopped = false;
  private paused = false;
  private last = { text: "", at: 0 };
  private problem: CameraProblem | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wait = firstWait;
  private release: (() => void) | undefined;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly options: ScannerOptions,
  ) {
    this.wanted = options.camera;
  }

  start(): void {
    this.release = keepAwake();
    document.addEventListener("visibilitychange", this.onVisibility);
    const media = (navigator as Partial<Navigator>).mediaDevices;
    media?.addEventListener?.("devicechange", this.retry);
    const asked = (navigator as Partial<Navigator>).permissions?.query({ name: "camera" as PermissionName });
    asked?.then(
      (permission) => permission.addEventListener("change", this.retry),
      () => undefined, // Firefox knows no such permission: the button is left
    );
    void this.open();
    void this.loop();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.onVisibility);
    (navigator as Partial<Navigator>).mediaDevices?.removeEventListener?.("devicechange", this.retry);
    this.release?.();
    this.close();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  readonly retry = (): void => {
    this.wait = firstWait;
    if (!this.stream) void this.open();
  };

  hasTorch(): boolean {
    return Boolean(this.abilities().torch);
  }

  async setTorch(on: boolean): Promise<void> {
    this.torch = on;
    await this.apply({ torch: on });
  }

  zoom(): Zoom | undefined {
    const { zoom } = this.abilities();
    if (!zoom || !(zoom.max > zoom.min)) return undefined;
    const { zoom: present } = (this.track()?.getSettings() ?? {}) as { zoom?: number };
    return { least: zoom.min, most: zoom.max, present: this.near ?? present ?? zoom.min };
  }

  async setZoom(to: number): Promise<void> {
    this.near = to;
    await this.apply({ zoom: to });
  }

  async cameras(): Promise<Camera[]> {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.filter(({ kind }) => kind === "videoinput").map(({ deviceId, label }) => ({ id: deviceId, label }));
  }

  present(): Camera | undefined {
    const track = this.track();
    return track && { id: track.getSettings().deviceId ?? "", label: track.label };
  }

  async use(camera: Camera): Promise<void> {
    this.wanted = camera;
    this.near = undefined;
    this.close();
    await this.open();
  }

  private track(): MediaStreamTrack | undefined {
    return this.stream?.getVideoTracks()[0];
  }

  private abilities(): Abilities {
    return (this.track()?.getCapabilities?.() ?? {}) as Abilities;
  }

  /** Set what this camera can do; one that cannot after all is no reason not to scan. */
  private async apply(what: { torch?: boolean; zoom?: number }): Promise<void> {
    await this.track()
      ?.applyConstraints({ advanced: [what as MediaTrackConstraintSet] })
      .catch(() => undefined);
  }

  private async open(): Promise<void> {
    if (this.opening || this.stopped || document.hidden) return;
    const { wanted } = this;
    this.opening = true;
    clearTimeout(this.timer);
    try {
      if (!(navigator as Partial<Navigator>).mediaDevices?.getUserMedia) throw new CameraProblem(isSecureContext ? "missing" : "insecure");
      await Promise.all([prepareDecoder(), this.show()]);
      this.wait = firstWait;
      this.tell(undefined);
    } catch (error) {
      this.close();
      this.later(cameraProblem(error));
    } finally {
      this.opening = false;
    }
    if (this.stopped || document.hidden || this.wanted !== wanted) this.close();
    if (this.wanted !== wanted) return this.open(); // another one was chosen meanwhile
    if (!this.stream) return;
    if (this.torch) await this.apply({ torch: true });
    if (this.near !== undefined) await this.apply({ zoom: this.near });
    this.options.onOpen?.();
  }

  /** Open the camera that is wanted: a browser that gives cameras new ids each time knows it by its name. */
  private async show(): Promise<void> {
    const { wanted } = this;
    await this.play(await this.ask(wanted ? { deviceId: { exact: wanted.id } } : atTheBack));
    if (!wanted || this.present()?.id === wanted.id) return;
    const named = (await this.cameras()).find(({ label }) => label !== "" && label === wanted.label);
    if (!named || named.id === this.present()?.id) return;
    this.close();
    await this.play(await this.ask({ deviceId: { exact: named.id } }));
  }

  private async ask(which: MediaTrackConstraints): Promise<MediaStream> {
    const video = { ...which, width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
    try {
      return await navigator.mediaDevices.getUserMedia({ audio: false, video });
    } catch (error) {
      const gone = error instanceof DOMException && (error.name === "OverconstrainedError" || error.name === "NotFoundError");
      if (!gone || which === atTheBack) throw error;
      return await this.ask(atTheBack);
    }
  }

  private async play(stream: MediaStream): Promise<void> {
    this.stream = stream;
    for (const track of stream.getVideoTracks()) track.addEventListener("ended", () => this.lost(stream));
    this.video.srcObject = stream;
    this.video.muted = true;
    this.video.setAttribute("playsinline", "");
    await this.video.play();
  }

  /** The system took the camera away, as for a call: it is opened again as soon as it can be had. */
  private lost(stream: MediaStream): void {
    if (this.stream !== stream) return;
    this.close();
    void this.open();
  }

  private close(): void {
    const { stream } = this;
    this.stream = undefined;
    for (const track of stream?.getTracks() ?? []) track.stop();
    this.video.srcObject = null;
  }

  /** Say what is wrong, and try again after a while unless only a person can mend it. */
  private later(problem: CameraProblem): void {
    this.tell(problem);
    if (this.stopped || problem.reason === "refused" || problem.reason === "insecure") return;
    this.timer = setTimeout(() => void this.open(), this.wait);
    this.wait = Math.min(this.wait * 2, longestWait);
  }

  private tell(problem: CameraProblem | undefined): void {
    if (this.stopped || this.problem?.reason === problem?.reason) return;
    this.problem = problem;
    this.options.onProblem?.(problem);
  }

  /** A hidden page gives the camera back, and takes it again when it is seen. */
  private readonly onVisibility = (): void => {
    if (document.hidden) this.close();
    else this.retry();
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

const atTheBack: MediaTrackConstraints = { facingMode: { ideal: "environment" } };
