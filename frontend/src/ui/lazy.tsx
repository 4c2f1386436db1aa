import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../strings.ts";

interface Part<Props> {
  (props: Props): preact.JSX.Element | null;
  /** Fetches it before it is asked for. */
  fetch: () => Promise<void>;
}

/** A part of the page in a file of its own, fetched when it is first shown or asked for. A file that does not come, as after an
 * update that took its old name away, is told and not waited for. */
export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>, waiting?: preact.JSX.Element): Part<Props> {
  let Found: ComponentType<Props> | null = null;
  let under: Promise<void> | null = null;
  const fetch = () => {
    under ??= load()
      .then((part) => void (Found = part))
      .catch((error: unknown) => {
        under = null;
        throw error;
      });
    return under;
  };
  function Lazy(props: Props) {
    const [, turn] = useState(0);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (Found) return;
      fetch().then(
        () => turn(1),
        () => setFailed(true),
      );
    }, []);
    if (Found) return <Found {...props} />;
    return failed ? <p class="line">{t.partMissing}</p> : (waiting ?? null);
  }
  return Object.assign(Lazy, { fetch });
}
