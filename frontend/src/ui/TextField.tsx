import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface Props {
  id?: string;
  label: ComponentChildren;
  value: string;
  problem?: string | null;
  note?: string | null;
  last?: boolean;
  onInput: (value: string) => void;
  onBlur?: () => void;
  onEnter?: () => void;
}

/** A decimal in a text field, without steppers. */
export function TextField({ id: given, label, value, problem, note, last, onInput, onBlur, onEnter }: Props) {
  const own = useId();
  const id = given ?? own;
  const said = problem ?? note;
  return (
    <div class="field">
      <div class="field-head">
        <label for={id}>{label}</label>
      </div>
      <div class="field-box" data-bad={problem ? "" : undefined}>
        <input
          ref={(element) => element?.setAttribute("autocorrect", "off")}
          id={id}
          type="text"
          inputmode="decimal"
          autocomplete="off"
          spellcheck={false}
          enterkeyhint={last ? "done" : "next"}
          value={value}
          aria-invalid={problem ? true : undefined}
          aria-describedby={said ? `${id}-note` : undefined}
          onInput={(event) => onInput(event.currentTarget.value)}
          onBlur={onBlur}
          onKeyDown={(event) => event.key === "Enter" && onEnter?.()}
        />
      </div>
      <p id={`${id}-note`} class="field-note" data-bad={problem ? "" : undefined}>
        {said}
      </p>
    </div>
  );
}
