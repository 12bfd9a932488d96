// Light or dark: the system decides, unless somebody chose on this device (a gate in the sun, a judge in a dark hall).

export type Theme = "light" | "dark" | "system";
const key = "fairground-theme";

/** Show the theme and remember it on this device. */
export function setTheme(theme: Theme): void {
  if (theme === "system") {
    localStorage.removeItem(key);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(key, theme);
    document.documentElement.dataset.theme = theme;
  }
}

/** The theme that was chosen on this device. */
export function chosenTheme(): Theme {
  try {
    const theme = localStorage.getItem(key);
    return theme === "light" || theme === "dark" ? theme : "system";
  } catch {
    return "system"; // storage is closed to us: follow the system
  }
}

/** Show what was chosen earlier, and let `[data-theme-choice]` buttons choose. */
export function restoreTheme(): void {
  const theme = chosenTheme();
  if (theme !== "system") document.documentElement.dataset.theme = theme;
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-theme-choice]");
    if (button) setTheme(button.dataset.themeChoice as Theme);
  });
}
