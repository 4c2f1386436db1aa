import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface Option<Value> {
  value: Value;
  label: ComponentChildren;
  tone?: "up" | "down";
}

interface Props<Value> {
  name: string;
  value: Value;
  options: readonly Option<Value>[];
  onChange: (value: Value) => void;
}

/** One of a few. Real radio buttons underneath, so arrow keys and screen readers work as they always do. */
export function Segment<Value extends string>({ name, value, options, onChange }: Props<Value>) {
  const group = useId();
  return (
    <fieldset class="segment">
      <legend class="hidden">{name}</legend>
      {options.map((option) => (
        <label key={option.value} class="segment-option" data-tone={option.tone}>
          <input
            type="radio"
            name={group}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}
