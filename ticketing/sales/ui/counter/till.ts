// The till of the box office: what the chosen tickets cost, and what goes back of the cash that is given.

type Part = "sum" | "cash" | "change-line" | "change" | "lacks-line" | "lacks";

/** How many of a currency's smallest units somebody typed: `200.000` where it has no decimals, `12,50` where it has. */
export function typedAmount(text: string, places: number): number {
  if (!places) return Number(text.replace(/\D/g, ""));
  return Math.round(Number(text.replace(/[^\d.,]/g, "").replace(",", ".")) * 10 ** places) || 0;
}

/** An amount as the server writes it: `1.250.000 ₫`, `Rp1.250.000`, `12.50 EUR`. */
export function written(minor: number, currency: string, places: number, language: string): string {
  const homes: Record<string, string> = { VND: "vi", IDR: "id" };
  const shape = { minimumFractionDigits: places, maximumFractionDigits: places };
  const number = new Intl.NumberFormat(homes[currency] ?? language, shape).format(minor / 10 ** places);
  if (currency === "VND") return `${number}\u00a0₫`;
  return currency === "IDR" ? `Rp${number}` : `${number}\u00a0${currency}`;
}

/** Keep a till's sum and change up to date with the form that it stands in. */
export function openTill(till: HTMLElement): void {
  const form = till.closest("form");
  if (!form) return;
  const { currency = "", fixed } = till.dataset;
  const places = Number(till.dataset.places);
  const prices = JSON.parse(till.dataset.prices ?? "{}") as Record<string, number>;
  const part = (name: Part): HTMLElement => till.querySelector<HTMLElement>(`[data-${name}]`)!;
  const show = (name: "sum" | "change" | "lacks", minor: number): void => {
    part(name).textContent = written(minor, currency, places, document.documentElement.lang);
  };
  const update = (): void => {
    const said = new FormData(form);
    const text = (name: string): string => String(said.get(name) ?? "");
    const costs = Object.entries(prices).map(([type, price]) => price * typedAmount(text(`n-${type}`), 0));
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
