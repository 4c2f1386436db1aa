import type { Rolldown } from "vite";

/** What is of no use without the server: sign-in, second factors, devices, keys, notifications, the journal, fills and orders that are
 * over, starting over, how another device gets here. It is left out of what the worker fetches ahead on every phone, and comes from the network,
 * where it is cached for good, when it is first wanted. The shell, the other screens, the chart and whatever takes risk away stay in. */
const ONLINE = /\/src\/(screens\/(security\/|Journal|NoteEditor|FillTable|EndedOrders|Lag|PhoneSheet|PaperAccount)|push\/|strings-(security|push|journal|fills|ended)|state\/recent|lib\/(qr|days)|chart\/(curve|snippet|Snippet))/;

/** The files under assets/ that the worker keeps. */
export function precached(bundle: Rolldown.OutputBundle): string[] {
  const left = new Set<string>();
  const styles = new Set<string>();
  for (const [name, file] of Object.entries(bundle)) {
    if (file.type !== "chunk") continue;
    const online = !file.isEntry && file.moduleIds.length > 0 && file.moduleIds.every((id) => ONLINE.test(id));
    if (online) left.add(name);
    for (const css of file.viteMetadata?.importedCss ?? []) {
      if (online) left.add(css);
      else styles.add(css);
    }
  }
  return Object.keys(bundle).filter((name) => name.startsWith("assets/") && (styles.has(name) || !left.has(name)));
}
