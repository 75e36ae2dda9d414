// @ts-check
// Light or dark: as the reader's system has it, unless they chose.
import { effect, signal } from "./h.js";

const THEMES = ["system", "light", "dark"];

export const theme = signal(THEMES.includes(localStorage.theme) ? localStorage.theme : "system");
export const nextTheme = () => { theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length]; };

effect(() => {
  localStorage.theme = theme.value;
  if (theme.value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
});
