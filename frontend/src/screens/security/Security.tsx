import type { ComponentChildren } from "preact";
import { session } from "../../api/client.ts";
import { ts } from "../../strings-security.ts";
import { tn } from "../../strings-signin.ts";
import { Sheet } from "../../ui/Sheet.tsx";
import { Accounts } from "./Accounts.tsx";
import { Factors } from "./Factors.tsx";
import { Devices, Tokens } from "./Lists.tsx";
import { Passkeys } from "./Passkeys.tsx";
import "./security.css";

function Part({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="security-part">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

/** Everything about keys and sign-in, in one sheet. */
export function Security({ onClose }: { onClose: () => void }) {
  return (
    <Sheet title={tn.title} tall onClose={onClose}>
      <Part title={ts.factors}>
        <Factors />
      </Part>
      <Part title={ts.passkeys}>
        <Passkeys />
      </Part>
      <Part title={ts.devices}>
        <Devices />
      </Part>
      <Part title={ts.tokens}>
        <Tokens />
      </Part>
      {session.value?.role === "owner" && (
        <Part title={ts.accounts}>
          <Accounts />
        </Part>
      )}
    </Sheet>
  );
}
