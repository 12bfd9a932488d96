// The till of the box office: what the chosen tickets cost, and what goes back of the cash that is given.

import { typedAmount, written } from "@fairground/money";

type Part = "sum" | "cash" | "change-line" | "change" | "lacks-line" | "lacks";

/** Keep a till's sum and change up to date with the form that it stands in. */
export function openTill(till: HTMLElement): void {
  const form = till.closest("form");
  if (!form) return;
  const { currency = "", fixed } = till.dataset;
  const places = Number(till.dataset.places);
  const prices = JSON.parse(till.dataset.prices ?? "{}") as Record<string, number | null>;
  const part = (name: Part): HTMLElement => till.querySelector<HTMLElement>(`[data-${name}]`)!;
  const show = (name: "sum" | "change" | "lacks", minor: number): void => {
    part(name).textContent = written(minor, currency, places, document.documentElement.lang);
  };
  const update = (): void => {
    const said = new FormData(form);
    const text = (name: string): string => String(said.get(name) ?? "");
    const priceOf = (type: string): number => prices[type] ?? typedAmount(text(`p-${type}`), places); // a donation's is said
    const costs = Object.keys(prices).map((type) => priceOf(type) * typedAmount(text(`n-${type}`), 0));
    const sum = fixed === undefined ? costs.reduce((all, one) => all + one, 0) : Number(fixed);
    const given = text("given").trim();
    const change = typedAmount(given, places) - sum;
    show("sum", sum);
    show("change", change);
    show("lacks", -change);
    part("cash").hidden = text("method") !== "cash" || sum === 0;
    part("change-line").hidden = given === "" || change < 0;
    part("lacks-line").hidden = given === "" || change >= 0;
  };
  form.addEventListener("input", update);
  form.addEventListener("change", update);
  update();
}
