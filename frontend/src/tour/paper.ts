/** Whether the tour is being drawn for paper (printed.ts): there a second picture can show what else moves. */

/** The page that came to life says so (app/mount.ts). */
export const onPaper = (): boolean => !document.documentElement.classList.contains("scripted");
