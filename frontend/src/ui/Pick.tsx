/** One of a few in a list that unfolds. */
export function Pick<Value extends string>({ name, bare, value, options, disabled, onChange }: {
  name: string;
  /** Its name stands above it already, and is only read aloud. */
  bare?: boolean;
  value: Value;
  options: readonly { value: Value; label: string }[];
  disabled?: boolean;
  onChange: (value: Value) => void;
}) {
  return (
    <label class="pick">
      <span class={bare ? "hidden" : undefined}>{name}</span>
      <select value={value} disabled={disabled} onChange={(event) => onChange(event.currentTarget.value as Value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  );
}
