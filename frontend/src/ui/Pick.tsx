/** One of a few in a list that unfolds. */
export function Pick<Value extends string>({ name, value, options, disabled, onChange }: {
  name: string;
  value: Value;
  options: readonly { value: Value; label: string }[];
  disabled?: boolean;
  onChange: (value: Value) => void;
}) {
  return (
    <label class="pick">
      <span>{name}</span>
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
