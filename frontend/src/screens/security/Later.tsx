import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { tn } from "../../strings-signin.ts";

/** A part of the console that is fetched when it is first shown. */
export function Later<Props extends object>({ load, with: props }: { load: () => Promise<ComponentType<Props>>; with: Props }) {
  const [Part, setPart] = useState<{ it: ComponentType<Props> } | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    load().then(
      (it) => setPart({ it }),
      () => setFailed(true),
    );
  }, []);
  if (failed) return <p class="line">{tn.loadFailed}</p>;
  return Part ? <Part.it {...props} /> : <p class="line" aria-busy="true" />;
}
