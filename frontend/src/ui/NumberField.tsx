import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { tt } from "../strings-ticket.ts";

const REPEAT_AFTER_MS = 400;
const REPEAT_EVERY_MS = 125;

interface Props {
  id?: string;
  name: string;
  label: ComponentChildren;
  aside?: ComponentChildren;
  value: string;
  problem?: string | null;
  note?: string | null;
  last?: boolean;
  onInput: (value: string) => void;
  onBlur?: () => void;
  onStep: (up: boolean, times: string) => void;
  onEnter?: () => void;
}

/** A decimal in a text field, with a button either side that moves it one step, or ten with Shift, and goes on while held. */
export function NumberField(props: Props) {
  const { name, label, aside, value, problem, note, last, onInput, onBlur, onStep, onEnter } = props;
  const own = useId();
  const id = props.id ?? own;
  const step = useRef(onStep);
  step.current = onStep;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const release = () => clearTimeout(timer.current);
  useEffect(() => release, []);

  const press = (event: PointerEvent, up: boolean) => {
    if (event.button !== 0) return;
    const times = event.shiftKey ? "10" : "1";
    const again = () => {
      step.current(up, times);
      timer.current = setTimeout(again, REPEAT_EVERY_MS);
    };
    release();
    step.current(up, times);
    timer.current = setTimeout(again, REPEAT_AFTER_MS);
  };
  const stepper = (up: boolean) => (
    <button
      type="button"
      class="stepper"
      aria-label={up ? tt.up(name) : tt.down(name)}
      onPointerDown={(event) => press(event, up)}
      onPointerUp={release}
      onPointerLeave={release}
      onPointerCancel={release}
      onContextMenu={(event) => event.preventDefault()}
      onClick={(event) => event.detail === 0 && onStep(up, event.shiftKey ? "10" : "1")}
    >
      {up ? "+" : "−"}
    </button>
  );
  const said = problem ?? note;
  return (
    <div class="field">
      <div class="field-head">
        <label for={id}>{label}</label>
        <span class="field-aside">{aside}</span>
      </div>
      <div class="field-box" data-bad={problem ? "" : undefined}>
        {stepper(false)}
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
          onKeyDown={(event) => {
            if (event.key === "ArrowUp" || event.key === "ArrowDown") {
              event.preventDefault();
              onStep(event.key === "ArrowUp", event.shiftKey ? "10" : "1");
            } else if (event.key === "Enter") onEnter?.();
          }}
        />
        {stepper(true)}
      </div>
      <p id={`${id}-note`} class="field-note" data-bad={problem ? "" : undefined}>
        {said}
      </p>
    </div>
  );
}
