// What lies over the picture: the light, which camera, and how near.

import { cameraNames, type Camera, type Scanner } from "@fairground/scan";
import type { Store } from "./store";

/** So many touches lead from far to near. */
const steps = 8;
/** Some cameras say only a moment after they were opened what they can do. */
const hesitates = 800;

export class Tools {
  private readonly torch = document.getElementById("torch") as HTMLButtonElement;
  private readonly choice = document.getElementById("camera-choice") as HTMLElement;
  private readonly select = document.getElementById("cameras") as HTMLSelectElement;
  private readonly zoom = document.getElementById("zoom") as HTMLElement;
  private readonly nearer = document.getElementById("nearer") as HTMLButtonElement;
  private readonly farther = document.getElementById("farther") as HTMLButtonElement;
  private cameras: Camera[] = [];
  private lit = false;

  constructor(
    private readonly scanner: Scanner,
    private readonly store: Store,
  ) {
    this.torch.addEventListener("click", () => this.light(!this.lit));
    this.select.addEventListener("change", () => void this.change());
    this.nearer.addEventListener("click", () => void this.bring(1));
    this.farther.addEventListener("click", () => void this.bring(-1));
  }

  /** A camera was opened: offer what it can do. */
  async offer(): Promise<void> {
    this.show();
    setTimeout(() => this.show(), hesitates);
    this.cameras = await this.scanner.cameras();
    const names = cameraNames(this.cameras);
    const present = this.scanner.present()?.id;
    const options = this.cameras.map(({ id }, place) => new Option(names[place], id, false, id === present));
    this.select.replaceChildren(...options);
    this.choice.hidden = this.cameras.length < 2;
  }

  private show(): void {
    this.torch.hidden = !this.scanner.hasTorch();
    const zoom = this.scanner.zoom();
    this.zoom.hidden = !zoom;
    if (!zoom) return;
    this.nearer.disabled = zoom.present >= zoom.most;
    this.farther.disabled = zoom.present <= zoom.least;
  }

  private light(on: boolean): void {
    this.lit = on;
    this.torch.setAttribute("aria-pressed", String(on));
    void this.scanner.setTorch(on);
  }

  private async change(): Promise<void> {
    const chosen = this.cameras.find(({ id }) => id === this.select.value);
    if (!chosen) return;
    this.light(false); // the other one has its own, if any
    await this.store.remember("camera", chosen);
    await this.scanner.use(chosen);
  }

  private async bring(nearer: number): Promise<void> {
    const zoom = this.scanner.zoom();
    if (!zoom) return;
    const to = zoom.present + (nearer * (zoom.most - zoom.least)) / steps;
    await this.scanner.setZoom(Math.min(zoom.most, Math.max(zoom.least, to)));
    this.show();
  }
}
