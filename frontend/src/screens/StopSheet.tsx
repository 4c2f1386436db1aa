import { useRef, useState } from "preact/hooks";
import { Refused, Silence } from "../api/client.ts";
import { cancelAll, closeEverything } from "../api/routes.ts";
import type { Position } from "../api/types.ts";
import { number } from "../lib/format.ts";
import { marketOf, titleOf } from "../lib/market.ts";
import { uuid } from "../lib/uuid.ts";
import { alertNow } from "../state/announce.ts";
import { sizeText, step } from "../state/derive.ts";
import { account } from "../state/focus.ts";
import { blockText, blocksReducing, fresh, kind } from "../state/health.ts";
import { UNPROVEN } from "../state/attempts.ts";
import { filledSoFar } from "../state/outcome.ts";
import { hide } from "../state/overlay.ts";
import { settled } from "../state/reducing.ts";
import { openOrders, openPositions, orders, takeOrder } from "../state/store.ts";
import { t } from "../strings.ts";
import { tt } from "../strings-ticket.ts";
import { Note, Place } from "../ui/bits.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { Sheet } from "../ui/Sheet.tsx";
import { protects } from "./Orders.tsx";
import { PauseAction } from "./Pause.tsx";
import { refusalText, rejection } from "./refusals.ts";

interface Line {
  key: string;
  name: string;
  result: string;
  tone: "good" | "bad" | undefined;
}

/** How far a close came. Accepted is not closed: only the stream, or the server's record, says so. */
function closing(line: Line): Line {
  const row = orders.value.get(line.key);
  if (!row) return line;
  const done = filledSoFar(row, row.id);
  const unit = step(marketOf(row));
  const part = done === "0" ? null : tt.partClosed(number(done, unit), number(row.qty, unit));
  switch (row.state) {
    case "filled": return { ...line, result: tt.closed, tone: "good" };
    case "cancelled": return { ...line, result: part ?? tt.stillOpen, tone: "bad" };
    case "rejected": return { ...line, result: tt.notClosed(rejection(row).title), tone: "bad" };
    case "unknown": return { ...line, result: tt.result.unknown, tone: "bad" };
    case "new": case "sending": return { ...line, result: tt.sending, tone: undefined };
    default: return { ...line, result: part ?? tt.closing, tone: undefined };
  }
}

function Results({ lines }: { lines: Line[] }) {
  return (
    <ul class="results">
      {lines.map((line) => (
        <li key={line.key} data-tone={line.tone}>
          <span>{line.name}</span>
          <b>{line.result}</b>
        </li>
      ))}
    </ul>
  );
}

type Progress = "ready" | "working" | "done";

interface Action {
  title: string;
  count: string;
  button: string;
  about: string;
  nothing: boolean;
  disabled: boolean;
  /** What is known of a line now, where that changes after the answer. */
  look?: (line: Line) => Line;
  said: (done: number, all: number) => string;
  run: (add: (line: Line) => void) => Promise<void>;
}

/** One action of Stop: says what it will do, asks for a hold, then shows what happened to each. */
function StopAction({ title, count, button, about, nothing, disabled, look = (line) => line, said, run }: Action) {
  const [progress, setProgress] = useState<Progress>("ready");
  const [lines, setLines] = useState<Line[]>([]);
  const [failure, setFailure] = useState<string | null>(null);
  const total = (list: Line[]) => said(list.filter((line) => line.tone === "good").length, list.length);
  const now = lines.map(look);
  const start = async () => {
    const gathered: Line[] = [];
    setProgress("working");
    setFailure(null);
    setLines([]);
    try {
      await run((line) => {
        gathered.push(line);
        setLines([...gathered]);
      });
      alertNow(`${title}: ${total(gathered.map(look))}`);
    } catch (error) {
      const why = error instanceof Refused ? refusalText(error).title : tt.stopUnknown;
      if (!(error instanceof Refused || error instanceof Silence)) throw error;
      setFailure(why);
      alertNow(`${title}: ${why}`);
    } finally {
      setProgress("done");
    }
  };
  return (
    <section class="stop-action">
      <h3>{title}</h3>
      <p>{count}</p>
      <Confirm
        hold
        label={progress === "working" ? tt.working2 : button}
        now={tt.confirmNow}
        tone="danger"
        disabled={disabled || nothing || progress === "working"}
        about={about}
        onConfirm={() => void start()}
      />
      {now.length > 0 && <Results lines={now} />}
      {progress === "done" && !failure && <p class="line">{total(now)}</p>}
      {failure && (
        <Note icon="warn" tone="bad">
          {failure}
        </Note>
      )}
    </section>
  );
}

