import { signal } from "@preact/signals";

interface InstallPrompt extends Event {
  prompt(): Promise<unknown>;
}

/** The browser's own offer to install, kept until the reader asks for it. */
export const offer = signal<InstallPrompt | null>(null);
export const standalone = signal(matchMedia("(display-mode: standalone)").matches);
/** Safari installs from its share menu and never offers. */
export const fromShareMenu = "standalone" in navigator && /iPhone|iPad|Mac/.test(navigator.userAgent);

export function watchInstall(): void {
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    offer.value = event as InstallPrompt;
  });
  addEventListener("appinstalled", () => {
    offer.value = null;
    standalone.value = true;
  });
}

export async function install(): Promise<void> {
  await offer.peek()?.prompt();
  offer.value = null;
}
