// Amounts of money, read as people type them and written as the server writes them (app/kernel/money.py).

/** Currencies of which no decimals are shown (`DECIMALS` there). */
const whole = ["VND", "IDR", "JPY", "KRW"];

/** How many decimals amounts of a currency carry. */
export function placesOf(currency: string): number {
  return whole.includes(currency) ? 0 : 2;
}

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

/** What somebody typed, as the server writes the amount; as it was typed where it is none. */
export function saidAmount(text: string, currency: string, language: string): string {
  const places = placesOf(currency);
  // the same shapes that the server reads (parse_money): what it refuses is not made into another amount here
  const bare = text.replace(/₫|đ|vnd|vnđ|rp|idr|[a-z]{3}$|\s/giu, "");
  const shape = places ? new RegExp(`^(\\d{1,3}(?:[.,]\\d{3})*|\\d+)(?:[.,](\\d{1,${places}}))?$`) : /^(\d+|\d{1,3}(?:[.,]\d{3})+)$/;
  const [, units = "", rest = ""] = shape.exec(bare) ?? [];
  if (!units) return text;
  return written(Number(units.replace(/[.,]/g, "") + rest.padEnd(places, "0")), currency, places, language);
}