function positionName(position: Position): string {
  return `${position.symbol} ${position.side ? t.held(position.side) : ""} ${number(position.size, step(position.symbol))}`;
}

export function StopSheet() {
  const front = account.value;
  const open = openOrders.value.filter((row) => row.account === front?.id);
  const positions = openPositions.value.filter((row) => row.account === front?.id);
  // What guards a position stays, and a send without an answer may never have reached Bybit.
  const doubtful = open.filter((row) => UNPROVEN.has(row.state)).length;
  const sure = open.filter((row) => !UNPROVEN.has(row.state) && !protects(row));
  const guards = open.some(protects) && tt.cancelAllGuards;
  const markets = new Set(sure.map(marketOf)).size;
  const blocked = blocksReducing(front?.id);
  // Until there is an answer the same id stands for the same wish, so that a second try closes nothing twice.
  const base = useRef(uuid());
  return (
    <Sheet title={tt.stopTitle} aside={<Place account={front ?? undefined} />} onClose={hide}>
      {front && <p class="line">{tt.stopScope(front.label)}</p>}
      {blocked && (
        <Note icon="warn" tone="warn">
          {blocked === "not-live" ? t.notLive(kind.value) : blockText(blocked, front?.id)}
        </Note>
      )}
      {!blocked && !fresh.value && (
        <Note icon="warn" tone="warn">
          {t.staleWarning}
        </Note>
      )}
      {front && <PauseAction key={front.id} of={front} disabled={blocked !== null} />}
      <StopAction
        title={tt.cancelAllTitle}
        count={[(sure.length || !(doubtful || guards)) && tt.cancelAllCount(sure.length, markets), doubtful && tt.cancelAllDoubt(doubtful), guards].filter(Boolean).join(" ")}
        button={tt.holdCancelAll}
        about={front?.id ?? ""}
        said={tt.stopDone}
        nothing={sure.length + doubtful === 0 && fresh.value}
        disabled={blocked !== null}
        run={async (add) => {
          for (const item of await cancelAll(front?.id ?? "")) {
            const { order } = item;
            const bad = item.result === "failed" || item.result === "unknown";
            const code = item.code ? ` (${item.code})` : "";
            const name = `${titleOf(marketOf(order))} ${t.side(order.side)} ${sizeText(order)}`;
            add({ key: order.id, name, result: tt.result[item.result] + code, tone: bad ? "bad" : "good" });
          }
        }}
      />
      <StopAction
        title={tt.closeAllTitle}
        count={tt.closeAllCount(positions.length)}
        button={tt.holdCloseAll}
        about={front?.id ?? ""}
        look={closing}
        said={tt.stopClosed}
        nothing={positions.length === 0}
        disabled={blocked !== null}
        run={async (add) => {
          const named = new Map(positions.map((row) => [row.id, positionName(row)]));
          const found = await closeEverything(base.current, front?.id ?? "");
          base.current = uuid();
          for (const { position, order, error } of found) {
            const name = named.get(position) ?? position.split(":")[2] ?? position;
            if (order) takeOrder(order);
            if (order) add({ key: order.id, name, result: tt.closing, tone: undefined });
            else add({ key: position, name, result: tt.notClosed(error?.message ?? ""), tone: "bad" });
          }
          await settled(found.flatMap(({ order }) => (order ? [order.id] : [])));
        }}
      />
    </Sheet>
  );
}
