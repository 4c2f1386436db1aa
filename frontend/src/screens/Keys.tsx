import { hide } from "../state/overlay.ts";
import { keys } from "../strings-more.ts";
import { Sheet } from "../ui/Sheet.tsx";

export function KeySheet() {
  return (
    <Sheet title={keys.title} onClose={hide}>
      <dl class="facts facts-one keys">
        {keys.list.map(([press, does]) => (
          <div class="fact" key={press}>
            <dt>
              <kbd>{press}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <p class="line">{keys.note}</p>
    </Sheet>
  );
}
