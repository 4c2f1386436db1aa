import { useState } from "preact/hooks";
import { Refused, Silence } from "../api/client.ts";
import { type Note, writeNote } from "../api/journal.ts";
import { tj } from "../strings-journal.ts";

interface Props {
  account: string;
  kind: "trip" | "day";
  of: string;
  note: Note | null;
  onSaved: () => void;
}

/** A note and tags on a day or a trip. An empty one takes it away. */
export function NoteEditor({ account, kind, of, note, onSaved }: Props) {
  const [text, setText] = useState(note?.text ?? "");
  const [tags, setTags] = useState(note?.tags.join(", ") ?? "");
  const [state, setState] = useState<"clean" | "typed" | "saving" | "saved" | "failed">("clean");
  const save = async () => {
    setState("saving");
    const list = tags.split(",").map((tag) => tag.trim()).filter(Boolean);
    try {
      await writeNote({ account, kind, key: of, text, tags: list });
      setState("saved");
      onSaved();
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Silence)) throw error;
      setState("failed");
    }
  };
  const typed = (set: (value: string) => void) => (event: { currentTarget: HTMLInputElement | HTMLTextAreaElement }) => {
    set(event.currentTarget.value);
    setState("typed");
  };
  return (
    <form
      class="note-editor"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <label>
        <span>{tj.note}</span>
        <textarea class="input" rows={3} maxLength={10000} value={text} onInput={typed(setText)} />
      </label>
      <label>
        <span>{tj.tags}</span>
        <input class="input" autocomplete="off" autocapitalize="none" value={tags} onInput={typed(setTags)} />
      </label>
      <button type="submit" class="button" disabled={state === "clean" || state === "saving" || state === "saved"}>
        {state === "saving" ? tj.saving : state === "saved" ? tj.saved : tj.save}
      </button>
      {state === "failed" && <p class="line">{tj.saveFailed}</p>}
    </form>
  );
}
