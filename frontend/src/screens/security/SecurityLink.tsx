import { useState } from "preact/hooks";
import { session } from "../../api/client.ts";
import { tn } from "../../strings-signin.ts";
import { Note } from "../../ui/bits.tsx";
import { Later } from "./Later.tsx";

const load = () => import("./Security.tsx").then((part) => part.Security);

/** The way from More to everything about keys and sign-in. */
export function SecurityLink() {
  const [open, setOpen] = useState(false);
  return (
    <section class="card group">
      <div class="group-head">
        <h2>{tn.title}</h2>
      </div>
      {session.value?.needs === "second_factor" && (
        <Note icon="warn" tone="warn">
          {tn.needsFactor}
        </Note>
      )}
      {session.value?.needs === "re_enrol" && (
        <Note icon="warn" tone="warn">
          {tn.reEnrol}
        </Note>
      )}
      <p class="line">{tn.lead}</p>
      <button type="button" class="button" onClick={() => setOpen(true)}>
        {tn.open}
      </button>
      {open && <Later load={load} with={{ onClose: () => setOpen(false) }} />}
    </section>
  );
}
